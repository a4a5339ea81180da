"""The genes of a task as rows of a table, their orders and what narrows them: pure functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from tui.quantities import count
from tui.screens.genes.classes import class_sign, class_tone
from tui.widgets.canvas import Span
from tui.widgets.rows import Cell, Column, Piece, Row, cut
from tui.widgets.strips import Reference, strip
from tui.widgets.text import clean
from tui.widgets.words import Tone

if TYPE_CHECKING:
    from tui.questions.genelist import Contestant, GeneList, Listed
    from tui.questions.genes import GeneRow
    from tui.questions.maps import GeneMap

EVERY_COLUMNS: Final = (
    Column("gene", "gene", least=8),
    Column("tasks", "tasks", right=True),
    Column("tests", "tests", right=True),
    Column("error", "error", right=True),
)
"""Of the genes of all tasks."""
COLUMNS: Final = (
    Column("gene", "gene", least=8),
    Column("name", "name", shed=5, wants=17, grows=True),
    Column("is", "is"),
    Column("label", "label", shed=4, wants=18),
    Column("strip", "error 0–1", least=6, wants=12, grows=True),
    Column("error", "mean", right=True),
    Column("sd", "±", right=True, shed=3),
    Column("tests", "tests", right=True, shed=2),
    Column("agree", "agree", shed=1),
)
"""Of the genes of one task; what is left out for want of room is still what filters read."""
_ORDERS: Final = ("error", "gene", "label", "sd", "tests", "agree")
"""What `s` goes through."""
_FALLING: Final = ("error", "sd", "tests")
_SPAN: Final = Span(0, 1)
_HALF: Final[tuple[Reference, ...]] = ((0.5, "┊", "faint"),)
_AGREEING: Final = 5
CONFIDENTLY_WRONG: Final = 0.75
"""From this mean error on a gene is confidently taken for what it is not."""

Key = tuple[str, int]
"""A gene and its label: one may stand twice with two."""


def key_of(gene: str, label: int) -> str:
    """The key of a gene's row in a task."""
    return f"{gene}\n{label}"


def every_row(item: GeneRow) -> Row:
    """A gene of all tasks."""
    tone: Tone = "bad" if item.error is not None and item.error > 0.5 else ""
    return Row(item.gene, (item.gene, str(item.tasks), str(item.tests), Cell(short(item.error), tone)))


def gene_name(gene: str, text: str) -> str:
    """What a gene is called, where its text begins with that."""
    start = f"{gene}: "
    if not text.startswith(start):
        return ""
    return text[len(start) :].split(". ", 1)[0].rstrip(".")


def kept(genes: Sequence[Listed], label: int | None, surely_wrong: bool) -> list[Listed]:
    """Those of a class, and those that are confidently wrong, where that is asked for."""
    return [
        item
        for item in genes
        if (label is None or item.label == label)
        and (not surely_wrong or (item.error is not None and item.error >= CONFIDENTLY_WRONG))
    ]


def next_order(order: str, mapped: bool) -> str:
    """What the rows are sorted by after another `s`."""
    orders = _ORDERS if mapped else _ORDERS[:-1]
    return orders[(orders.index(order) + 1) % len(orders)] if order in orders else orders[0]


def sortable(column: str) -> str:
    """The order that a column's head stands for."""
    return {"strip": "error", "is": "label", "name": "gene"}.get(column, column)


def ordered(genes: Sequence[Listed], order: str, turned: bool, agree: Mapping[Key, int]) -> list[Listed]:
    """The rows in an order; what has no value comes last either way."""
    keys: dict[str, Callable[[Listed], float | str | None]] = {
        "error": lambda item: item.error,
        "sd": lambda item: item.sd,
        "tests": lambda item: item.tests,
        "agree": lambda item: agree.get((item.gene, item.label)),
        "label": lambda item: item.label,
        "gene": lambda item: item.gene,
    }
    value = keys[order]
    there = [item for item in genes if value(item) is not None]
    there.sort(key=value, reverse=(order in _FALLING) != turned)  # type: ignore[arg-type]
    return [*there, *(item for item in genes if value(item) is None)]


def columns(order: str, turned: bool, mapped: bool) -> list[Column]:
    """The columns, with the mark at that by which the rows are sorted."""
    found = []
    for column in COLUMNS:
        if column.key == "agree" and not mapped:
            continue
        sign = "▾" if (order in _FALLING) != turned else "▴"
        found.append(replace(column, sort=sign) if column.key == order else column)
    return found


def list_rows(of: GeneList, drawn: GeneMap | None) -> dict[str, Row]:
    """The rows by their keys; with a map they say how many of the five nearest are of a gene's class."""
    agree = None if drawn is None else {(dot.gene, dot.label): dot.agree for dot in drawn.dots}
    return {
        key: Row(key, tuple(_cells(item, of.classes, agree)))
        for item in of.genes
        for key in (key_of(item.gene, item.label),)
    }


def _cells(item: Listed, classes: Sequence[str], agree: Mapping[Key, int] | None) -> list[str | Cell]:
    tone = class_tone(item.label)
    label = classes[item.label]
    bad: Tone = "bad" if item.error is not None and item.error > 0.5 else "text"
    shown: list[str | Cell] = [
        item.gene,
        Cell(item.text, draw=partial(_clipped, gene_name(item.gene, item.text))),
        Cell(class_sign(item.label, classes), tone),
        Cell(label, draw=partial(_clipped, label)),
        Cell(short(item.error), draw=partial(_strip, item.error, item.sd, bad)),
        Cell(short(item.error), bad),
        Cell("" if item.sd is None else f"±{item.sd:.2f}".replace("0.", "."), "soft"),
        Cell(str(item.tests), "soft"),
    ]
    if agree is not None:
        number = agree.get((item.gene, item.label))
        shown.append(
            Cell("", "faint")
            if number is None
            else Cell("●" * number + "○" * (_AGREEING - number), draw=partial(_agreement, number, tone))
        )
    return shown


def _clipped(text: str, width: int) -> list[Piece]:
    return [(cut(clean(text), width), "soft")]


def _strip(error: float | None, sd: float | None, tone: Tone, width: int) -> list[Piece]:
    if error is None:
        return strip(_SPAN, None, None, width, _HALF)
    interval = None if sd is None else (max(error - sd, 0.0), min(error + sd, 1.0))
    return strip(_SPAN, error, interval, width, _HALF, tone=tone, line="soft")


def _agreement(number: int, tone: Tone, width: int) -> list[Piece]:
    return [("●" * number, tone), ("○" * (_AGREEING - number), "line")] if width >= _AGREEING else []


def short(value: float | None) -> str:
    """`.725`; `1.00`; `-` for none."""
    if value is None:
        return "-"
    return "1.00" if value >= 0.9995 else f"{value:.3f}".removeprefix("0")


def title(number: int, of: int, order: str, turned: bool) -> str:
    """What stands after the list's title."""
    how = {
        "error": ("hardest first", "easiest first"),
        "gene": ("by name", "by name, backwards"),
        "label": ("by class", "by class, backwards"),
        "sd": ("most uneven first", "most even first"),
        "tests": ("most tested first", "least tested first"),
        "agree": ("lone among its nearest first", "amid its class first"),
    }[order][turned]
    return f"{number}{f' of {of}' if number < of else ''}, {how}"


def narrowed(classes: Sequence[str], label: int | None, surely_wrong: bool) -> list[tuple[str, Tone]]:
    """What the list is narrowed to, for the context line."""
    kept = [clean(classes[label], 24)] if label is not None else []
    kept += ["confidently wrong"] if surely_wrong else []
    return [(f"  only {', '.join(kept)}", "warn")] if kept else []


def worth(of: GeneMap, brief: bool = False) -> list[tuple[str, Tone]]:
    """`10 nearest share the class 80 %, by chance 62 %`: whether a map means anything."""
    return [
        ("same class " if brief else f"{of.nearest} nearest share the class ", "soft"),
        (percent(of.same), "strong"),
        (f", {'' if brief else 'by '}chance {percent(of.chance)}", "soft"),
    ]


def percent(share: float) -> str:
    """`80 %`."""
    return f"{100 * share:.0f} %"


def context(of: Contestant, size: int) -> list[tuple[str, Tone]]:
    """The task and whose tests these are; without its genes where `size` is 0."""
    said: list[tuple[str, Tone]] = [
        (clean(of.task, 40), "accent"),
        (f"  {count(size, 'gene')}  " if size else "  ", "soft"),
        (clean(of.model, 32), "text"),
    ]
    if of.preset != "paper":
        said += [("  preset ", "soft"), (clean(of.preset, 20), "text")]
    if of.text != "facts":
        said += [("  text ", "soft"), (clean(of.text, 24), "text")]
    return said


def needs(of: Contestant) -> str:
    """What a map of these genes would need, in a sentence."""
    why = "is a control" if of.control else "was fine-tuned, or is no model of vectors"
    return (
        f"A map needs a model that makes a vector of each gene, and {clean(of.model, 40)} {why}: "
        f"] goes to the next contestant."
    )


def families(genes: Collection[Listed]) -> dict[str, set[str]]:
    """Family -> its genes."""
    found: dict[str, set[str]] = {}
    for item in genes:
        if item.family:
            found.setdefault(item.family, set()).add(item.gene)
    return found
