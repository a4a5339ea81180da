"""From a selection to units of work, minus what the store already has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.catalog.controls import CONTROLS, COVERAGE, PERMUTED, chosen, control_model
from engine.catalog.models import catalog, embedding_options, find_model, how_to_get, is_static, local_path
from engine.catalog.presets import Axes, axes_for, preset_label, relevant_axes
from engine.catalog.protocols import Protocol
from engine.catalog.revision import unlike_pinned
from engine.catalog.schemes import find_scheme
from engine.data.genes.families import families_here
from engine.data.outline import Outline, Reading, outlined
from engine.plan.params import check_params, overridden, protocol_with
from engine.plan.selection import Selection
from store.errors import DataError, ModelError, UsageError
from store.home import Home
from store.records import SPEC_VERSION, Model, Task, Unit
from store.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class Blocked:
    """Units that cannot be run, and why."""

    model: str
    task: str
    protocol: str
    units: int
    reason: str
    unfetched: bool = False
    """Whether the model is not on this machine: what the units' keys are, and so whether any is done
    already, is unknown until it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every unit of a selection, and which of them the store already has."""

    selection: Selection
    units: tuple[Unit, ...]
    models: Mapping[str, Model]
    tasks: Mapping[str, Task]
    done: frozenset[str] = frozenset()
    """Keys of scored units."""
    failed: frozenset[str] = frozenset()
    """Keys of units that failed and were not scored since."""
    blocked: tuple[Blocked, ...] = ()

    @property
    def todo(self) -> tuple[Unit, ...]:
        """The units to run, in order; failed ones only when asked for again."""
        skipped = self.done if self.selection.retry_failed else self.done | self.failed
        return tuple(unit for unit in self.units if unit.key not in skipped)

    def against(self, finished: Mapping[str, str]) -> Plan:
        """The same plan, given what is `finished` by now (unit key -> `scored` or `failed`)."""
        keys = {unit.key for unit in self.units}
        return replace(
            self,
            done=frozenset(key for key in keys if finished.get(key) == "scored"),
            failed=frozenset(key for key in keys if finished.get(key) == "failed"),
        )

    @property
    def unknown(self) -> int:
        """Units of models that are not on this machine."""
        return sum(part.units for part in self.blocked if part.unfetched)


@uncollected()
def build_plan(
    selection: Selection,
    home: Home,
    finished: Mapping[str, str],
    tasks: Mapping[str, Task] | None = None,
) -> Plan:
    """The plan of `selection`, given what is `finished` (unit key -> `scored` or `failed`).

    A task or model that is known but cannot be used is `blocked` with its reason, and so is one that
    only its name tells from another of the selection. `tasks` stand in for
    loading those of the selection, whose texts they have.

    Raises:
        UsageError: a name or value that is not known, or nothing chosen.
    """
    _check(selection)
    axes = axes_for(selection.preset, selection.axes)
    drawn = _drawn(selection.scheme, home)
    protocols = [protocol_with(name, selection.params) for name in selection.protocols]
    check_params(selection.params, protocols)
    models = {model.name: model for model in (find_model(name, home) for name in selection.models)}
    entries = _entries(selection, models, protocols, home)
    refused: dict[str, str] = {}
    if tasks:
        outlines = {name: Outline.of(task) for name, task in tasks.items()}
    else:
        outlines, tasks, refused = _find_tasks(selection, axes, home)
    units: list[Unit] = []
    first: dict[str, Unit] = {}
    """Key of a cell's first unit -> that unit."""
    blocked: list[Blocked] = []
    for model, own in entries:
        unusable, unfetched = _unusable(model, home)
        for protocol in own:
            for name in dict.fromkeys([*refused, *outlines]):
                other = refused.get(name) or _misfit(model, protocol, outlines[name], home)
                reason = other or unusable
                mine: list[Unit] = []
                if not reason:
                    mine = _units(selection, model, name, outlines[name], protocol, axes, drawn)
                if mine and (twin := first.setdefault(mine[0].key, mine[0])) is not mine[0]:
                    reason = f"{model.name} on {name} is {twin.model} on {twin.task} by another name."
                if reason:
                    place = (model.name, name, protocol.name, len(selection.seeds))
                    blocked.append(Blocked(*place, reason, unfetched and not other))
                else:
                    units += mine
    models = {model.name: model for model, _ in entries}
    return Plan(selection, tuple(units), models, tasks, blocked=tuple(blocked)).against(finished)


def _entries(
    selection: Selection, models: Mapping[str, Model], protocols: Sequence[Protocol], home: Home
) -> list[tuple[Model, list[Protocol]]]:
    """Each model that is chosen with its protocols, then the controls that stand beside them."""
    wanted = {name: list(protocols) for name in models}
    for name, scored_with in chosen(selection.controls, selection.protocols).items():
        own = wanted.setdefault(name, [])
        there = {protocol.name for protocol in own}
        own += [protocol_with(one, selection.params) for one in scored_with if one not in there]
    found = {name: models.get(name) or control_model(name) for name in wanted}
    return [(_with_vectors(model, models, home), wanted[name]) for name, model in found.items() if model]


def _with_vectors(model: Model, models: Mapping[str, Model], home: Home) -> Model:
    """`model`, or permuted labels with the vectors of the first contestant that is here."""
    if model.name != PERMUTED:
        return model
    contestants = [other for other in models.values() if not other.control]
    here = [other for other in contestants if not _unusable(other, home)[0]]
    first = next(iter([*here, *contestants]), None) or find_model(catalog()[0].name, home)
    return replace(first, name=PERMUTED, note=f"{model.note[:-1]}: {first.name}.", control=True)


def _units(
    selection: Selection,
    model: Model,
    name: str,
    task: Outline,
    protocol: Protocol,
    axes: Axes,
    drawn: Mapping[str, str],
) -> list[Unit]:
    """One unit for each seed."""
    spec = _spec(model, task, protocol, axes, drawn)
    label = " ".join([preset_label(axes, protocol.axes), *overridden(protocol)])
    return [
        Unit(model.name, name, protocol.name, label, seed, _with_seed(spec, seed))
        for seed in selection.seeds
    ]


def _check(selection: Selection) -> None:
    for name in ("models", "tasks", "protocols", "seeds"):
        if not getattr(selection, name):
            raise UsageError(f"No {name} are chosen.", "Choose at least one.")
    find_scheme(selection.scheme).check(selection.seeds)


class _Tasks(Mapping[str, Task]):
    """Name -> task, each loaded when it is first asked for: a dry run asks for none."""

    def __init__(self, loaders: Mapping[str, Callable[[], Task]]) -> None:
        self._loaders = loaders

    def __getitem__(self, name: str) -> Task:
        return self._loaders[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


def _find_tasks(
    selection: Selection, axes: Axes, home: Home
) -> tuple[dict[str, Outline], _Tasks, dict[str, str]]:
    reading = Reading(axes.labels, selection.text, axes.provenance, selection.descriptions)
    outlines: dict[str, Outline] = {}
    loaders: dict[str, Callable[[], Task]] = {}
    refused: dict[str, str] = {}
    for name in selection.tasks:
        try:
            outline, load = outlined(name, home, reading)
        except DataError as error:
            refused[name] = str(error)
        else:
            first = outlines.setdefault(outline.name, outline)
            loaders.setdefault(outline.name, load)
            if first.hash != outline.hash:
                refused[name] = (
                    f"Another task of the selection is called {outline.name} too; rename the file."
                )
    return outlines, _Tasks(loaders), refused


def _unusable(model: Model, home: Home) -> tuple[str, bool]:
    """Why the model cannot be used here and now, empty if it can; and whether it only is not here."""
    if model.kind == "control":
        return "", False
    if model.kind == "endpoint":
        return _not_agreed(model, home), False
    if local_path(model, home) is None:
        return " ".join(how_to_get(model)), True
    return " ".join(unlike_pinned(model, home) or ()), False


def _not_agreed(model: Model, home: Home) -> str:
    # Brings an HTTP client, which few need.
    from engine.embedding.endpoint.consent import agreed_hosts, host_of, refuse_offline

    try:
        refuse_offline(model)
    except ModelError as error:
        return str(error)
    host = host_of(model)
    if host in agreed_hosts(home):
        return ""
    return (
        f"{model.name} would send every text of the chosen tasks to {host}; nothing is sent before you "
        f"agree with `genearena models --allow {host}`."
    )


def _misfit(model: Model, protocol: Protocol, task: Outline, home: Home) -> str:
    if model.control and protocol.finetunes:
        return f"{model.name} is a control and has nothing to fine-tune; lr stands in for it."
    if model.name == COVERAGE and model.control and not task.partly_described:
        return f"The genes of {task.name} all have a text or all lack one, so coverage does not apply."
    if not protocol.finetunes:
        return ""
    if model.kind in ("vectors", "endpoint"):
        return f"{model.name} is not an encoder on this machine, so it cannot be fine-tuned."
    if is_static(model, home):
        return f"{model.name} has static token vectors and no layers, so it cannot be fine-tuned."
    return ""


def _spec(
    model: Model, task: Outline, protocol: Protocol, axes: Axes, drawn: Mapping[str, str]
) -> dict[str, Any]:
    """Everything of a unit but its seed; see `Unit.spec`."""
    encodes = not protocol.finetunes
    return {
        "v": SPEC_VERSION,
        "model": _source(model),
        "embedding": embedding_options(model, axes).spec if encodes else {},
        "input": _input(model, protocol, axes),
        "task": task.hash,
        "protocol": {
            "name": protocol.name,
            "revision": protocol.revision,
            "params": {name: list(v) if isinstance(v, tuple) else v for name, v in protocol.params.items()},
        },
        "axes": {"text": task.recipe, **relevant_axes(axes, protocol.axes)},
        "split": dict(drawn),
    }


def _drawn(scheme: str, home: Home) -> dict[str, str]:
    """What a split depends on beside its task and seed."""
    families = {"families": families_here(home).name} if find_scheme(scheme).by_family else {}
    return {"scheme": scheme, **families}


def _source(model: Model) -> dict[str, Any]:
    """What tells the model's vectors from any others."""
    # A local model is its content (the revision is its digest): moving it changes no number.
    source = "" if model.kind in ("folder", "vectors") else model.source
    named = {"kind": model.kind, "source": source, "revision": model.revision}
    if not model.control or model.kind == "control":
        return named
    control = CONTROLS[model.name]
    return {"kind": "control", "source": control.name, "revision": str(control.revision), "of": named}


def _input(model: Model, protocol: Protocol, axes: Axes) -> dict[str, Any]:
    """How a model that is fine-tuned reads texts; a frozen one makes the vectors that embedding makes."""
    if not protocol.finetunes:
        return {"prefix": ""}
    options = embedding_options(model, axes)
    if protocol.axes == "finetune":
        return {"prefix": options.prefix}
    names = ("prefix", "pooling", "normalize", "truncate_dim")
    return {name: value for name, value in options.spec.items() if name in names}


def _with_seed(spec: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return {**spec, "split": {**spec["split"], "seed": seed}}
