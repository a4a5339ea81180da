"""Everything the screens ask of the engine and the store, in one place that a test can replace.

Every method may block (files, DuckDB), so screens call them from thread workers only; nothing
heavy is imported before the method that needs it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from store.errors import StoreError, UsageError
from tui.kept import read_kept, write_kept
from tui.results import Results

if TYPE_CHECKING:
    from engine.catalog.presets import Axes
    from engine.catalog.protocols import Protocol
    from engine.control import RequestKind, Status, UnitState, UnitStatus
    from engine.data.tasks import TaskInfo
    from engine.plan import Plan, Selection
    from store.records import Model, Task
    from tui.bring import Brought
    from tui.lookups import Place
    from tui.neighbours import Cut

CLASSICAL: Final = ("lr", "rf", "lr-cv", "rf-cv")
"""The protocols chosen at first: those that need no fine-tuning."""


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
    seeds: tuple[int, ...] = ()
    """The paper's."""
    texts: tuple[str, ...] = ()
    axes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Axis -> the values it can be given by stepping through them."""
    first: Selection | None = None
    """What is chosen when the arena opens."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What changes by itself: the run's snapshot and a token that moves with the database."""

    status: Status | None = None
    store: int = 0


class Arena(Results):
    """The engine and the store of one home, as the screens see them."""

    # ------------------------------------------------------------------ choosing

    def catalog(self) -> Catalog:
        """Everything that can be chosen in this home."""
        from engine.catalog.models import list_models, local_path
        from engine.catalog.presets import PRESETS
        from engine.catalog.protocols import PROTOCOLS
        from engine.data.tasks import list_tasks, text_recipes
        from engine.plan import PAPER_SEEDS

        cards = []
        for model in list_models(self.home):
            place = local_path(model, self.home)
            cards.append(ModelCard(model, str(place) if place else ""))
        catalog = Catalog(
            tuple(cards),
            list_tasks(self.home),
            tuple(PROTOCOLS.values()),
            PRESETS,
            PAPER_SEEDS,
            text_recipes(),
            _axis_values(),
        )
        return replace(catalog, first=first_selection(catalog))

    def task(self, name: str, selection: Selection) -> Task:
        """One task as `selection` would use it, with the audit of its labels."""
        from engine.catalog.presets import axes_for
        from engine.data.tasks import load_task

        axes = axes_for(selection.preset, selection.axes)
        return load_task(
            name,
            self.home,
            labels=axes.labels,
            text=selection.text,
            provenance=axes.provenance,
            descriptions=selection.descriptions,
        )

    def plan(self, selection: Selection) -> Plan:
        """What `selection` comes to, minus what is already saved."""
        from engine.plan import build_plan

        with self._lock:
            finished = self._open().finished()
        return build_plan(selection, self.home, finished)

    def cached(self, model: str, plan: Plan) -> tuple[int, int]:
        """How many texts of `plan` a model has cached vectors of, and how many texts there are."""
        from engine.catalog.models import embedding_options, find_model
        from engine.catalog.presets import axes_for
        from tui.neighbours import cached

        texts = {text for task in plan.tasks.values() for text in task.texts}
        found, axes = find_model(model, self.home), axes_for(plan.selection.preset, plan.selection.axes)
        return len(cached(texts, found, embedding_options(found, axes), self.home.embeddings)), len(texts)

    def change(self, selection: Selection, what: str, value: str) -> Selection:
        """`selection` with one thing set from what was typed.

        Args:
            selection: What is chosen now.
            what: `seeds`, `axis`, `text`, `descriptions`, `param`, `model` or `task`.
            value: As on the command line; `NAME=VALUE` for an axis or a parameter.

        Raises:
            UsageError: it cannot be set so.
            DataError: a file that is named cannot be used.
        """
        from engine.catalog.models import find_model
        from engine.catalog.presets import axes_for
        from tui.commands.select import parse_seeds, resolve_descriptions, resolve_tasks

        name, mark, rest = (part.strip() for part in value.partition("="))
        if what in ("axis", "param") and not (mark and name):
            raise UsageError(f"{value!r} is not NAME=VALUE.")
        match what:
            case "seeds":
                return replace(selection, seeds=parse_seeds(value))
            case "axis":
                set_to = getattr(axes_for(selection.preset, {**selection.axes, name: rest}), name)
                return replace(selection, axes={**selection.axes, name: set_to})
            case "param":
                return replace(selection, params={**selection.params, name: rest})
            case "text":
                return replace(selection, text=value)
            case "descriptions":
                return replace(selection, descriptions=resolve_descriptions(self.home, value))
            case "model":
                chosen = dict.fromkeys((*selection.models, find_model(value, self.home).name))
                return replace(selection, models=tuple(chosen))
            case "task":
                chosen = dict.fromkeys((*selection.tasks, *resolve_tasks(self.home, [value])))
                return replace(selection, tasks=tuple(chosen))
        raise UsageError(f"There is nothing named {what!r} to set.")

    def selection_of(self, place: Place) -> Selection:
        """What to choose on the Plan screen to get one cell of a ranked table, over the paper's seeds.

        Raises:
            UsageError: its texts came from a file, which the table does not know.
        """
        from engine.catalog.models import list_models
        from engine.plan import Selection

        if "@" in place.text:
            raise UsageError(
                f"The texts {place.text} came from a file.",
                "Choose it again with :descriptions on Plan (1).",
            )
        by_paper = {model.paper_name: model.name for model in list_models(self.home) if model.paper_name}
        preset, *axes = place.preset.split()
        chosen = Selection(
            (by_paper.get(place.model, place.model),),
            (place.task,),
            (place.protocol,),
            preset=preset,
            text=place.text,
        )
        for axis in axes:
            chosen = self.change(chosen, "axis", axis)
        return chosen

    def saved_selections(self) -> dict[str, Selection]:
        """The selections kept by name."""
        from engine.plan import Selection

        found = {}
        for name, data in read_kept(self.home, "selections.json").items():
            with contextlib.suppress(TypeError, KeyError):
                found[name] = Selection.from_json(data)
        return found

    def save_selection(self, name: str, selection: Selection) -> None:
        """Keep a selection under a name."""
        kept = read_kept(self.home, "selections.json")
        write_kept(self.home, "selections.json", {**kept, name: selection.to_json()})

    def bring(self, kind: str, path: str) -> Brought:
        """Take a file or folder over; see `tui.bring`."""
        from tui.bring import bring

        self._writable("bring anything in")
        return bring(self.home, kind, path)

    def fetch_model(
        self, name: str, cancel: threading.Event, progress: Callable[[str, int, int], None]
    ) -> str:
        """Download a model or a public data set; see `tui.bring`."""
        from tui.bring import fetch_model

        self._writable("fetch anything")
        return fetch_model(self.home, name, cancel, progress)

    # ------------------------------------------------------------------ running

    def launch(self, *selections: Selection) -> None:
        """Queue `selections` for the runner, which is started if there is none."""
        from engine import control

        self._writable("start a run")
        *first, last = selections
        for selection in first:
            control.enqueue(self.home, selection)
        control.launch(self.home, last)

    def runner_missing(self) -> bool:
        """Whether something is queued and no runner is there to take it."""
        from engine import control

        return bool(control.queued(self.home)) and not control.runner_alive(self.home)

    def runner_error(self) -> StoreError:
        """Why the runner did not start, from the last thing it wrote."""
        path = self.home.log / "runner.out"
        try:
            last = path.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        except OSError:
            last = ""
        said = f" It said last: {last}" if last else ""
        return StoreError(f"The runner did not start.{said}", f"All it wrote is in {path}.")

    def run_units(self, selection: Mapping[str, Any]) -> list[UnitStatus]:
        """Every unit of a run's selection as the store knows it: failed, still to come, then scored.

        Raises:
            UsageError: a name in it is not known any more.
        """
        from engine.control import UnitStatus
        from engine.plan import Selection

        plan = self.plan(Selection.from_json(selection))
        query = "select key, auc from scores where list_contains(?, model)"
        with self._reading() as con:
            aucs = dict(con.execute(query, [list(selection["models"])]).fetchall()) if con else {}
        found: dict[UnitState, list[UnitStatus]] = {"failed": [], "queued": [], "scored": []}
        for unit in plan.units:
            done, failed = unit.key in plan.done, unit.key in plan.failed
            state: UnitState = "scored" if done else "failed" if failed else "queued"
            place = (unit.key, unit.model, unit.task, unit.protocol, unit.preset, unit.seed)
            found[state].append(UnitStatus(*place, state, aucs.get(unit.key)))
        return [unit for units in found.values() for unit in units]

    def request(self, what: RequestKind, key: str = "") -> None:
        """Leave a request for the runner."""
        from engine import control

        self._writable(f"{what} a run")
        control.request(self.home, what, key)

    def relaunch(self, retry_failed: bool = False) -> None:
        """Start the last selection again: what is missing of it, and what failed if asked.

        Raises:
            UsageError: nothing ever ran here.
        """
        from engine import control

        self._writable("start a run")
        selection = control.last_selection(self.home)
        if selection is None:
            raise UsageError("There is no earlier run to go on with.", "Choose on the Plan screen (1).")
        control.launch(self.home, replace(selection, retry_failed=retry_failed))

    def pulse(self) -> Pulse:
        """The run's latest snapshot, and whether the database has moved."""
        from engine import control

        try:
            stamp = self.home.database.stat().st_mtime_ns
        except OSError:
            stamp = 0
        return Pulse(control.read_status(self.home), stamp)

    def cuts(self, text: str) -> list[Cut]:
        """Where each model that is on this machine stops reading `text`."""
        from tui.neighbours import cuts

        return cuts(text, [(card.model, card.place) for card in self.catalog().models if card.place])

    def _writable(self, what: str) -> None:
        if self.readonly:
            raise UsageError(
                f"This window cannot {what}: it was opened with --readonly.",
                "Open another without it.",
            )


def _axis_values() -> dict[str, tuple[Any, ...]]:
    """What each axis can be; a few usual values for one that takes any number."""
    from typing import get_args, get_type_hints

    from engine.catalog.presets import Axes

    return {name: get_args(hint) or (128, 256, 512) for name, hint in get_type_hints(Axes).items()}


def first_selection(catalog: Catalog) -> Selection:
    """What is chosen when the arena opens: a model that is here, the paper's tasks and its four
    classical protocols, over the paper's ten seeds.
    """
    from engine.plan import Selection

    bundled = [card.model.name for card in catalog.models if card.model.kind == "package" and card.place]
    here = bundled or [card.model.name for card in catalog.models if card.place]
    tasks = tuple(task.name for task in catalog.tasks if task.paper_task)
    known = {protocol.name for protocol in catalog.protocols}
    return Selection(
        models=tuple(here[:1]),
        tasks=tasks or tuple(task.name for task in catalog.tasks),
        protocols=tuple(name for name in CLASSICAL if name in known),
        seeds=catalog.seeds,
    )
