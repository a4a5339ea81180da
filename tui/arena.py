"""Everything the screens ask of the engine and the store, in one place that a test can replace.

Every method may block (files, DuckDB), so screens call them from thread workers only; nothing
heavy is imported before the method that needs it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from store.errors import StoreBusy, UsageError
from tui.desk import SqlDesk
from tui.kept import read_kept, write_kept

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from engine.catalog.presets import Axes
    from engine.catalog.protocols import Protocol
    from engine.control import RequestKind, Status
    from engine.data.tasks import TaskInfo
    from engine.plan import Plan, Selection
    from store.home import Home
    from store.queries import Arm, Rankings
    from store.records import Model, Task
    from store.store import Store
    from tui.bring import Brought
    from tui.lookups import CellDetail, Contrast, GeneDetail, GeneRow, Place, Side
    from tui.neighbours import Cut, Neighbour

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


class Arena:
    """The engine and the store of one home, as the screens see them."""

    def __init__(self, home: Home, readonly: bool = False) -> None:
        self.home = home
        self.readonly = readonly
        self._store: Store | None = None
        self.desk = SqlDesk(home)
        """Where SQL is asked."""
        self._lock = threading.Lock()
        """Protects `_store`: its journal offsets are read by whichever worker plans."""

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
        """Download a model; see `tui.bring`."""
        from tui.bring import fetch_model

        self._writable("fetch anything")
        return fetch_model(self.home, name, cancel, progress)

    def pace(self) -> dict[tuple[str, str], float]:
        """Median seconds of a past unit by (model, protocol), from this store."""
        query = """
            select model, protocol, median(list_sum(map_values(seconds))) from scores group by all"""
        with self._reading() as con:
            rows = con.execute(query).fetchall() if con else []
        return {(model, protocol): seconds for model, protocol, seconds in rows if seconds is not None}

    # ------------------------------------------------------------------ running

    def launch(self, *selections: Selection) -> None:
        """Queue `selections` for the runner, which is started if there is none."""
        from engine import control

        self._writable("start a run")
        *first, last = selections
        for selection in first:
            control.enqueue(self.home, selection)
        control.launch(self.home, last)

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

    # ------------------------------------------------------------------ results

    def arms(self) -> list[Arm]:
        """The (protocol, preset, text) combinations that have results or reference rows."""
        from store.queries import arms

        with self._reading() as con:
            return arms(con) if con else []

    def rankings(self, protocol: str, preset: str, text: str, references: bool = True) -> Rankings:
        """The ranked table of one arm, with the paper's and the rerun's rows beside it."""
        from store.queries import Rankings, rankings

        with self._reading() as con:
            if con is None:
                return Rankings(protocol, preset, text, (), (), 0, 0)
            return rankings(con, protocol, preset, text, references)

    def cell_detail(self, place: Place) -> CellDetail | None:
        """One cell in full; None while nothing was ever saved here."""
        from tui.lookups import cell_detail

        with self._reading() as con:
            return cell_detail(con, place) if con else None

    def sides(self) -> list[Side]:
        """Everything that can be compared."""
        from tui.lookups import sides

        with self._reading() as con:
            return sides(con) if con else []

    def contrasts(self, first: Side, second: Side) -> list[Contrast]:
        """Two sides on every task that both have."""
        from tui.lookups import contrasts

        with self._reading() as con:
            return contrasts(con, first, second) if con else []

    def genes(self) -> list[GeneRow]:
        """Every gene of every task that was run, the worst told apart first."""
        from tui.lookups import genes

        with self._reading() as con:
            return genes(con) if con else []

    def gene_detail(self, gene: str) -> GeneDetail | None:
        """Labels, texts and test scores of one gene."""
        from tui.lookups import gene_detail

        with self._reading() as con:
            return gene_detail(con, gene) if con else None

    def neighbours(self, gene: str) -> tuple[str, list[Neighbour], str]:
        """The genes nearest to `gene` by the model with most results here.

        Returns:
            The model, the nearest genes, and why there are none.
        """
        from engine.catalog.models import embedding_options, find_model
        from engine.catalog.presets import axes_for
        from tui.lookups import embedded_genes
        from tui.neighbours import nearest

        with self._reading() as con:
            model_name, texts, labels = embedded_genes(con, gene) if con else ("", {}, {})
        if not model_name:
            return "", [], f"No model has embedded {gene} here yet."
        model = find_model(model_name, self.home)
        options = embedding_options(model, axes_for("paper"))
        found = nearest(gene, texts, labels, model, options, self.home.embeddings)
        return model_name, found, "" if found else f"The vectors of {model_name} are not in the cache."

    def cuts(self, text: str) -> list[Cut]:
        """Where each model that is on this machine stops reading `text`."""
        from tui.neighbours import cuts

        return cuts(text, [(card.model, card.place) for card in self.catalog().models if card.place])

    def failure(self, key: str) -> Mapping[str, str]:
        """The last failure of a unit: sentence, traceback, error; empty if it never failed."""
        query = """
            select sentence, traceback, error from failures where key = ? order by attempt desc limit 1"""
        with self._reading() as con:
            row = con.execute(query, [key]).fetchone() if con else None
        return dict(zip(("sentence", "traceback", "error"), row, strict=True)) if row else {}

    def export(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], path: str) -> Path:
        """Write a table in the format that the file's ending names; the file.

        Raises:
            UsageError: the ending names no format.
            DataError: the file cannot be written.
        """
        from engine.export import export_table

        return export_table(columns, rows, path).absolute()

    def sql_names(self) -> dict[str, tuple[str, ...]]:
        """Tables and views, each with its columns."""
        query = """
            select table_name, list(column_name order by ordinal_position)
            from information_schema.columns where table_schema = 'main' group by table_name order by 1"""
        with self._reading() as con:
            rows = con.execute(query).fetchall() if con else []
        return {table: tuple(columns) for table, columns in rows}

    # ------------------------------------------------------------------ inside

    def _open(self) -> Store:
        from store.store import Store

        if self._store is None:
            self._store = Store(self.home)
        return self._store

    @contextlib.contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """A read-only connection, or None while nothing was ever saved here."""
        from store import connect

        self.catch_up()
        if not self.home.database.exists():
            yield None
            return
        con = connect(self.home)
        try:
            yield con
        finally:
            con.close()

    def catch_up(self) -> None:
        """Apply what the journals have and the database has not, unless a runner does so anyway."""
        from engine import control

        if self.readonly or control.runner_alive(self.home):
            return
        with self._lock, contextlib.suppress(StoreBusy):
            self._open().flush()

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
