"""What the Plan screen says of the controls beside the models, and the step from one choice to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.catalog.controls import CONTROLS, WHICH, chosen, title_of
from store.controls import row_of
from tui.quantities import count

if TYPE_CHECKING:
    from engine.plan.selection import Selection

ROW: Final = "controls"
"""The row of this choice among the axes."""


def stepped(selection: Selection) -> Selection:
    """`selection` with the next choice of controls."""
    after = WHICH[(WHICH.index(selection.controls) + 1) % len(WHICH)]
    return replace(selection, controls=after)


def units(selection: Selection) -> int:
    """How many units the controls add to those of the models."""
    beside = chosen(selection.controls, selection.protocols)
    cells = sum(len(protocols) for name, protocols in beside.items() if name not in selection.models)
    return cells * len(selection.tasks) * len(selection.seeds)


def in_the_sum(selection: Selection) -> str:
    """What stands behind the units of the models."""
    more = units(selection)
    return f" + {more:,} of controls" if more else ", no controls"


def words(selection: Selection) -> str:
    """What the choice means, in a few sentences."""
    beside = chosen(selection.controls, selection.protocols)
    about = "Controls stand beside the models to show what an embedding is worth, and are never ranked. "
    if not beside:
        return f"{about}None are run; c or space chooses the usual ones."
    titles = dict.fromkeys(title_of(row_of(name)) for name in CONTROLS if name in beside)
    protocols = dict.fromkeys(name for names in beside.values() for name in names)
    return (
        f"{about}{selection.controls}: {', '.join(titles)}, with {', '.join(protocols)}: "
        f"{count(units(selection), 'unit')}."
    )
