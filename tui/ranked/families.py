"""A ranked table of random splits beside the same with gene families kept apart, in words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.catalog.controls import title_of
from store.sets import PAPER
from store.texts import TextName
from tui.ranked import unrounded
from tui.ranked.standings import MEAN, with_interval
from tui.ranked.tables import mean_name

if TYPE_CHECKING:
    from engine.stats.intervals import Estimate
    from engine.verdicts.families import KeptApart
    from store.arm import Table
    from tui.ranked.standings import Standing

TITLE: Final = "With families kept apart"
NAMES: Final = {"random": "random", "matched": "same kind of genes", "grouped": "families apart"}
"""What the three numbers of a model are called."""
_FURTHER: Final = ("matched", "grouped")
"""Those that a ranked table has not by itself."""
NOT_RUN: Final = "What is left without relatives in training: `{}`."
"""Where a table has no such numbers, how to get them."""
MEANING: Final = (
    "Same kind of genes: the same splits, judged by the test genes whose family is small enough to be "
    "tested whole. Families apart: such genes again, with no relative of theirs in training."
)


def title(apart: KeptApart) -> str:
    """What the block is of."""
    return f"{TITLE} (families by {' and '.join(map(_called, apart.families))})"


def _called(families: str) -> str:
    return "the stem of the symbol" if families == "stem" else f"gene group, {families}"


def how_to(table: Table) -> str:
    """How to get these numbers for a table of the paper's splits, in a line; empty for any other."""
    arm = table.arm
    if arm.scheme != "paper":
        return ""
    words = [f"genearena run --scheme grouped --protocols {arm.protocol}"]
    if table.task_set != PAPER:
        words.append(f"--set {table.task_set}")
    preset, *axes = arm.preset.split()
    if preset != "paper":
        words.append(f"--preset {preset}")
    words += [f"--axis {axis}" for axis in axes]
    text = TextName.parse(arm.text)
    if text.recipe not in ("facts", "summary"):
        words.append(f"--text {text.recipe}")
    if text.digest:
        words.append("--descriptions FILE")
    return NOT_RUN.format(" ".join(words))


def columns(standing: Standing) -> list[str]:
    """The headings of the block."""
    return ["model", "splits", *standing.table.tasks, mean_name(standing.table)]


def rows(standing: Standing, intervals: bool = True) -> list[list[str]]:
    """Three lines for each own model that has both kinds of splits, in the table's order."""
    apart, found = standing.apart, []
    for model in _models(standing):
        for place, (name, called) in enumerate(NAMES.items()):
            known = [apart.estimates(model, column)[name] for column in _shown(standing)] if apart else []
            cells = [_cell(estimate, intervals) for estimate in known]
            found.append([title_of(model) if place == 0 else "", called, *cells])
    return found


def sheet(standing: Standing) -> str:
    """The block for a narrow place: of each model a line for each task, and what the numbers mean."""
    apart, blocks = standing.apart, []
    if apart is None:
        return ""
    names = {**{task: task for task in standing.table.tasks}, MEAN: mean_name(standing.table)}
    for model in _models(standing):
        lines = [[title_of(model), *NAMES.values()]]
        for column, name in names.items():
            known = apart.estimates(model, column)
            lines.append([name, *(_cell(known[kind], interval=True) for kind in NAMES)])
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        blocks.append("\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines))
    return "\n\n".join(filter(None, [*blocks, MEANING, apart.trouble]))


def long_table(standing: Standing) -> tuple[list[str], list[list[Any]]]:
    """The ranked table with one number a cell; with families kept apart too, where that was run."""
    columns, rows = unrounded.long_table(standing)
    if standing.apart:
        names = (*standing.table.tasks, mean_name(standing.table))
        whats = [f"{kind} {what}" for kind in _FURTHER for what in _numbers(None)]
        columns += [f"{name} {what}" for name in names for what in whats]
        for cells, row in zip(rows, standing.table.rows, strict=True):
            model = row.model if row.source == "own" else ""
            for column in _shown(standing):
                known = standing.apart.estimates(model, column)
                cells += [value for kind in _FURTHER for value in _numbers(known[kind]).values()]
    return columns, rows


def record(standing: Standing) -> dict[str, Any] | None:
    """The block for JSON; None if there is none."""
    apart = standing.apart
    if apart is None:
        return None
    return {
        "families": list(apart.families),
        "models": {
            model: {
                column: {kind: _numbers(known) for kind, known in apart.estimates(model, column).items()}
                for column in _shown(standing)
            }
            for model in _models(standing)
        },
    }


def _models(standing: Standing) -> Iterable[str]:
    both = standing.apart.models if standing.apart else ()
    return [row.model for row in standing.table.rows if row.source == "own" and row.model in both]


def _shown(standing: Standing) -> Sequence[str]:
    return (*standing.table.tasks, MEAN)


def _cell(estimate: Estimate | None, interval: bool) -> str:
    if estimate is None:
        return "-"
    text = with_interval(estimate.auc, estimate if interval else None)
    used, tried = (sum(getattr(one, name) for one in estimate.splits) for name in ("used", "tried"))
    return text if used == tried else f"{text} {used}/{tried}"


def _numbers(estimate: Estimate | None) -> dict[str, float | int | None]:
    if estimate is None:
        return dict.fromkeys(("auc", "low", "high", "n"))
    low, high = estimate.interval or (None, None)
    return {"auc": estimate.auc, "low": low, "high": high, "n": min(one.used for one in estimate.splits)}
