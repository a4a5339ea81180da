"""The grid of marks: a model and protocol a line, a task a block, a split a mark. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from textual.content import Content

from engine.catalog.controls import title_of
from engine.mailbox import UnitStatus
from tui.quantities import auc, spelled
from tui.screens.runs.arranged import Arranged, Block, Place, folded
from tui.terminal.tokens import heat_step
from tui.widgets.lines import length
from tui.widgets.rows import Piece, beside, cut
from tui.widgets.rowview import RAISED
from tui.widgets.text import clean
from tui.widgets.words import BARE, FEW, TONE_STYLES, UNICODE, Charset, Tone, state_glyph, state_word

LEGEND: tuple[Content | tuple[str, Tone], ...] = (
    Content.assemble(("■", "$say-mark-5")),
    (" done, by AUC  ", "soft"),
    ("◐", "run"),
    (" in work  ", "soft"),
    ("·", "soft"),
    (" waiting  ", "soft"),
    ("✗", "bad"),
    (" failed  ", "soft"),
    ("╌", "warn"),
    (" blocked", "soft"),
)

NAME: Final = 12
"""Cells of a model's name that the sentence of a unit leaves it at least."""


def legend(charset: Charset, all: bool) -> tuple[Content | tuple[str, Tone], ...]:
    """What the marks mean: `all` of them, or those that a run that goes well has."""
    if charset not in (BARE, FEW):
        return LEGEND[: None if all else 6]
    done: tuple[tuple[str, Tone], ...] = (
        ("■", "text"),
        (" done  ", "soft"),
        ("□", "text"),
        (" to .5  ", "soft"),
    )
    return *done, *LEGEND[2 : None if all else 6]


class Look(NamedTuple):
    """How the grid is drawn in so much room."""

    name: int
    """Cells of a model's name."""
    protocol: int
    step: int
    """Cells of a mark; 0: there is no room for marks, and blocks are counts."""
    block: int
    """Cells of a block, without the gap after it."""
    width: int
    charset: Charset = UNICODE
    focused: bool = True
    plain: bool = False
    """Whether the cursor's row is reversed, so that no colour may stand in it."""

    @property
    def label(self) -> int:
        """Cells before the first block."""
        return 1 + self.name + 1 + self.protocol + 2


def look(arranged: Arranged, width: int, **how: object) -> Look:
    """As large as there is room: marks of two cells, of one, or counts."""
    names = max((len(clean(title_of(line.model))) for line in arranged.lines), default=5)
    name = min(names, 18 if width < 108 else 26)
    protocol = max((len(line.protocol) for line in arranged.lines), default=2)
    protocol = min(max(protocol, 6), 14)
    tasks, seeds = max(len(arranged.tasks), 1), max(len(arranged.seeds), 1)
    most = (width - 10 - name - protocol) // tasks - 1
    title = max((cell_len(clean(task)) for task in arranged.tasks), default=0)
    for step in (2, 1):
        block = max(seeds * step, 10)
        if block <= most:
            block = max(block, min(title, most))
            return Look(name, protocol, step, block, width, **how)  # type: ignore[arg-type]
    return Look(name, protocol, 0, min(max(most, 4), 16), width, **how)  # type: ignore[arg-type]


def entries(arranged: Arranged, room: int, here: int) -> list[tuple[int, int]]:
    """Which lines are drawn, as ranges: of more than one line, a model that is folded to one.

    Where there is not room for all, the model under the cursor is open first, then those at work.
    """
    models = arranged.models()
    opened = {start for start, end in models if end - start == 1}
    left = room - len(models)
    mine = next((end - start for start, end in models if start <= here < end), 1)
    if mine > 1 and left < mine - 1:
        left = mine - 1 if mine < room else 0  # others are scrolled away before one's own are folded
    working = arranged.working()
    for start, end in sorted(
        models,
        key=lambda span: (not span[0] <= here < span[1], not working & set(range(*span)), span[0]),
    ):
        if start not in opened and end - start - 1 <= left:
            opened.add(start)
            left -= end - start - 1
    found: list[tuple[int, int]] = []
    for start, end in models:
        single = [(number, number + 1) for number in range(start, end)]
        found += single if start in opened else [(start, end)]
    return found


def head(arranged: Arranged, style: Look, here: Place | None) -> list[Piece]:
    """The tasks' names over their blocks."""
    pieces: list[Piece] = [(" " * style.label, "")]
    for number, task in enumerate(arranged.tasks):
        tone = "text" if here is not None and here[1] == number and style.focused else "soft"
        name = cut(beside(clean(task), style.block), style.block, ellipsis=style.charset.ellipsis)
        pieces += [(name, tone), (" ", "")]
    return _fit([*pieces, (" mean", "soft")], style.width)


def line(
    arranged: Arranged, span: tuple[int, int], style: Look, here: Place | None, repeats: bool
) -> list[Piece]:
    """One line; `repeats`: its model's name stands above."""
    parts = arranged.lines[slice(*span)]
    shown = parts[0] if len(parts) == 1 else folded(parts)
    mine = here is not None and span[0] <= here[0] < span[1]
    at = here[1:] if here is not None and mine and style.focused else None
    name = "" if repeats else clean(title_of(shown.model))
    own: str = "soft" if shown.control or shown.reason else "strong"
    pieces: list[Piece] = [
        ("▌" if mine and style.focused else " ", "accent"),
        (cut(name, style.name, ellipsis=style.charset.ellipsis), own),
        (" " + cut(shown.protocol, style.protocol, ellipsis=style.charset.ellipsis) + "  ", "soft"),
    ]
    if shown.reason:
        said = cut(clean(shown.reason), max(style.width - style.label, 0), ellipsis=style.charset.ellipsis)
        return _ground([*pieces, (said, "warn")], style, mine)
    for number, block in enumerate(shown.blocks):
        cursor = at[1] if at is not None and at[0] == number else None
        if len(parts) == 1 and style.step:
            pieces += _marks(block, style, cursor)
        else:
            pieces += _counts(block, style.block, cursor is not None)
        pieces.append((" ", ""))
    pieces.append((_short(shown.mean), "text"))
    return _ground(pieces, style, mine)


def _marks(block: Block, style: Look, cursor: int | None) -> list[Piece]:
    pieces: list[Piece] = []
    space = " " * (style.step - 1)
    for number, unit in enumerate(block.marks):
        sign, tone = ("◉", "accent") if number == cursor else mark(unit, style.charset)
        if pieces and pieces[-1][1] == tone:
            pieces[-1] = (pieces[-1][0] + sign + space, tone)
        else:
            pieces.append((sign + space, tone))
    rest = style.block - style.step * len(block.marks)
    return [*pieces, (" " * rest, "")] if rest else pieces


def mark(unit: UnitStatus | None, charset: Charset = UNICODE) -> Piece:
    """What stands for a unit, and in which tone."""
    match unit.state if unit else "":
        case "scored":
            assert unit is not None
            known = unit.auc is not None and unit.auc == unit.auc
            if not known or unit.auc is None:
                return "■", "soft"
            step = heat_step(unit.auc)
            return "□" if step == 0 and charset in (BARE, FEW) else "■", f"$say-mark-{step}"
        case "running":
            return "◐", "run"
        case "failed":
            return "✗", "bad"
        case "cancelled":
            return "╌", "warn"
        case "queued":
            return "·", "faint"
        case _:
            return " ", ""


def _counts(block: Block, width: int, cursor: bool) -> list[Piece]:
    """`38/40 .91`, with the mean on its step's ground."""
    total = block.total
    far = f"{block.done}/{total}"
    tone = "accent" if cursor else "bad" if block.failed else "soft" if block.done < total else "text"
    mean = block.mean
    if mean is None or width < len(far) + 4:
        return [(cut(far, width), tone)]
    chip = _short(mean) if width >= 14 else _short(mean).strip()[:3]
    return [
        (far + " ", tone),
        (chip, f"$say-fill-{heat_step(mean)}"),
        (" " * (width - len(far) - 1 - len(chip)), ""),
    ]


def _short(value: float | None) -> str:
    """An AUC in five cells: ` .829`, ` 1.00`."""
    if value is None:
        return "     "
    return f"{auc(value).removeprefix('0')[:4]:>5}"


def _ground(pieces: Sequence[Piece], style: Look, here: bool) -> list[Piece]:
    """The line filled to its width, on the cursor's ground if that is here."""
    fitted = _fit([piece for piece in pieces if piece[0]], style.width)
    if not here:
        return fitted
    ground = "$say-select" if style.focused else "$say-selecty"
    if style.plain:
        return [(text, ground) for text, _ in fitted]
    found = []
    for text, tone in fitted:
        tone = RAISED.get(tone, tone)
        on = TONE_STYLES.get(tone, tone)  # type: ignore[call-overload]
        found.append((text, on if tone.startswith("$say-fill") else f"{on} {ground}".strip()))
    return found


def _fit(pieces: Sequence[Piece], width: int) -> list[Piece]:
    return [*pieces, (" " * max(width - length(pieces), 0), "")]


def title(arranged: Arranged | None) -> str:
    """What stands after the word Units."""
    if arranged is None or not arranged.seeds:
        return ""
    seeds = arranged.seeds
    which = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    return f"one mark a split, {which}"


def unit_line(unit: UnitStatus | None, width: int) -> list[Piece]:
    """The unit under the cursor in words; of a long name as much as `width` cells have room for."""
    if unit is None:
        return []
    glyph, tone = ("◐", "run") if unit.state == "running" else state_glyph(unit.state)
    took = f" in {spelled(unit.seconds)}" if unit.seconds is not None and unit.state == "scored" else ""
    end = {
        "scored": f"done, AUC {auc(unit.auc).removeprefix('0')}{took}",
        "running": _in_work(unit),
        "queued": "waits for those before it",
        "failed": f"failed: {clean(unit.sentence) or 'enter says why'}",
        "cancelled": f"left out: {clean(unit.sentence)}" if unit.sentence else "given up",
    }.get(unit.state, state_word(unit.state))
    where: list[Piece] = [
        (f"  {clean(unit.protocol)}", "text"),
        (" on ", "soft"),
        (clean(unit.task), "text"),
        (f", seed {unit.seed}   ", "soft"),
        (f"{glyph} {end}", tone),
    ]
    name = " " + clean(title_of(unit.model))
    room = min(max(width - length(where), NAME), cell_len(name))
    return [(cut(name, room), "strong"), *where]


def _in_work(unit: UnitStatus) -> str:
    since = f" for {spelled(unit.seconds)}" if unit.seconds is not None else ""
    return f"in work{since}" + (f", {clean(unit.sentence)}" if unit.sentence else "")


def natural(arranged: Arranged | None) -> int:
    """Lines that it takes with nothing folded, head included."""
    return len(arranged.lines) + 1 if arranged and arranged.lines else 0


def steps(ranges: Sequence[tuple[int, int]], here: int) -> int:
    """Which of the drawn ranges a line is in."""
    return next((number for number, (start, end) in enumerate(ranges) if start <= here < end), 0)
