"""What the Plan screen has besides its three lists: preset, seeds, splits, controls, text and the axes.

Each is a row, and `space` gives it its next value; what is not among a row's values is typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from engine.catalog.controls import WHICH
from engine.catalog.schemes import SCHEMES
from engine.plan.selection import ranges
from tui.screens.plan import controls
from tui.widgets.rows import Cell, Row
from tui.widgets.words import Tone

if TYPE_CHECKING:
    from engine.plan.selection import Selection
    from tui.questions.catalog import Catalog

PRESET: Final = "preset"
SEEDS: Final = "seeds"
SPLITS: Final = "splits"
TEXT: Final = "text"
"""The row of the text recipe."""
FEWER: Final = (10, 3, 1)
"""How many of a scheme's first seeds can be chosen by stepping."""


def rows(catalog: Catalog, selection: Selection) -> list[Row]:
    """A row for each setting: its value, bold where it is not the usual one, and what else it can be."""
    text = selection.descriptions or selection.text
    seeds = [dashed(some) for some in seed_choices(selection.scheme)]
    found = [
        _row(PRESET, selection.preset, catalog.presets, selection.preset != "paper"),
        _row(SEEDS, dashed(selection.seeds), seeds, dashed(selection.seeds) != seeds[0]),
        _row(SPLITS, selection.scheme, catalog.schemes, selection.scheme != "paper"),
        _row(controls.ROW, selection.controls, WHICH, False),
        _row(TEXT, text, catalog.texts, text != "facts"),
    ]
    preset = catalog.presets[selection.preset]
    for name, values in catalog.axes.items():
        value = selection.axes.get(name, getattr(preset, name))
        found.append(_row(name, value, values, name in selection.axes))
    return found


def _row(name: str, value: object, values: Sequence[object] | Any, changed: bool) -> Row:
    others = [str(one) for one in values if str(one) != str(value)]
    tone: Tone = "strong" if changed else "text"
    return Row(name, (Cell(name, "soft"), Cell(str(value), tone), Cell(", ".join(others), "faint")))


def dashed(seeds: Sequence[int]) -> str:
    """`41–50`; `none` where there is none."""
    return ", ".join(part.replace("-", "–") for part in ranges(seeds)) or "none"


def seed_choices(scheme: str) -> list[tuple[int, ...]]:
    """All seeds of a scheme, and its first few."""
    seeds = SCHEMES[scheme].seeds
    return [seeds, *(seeds[:few] for few in FEWER if few < len(seeds))]


def differing(selection: Selection) -> str:
    """What is set apart from the preset, in a few words."""
    apart = [f"{name}={value}" for name, value in {**selection.axes, **selection.params}.items()]
    if selection.descriptions or selection.text != "facts":
        apart.append("text")
    return ", ".join(apart) if apart else f"as {selection.preset}"


def stepped(catalog: Catalog, selection: Selection, name: str) -> Selection:
    """`selection` with the setting at its next value; the preset's own unsets an axis."""
    match name:
        case "preset":
            # Another preset is another start: what was set apart from the old one is dropped.
            return replace(selection, preset=_next(list(catalog.presets), selection.preset), axes={})
        case "seeds":
            return replace(selection, seeds=_next(seed_choices(selection.scheme), selection.seeds))
        case "splits":
            scheme = _next(list(catalog.schemes), selection.scheme)
            # What was chosen of the old one's splits means nothing in it.
            return replace(selection, scheme=scheme, seeds=catalog.schemes[scheme].seeds)
        case controls.ROW:
            return controls.stepped(selection)
        case "text":
            return replace(selection, text=_next(catalog.texts, selection.text), descriptions="")
    preset = getattr(catalog.presets[selection.preset], name)
    value = _next(catalog.axes[name], selection.axes.get(name, preset))
    others = {axis: setting for axis, setting in selection.axes.items() if axis != name}
    return replace(selection, axes=others if value == preset else {**others, name: value})


def _next(values: Sequence[Any], value: Any) -> Any:
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]
