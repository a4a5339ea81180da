"""What the lists of the Plan screen show: their rows and titles. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui.quantities import big
from tui.widgets.rows import Cell, Column, Draw, Piece, Row, cut
from tui.widgets.text import clean
from tui.widgets.words import UNICODE, Charset, Tone

if TYPE_CHECKING:
    from engine.catalog.protocols import Protocol
    from engine.data.tasks.sets import Sets
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from tui.questions.catalog import Catalog, ModelCard
    from tui.screens.plan.facts import TaskFacts

CLASSES: Final[tuple[Tone, ...]] = ("a", "b", "both", "run")
"""The tones of a task's classes, in label order."""

CHOICES: Final = ("models", "tasks", "protocols", "settings")
"""The lists, in the order tab goes through them."""

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "models": (
        Column("model", "model", least=14),
        Column("dim", "dim", right=True, shed=1),
        Column("params", "params", right=True),
        Column("pool", "pool", shed=2),
        Column("tokens", "tokens", right=True, shed=2),
        Column("here", "here", right=True),
    ),
    "tasks": (
        Column("task", "", least=14),
        Column("classes", "", grows=True, least=12),
        Column("zeros", "", right=True, shed=1),
        Column("ones", "", right=True, shed=1),
    ),
    "protocols": (
        Column("protocol", ""),
        Column("what", "", least=12),
        Column("table", "", shed=1),
    ),
    "settings": (
        Column("setting", ""),
        Column("value", "", least=8),
        Column("values", "", least=4),
    ),
}


# ---------------------------------------------------------------------------- rows and titles


def rows(
    catalog: Catalog,
    selection: Selection,
    known: Mapping[str, TaskFacts] | None = None,
    charset: Charset = UNICODE,
) -> dict[str, list[Row]]:
    """The rows of each list; what is chosen without being in the catalog is listed too.

    Args:
        catalog: what can be chosen.
        selection: what is chosen.
        known: task -> what was read of it; of others, what stands in their files is shown.
        charset: Which signs there are.
    """
    from tui.screens.plan import settings

    models = {card.model.name for card in catalog.models}
    tasks = {task.name for task in catalog.tasks}
    counts = {task.name: task.counts for task in catalog.tasks}
    counts |= {name: facts.counts for name, facts in (known or {}).items()}
    most = max((sum(counts.get(name, ())) for name in selection.tasks), default=0)
    own = [(name, "") for name in selection.tasks if name not in tasks]
    listed = [*((task.name, task.problem) for task in catalog.tasks), *own]
    others = [name for name in selection.models if name not in models]
    return {
        "models": [
            *model_rows(catalog.models, selection.models),
            *(Row(name, (name, *("-",) * 4, Cell("own", "soft"))) for name in others),
        ],
        "tasks": [_task_row(*task, counts.get(task[0], ()), most, charset.bars) for task in listed],
        "protocols": [_protocol_row(one, one.name in selection.protocols) for one in catalog.protocols],
        "settings": settings.rows(catalog, selection),
    }


def model_rows(cards: Iterable[ModelCard], chosen: Collection[str]) -> list[Row]:
    """The rows of the models of the catalog."""
    return [_model_row(card, card.model.name in chosen) for card in cards]


def _model_row(card: ModelCard, chosen: bool) -> Row:
    model = card.model
    there = card.place or model.kind == "endpoint"
    tone: Tone = "good" if there else "warn" if chosen else "soft"
    return Row(
        model.name,
        (
            model.name,
            str(model.dimension or "-"),
            big(model.parameters),
            model.pooling or "-",
            str(model.max_tokens or "-"),
            Cell("✓" if there else "✗", tone),
        ),
        "" if chosen else "soft",
    )


def _task_row(name: str, problem: str, counts: Sequence[int], most: int, bars: str) -> Row:
    if problem:
        return Row(name, (name, Cell(problem, "bad", draw=_words(problem)), "", ""))
    said = " : ".join(map(str, counts))
    first = Cell(str(counts[0]), CLASSES[0]) if counts else ""
    rest = Cell(f": {said.partition(' : ')[2]}", CLASSES[1]) if len(counts) > 1 else ""
    bar = Cell(said, draw=lambda width: class_bar(counts, most, width, bars))
    return Row(name, (name, bar, first, rest))


def _words(text: str) -> Draw:
    return lambda width: [(cut(clean(text), width), "bad")]


def class_bar(counts: Sequence[int], most: int, width: int, bars: str = UNICODE.bars) -> list[Piece]:
    """The classes of a task one after the other, to a scale on which `most` genes fill the width.

    Each is drawn with the next of `bars`.
    """
    room = max(width, 1)
    scale = room / max(most, 1)
    ends, whole = [0], 0
    for number in counts:
        whole += number
        ends.append(min(max(round(whole * scale), ends[-1] + 1), room))
    pieces: list[Piece] = [
        (bars[place % len(bars)] * (end - start), CLASSES[place % len(CLASSES)])
        for place, (start, end) in enumerate(itertools.pairwise(ends))
    ]
    if whole > most and pieces:  # longer than the longest that is chosen
        last, tone = pieces[-1]
        pieces[-1] = (last[:-1] + "▶", tone) if last else ("", tone)
    return pieces


def _protocol_row(protocol: Protocol, chosen: bool) -> Row:
    table = f"table {protocol.paper_table}" if protocol.paper_table else ""
    tone: Tone = "" if chosen else "soft"
    return Row(protocol.name, (protocol.name, protocol.title, Cell(table, "faint")), tone)


def chosen_set(sets: Sets, tasks: Collection[str]) -> str:
    """The first set that has exactly these tasks; empty if there is none."""
    return next((name for name, found in sets.items() if found and set(found) == set(tasks)), "")


def next_set(sets: Sets, tasks: Collection[str]) -> tuple[str, ...]:
    """The tasks of the set after the one that has exactly these; of the first, if none has."""
    filled = [name for name in sets if sets[name]]
    here = chosen_set(sets, tasks)
    return sets[filled[(filled.index(here) + 1) % len(filled) if here else 0]]


def title(name: str, chosen: Collection[str], total: int, sets: Sets, selection: Selection) -> str:
    """What stands after a list's name: how many are chosen, and as which set."""
    if name == "settings":
        from tui.screens.plan import settings

        return settings.differing(selection)
    known = chosen_set(sets, chosen) if name == "tasks" else ""
    return f"{len(chosen)} of {total}" + (f", set {known}" if known else "")


def why_nothing(plan: Plan) -> str:
    """Why a choice has nothing left to run."""
    if plan.blocked and not plan.done:
        return "All of it is blocked; the sum says why, and what to do."
    rest = " but what is blocked" if plan.blocked else ""
    return f"Nothing of it is left to run{rest}: 3 shows the ranks, or choose something more."
