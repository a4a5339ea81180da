"""What can be chosen in a home, what is chosen at first, and how a choice is changed by what is typed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from store.errors import DataError, UsageError, unknown

if TYPE_CHECKING:
    from engine.catalog.controls import Which
    from engine.catalog.presets import Axes
    from engine.catalog.protocols import Protocol
    from engine.catalog.schemes import Scheme
    from engine.data.tasks.shelf import TaskInfo
    from engine.plan.selection import Selection
    from store.home import Home
    from store.records import Model
    from tui.questions.cells import Place


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model of the catalog and whether it can be run here and now."""

    model: Model
    place: str
    """Its folder or file on this machine; empty if it has to be fetched first."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that can be chosen."""

    models: tuple[ModelCard, ...] = ()
    tasks: tuple[TaskInfo, ...] = ()
    protocols: tuple[Protocol, ...] = ()
    presets: Mapping[str, Axes] = field(default_factory=dict)
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    """How splits can be drawn."""
    texts: tuple[str, ...] = ()
    axes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Axis -> the values it can be given by stepping through them."""
    first: Selection | None = None
    """What is chosen when the arena opens."""


def read_cards(home: Home) -> tuple[ModelCard, ...]:
    """The models that can be chosen in `home`."""
    from engine.catalog.models import list_models, local_path

    places = ((model, local_path(model, home)) for model in list_models(home))
    return tuple(ModelCard(model, str(place) if place else "") for model, place in places)


def read_catalog(home: Home, cards: tuple[ModelCard, ...] | None = None) -> Catalog:
    """Everything that can be chosen in `home`; `cards`: its models, if they have just been read."""
    from engine.catalog.presets import PRESETS
    from engine.catalog.protocols import PROTOCOLS
    from engine.catalog.schemes import SCHEMES
    from engine.data.tasks.recipes import text_recipes
    from engine.data.tasks.shelf import list_tasks

    catalog = Catalog(
        read_cards(home) if cards is None else cards,
        list_tasks(home),
        tuple(PROTOCOLS.values()),
        PRESETS,
        SCHEMES,
        text_recipes(),
        _axis_values(),
    )
    return replace(catalog, first=first_selection(catalog))


def change(home: Home, selection: Selection, what: str, value: str) -> Selection:
    """`selection` with one thing set from what was typed.

    Args:
        home: Whose models, tasks and descriptions may be named.
        selection: What is chosen now.
        what: `scheme`, `seeds`, `axis`, `text`, `descriptions`, `param`, `controls`, `model`, `task`, or
            `set`, which chooses the tasks of a set and no other.
        value: As on the command line; `NAME=VALUE` for an axis or a parameter.

    Raises:
        UsageError: it cannot be set so.
        DataError: a file that is named cannot be used.
    """
    from engine.catalog.models import find_model
    from engine.catalog.presets import axes_for
    from engine.catalog.schemes import find_scheme
    from engine.data.tasks.sets import tasks_of
    from engine.plan.names import parse_seeds, resolve_descriptions, resolve_tasks

    name, mark, rest = (part.strip() for part in value.partition("="))
    if what in ("axis", "param") and not (mark and name):
        raise UsageError(f"{value!r} is not NAME=VALUE.")
    match what:
        case "scheme":
            return replace(selection, scheme=value, seeds=find_scheme(value).seeds)
        case "seeds":
            seeds = parse_seeds(value)
            find_scheme(selection.scheme).check(seeds)
            return replace(selection, seeds=seeds)
        case "axis":
            set_to = getattr(axes_for(selection.preset, {**selection.axes, name: rest}), name)
            return replace(selection, axes={**selection.axes, name: set_to})
        case "param":
            return replace(selection, params={**selection.params, name: rest})
        case "controls":
            return replace(selection, controls=_which(value))
        case "text":
            return replace(selection, text=value)
        case "descriptions":
            return replace(selection, descriptions=resolve_descriptions(home, value))
        case "model":
            chosen = dict.fromkeys((*selection.models, find_model(value, home).name))
            return replace(selection, models=tuple(chosen))
        case "task":
            chosen = dict.fromkeys((*selection.tasks, *resolve_tasks(home, [value])))
            return replace(selection, tasks=tuple(chosen))
        case "set":
            return replace(selection, tasks=tasks_of(home, (value,)))
    raise UsageError(f"There is nothing named {what!r} to set.")


def selection_of(home: Home, place: Place) -> Selection:
    """What to choose on the Plan screen to get one cell of a ranked table, over its scheme's usual seeds.

    Raises:
        UsageError: its texts came from a file that was not imported, or this version lacks its scheme.
    """
    from engine.catalog.controls import part_of
    from engine.catalog.models import list_models
    from engine.catalog.schemes import find_scheme
    from engine.plan.selection import Selection

    by_paper = {model.paper_name: model.name for model in list_models(home) if model.paper_name}
    preset, axes, params = place.settings
    chosen = Selection(
        part_of(place.model) or (by_paper.get(place.model, place.model),),
        (place.task,),
        (place.arm.protocol,),
        find_scheme(place.arm.scheme).seeds,
        preset,
        text=place.texts.recipe,
        descriptions=_descriptions_of(home, place),
        params=params,
        scheme=place.arm.scheme,
    )
    for name, value in axes.items():
        chosen = change(home, chosen, "axis", f"{name}={value}")
    return chosen


def _descriptions_of(home: Home, place: Place) -> str:
    """The imported file that the texts of a cell came from; empty if they came from none."""
    from engine.data.genes.descriptions import kept_descriptions, read_descriptions

    if not place.texts.digest:
        return ""
    for path in kept_descriptions(home).values():
        with contextlib.suppress(DataError):
            if read_descriptions(path).digest.startswith(place.texts.digest):
                return str(path)
    raise UsageError(
        f"The texts {place.texts} came from a file.", "Choose it again with :descriptions on Plan (1)."
    )


def _axis_values() -> dict[str, tuple[Any, ...]]:
    """What each axis can be; a few usual values for one that takes any number."""
    from typing import get_args, get_type_hints

    from engine.catalog.presets import Axes

    return {name: get_args(hint) or (128, 256, 512) for name, hint in get_type_hints(Axes).items()}


def first_selection(catalog: Catalog) -> Selection:
    """What is chosen when the arena opens: the models that come as packages, the paper's tasks and its four
    classical protocols, over the paper's ten seeds.
    """
    from engine.plan.selection import Selection

    tasks = tuple(task.name for task in catalog.tasks if task.paper_task)
    return Selection(
        models=first_models(catalog.models),
        tasks=tasks or tuple(task.name for task in catalog.tasks),
        protocols=tuple(protocol.name for protocol in catalog.protocols if protocol.first),
        controls="default",
    )


def first_models(cards: Iterable[ModelCard]) -> tuple[str, ...]:
    """Which models are chosen when the arena opens: those that come as packages, else the first here."""
    from engine.catalog.local import PACKAGED

    here = [card.model for card in cards if card.place]
    bundled = tuple(model.name for model in here if model.kind in PACKAGED)
    return bundled or tuple(model.name for model in here[:1])


def _which(value: str) -> Which:
    from engine.catalog.controls import WHICH

    for known in WHICH:
        if value == known:
            return known
    raise UsageError(*unknown("choice of controls", value, WHICH))
