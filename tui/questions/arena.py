"""Everything the screens ask of the engine and the store, in one place that a test can replace.

Every method may block (files, DuckDB), so screens call them from thread workers only; nothing
heavy is imported before the method that needs it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from store.errors import StoreError, UsageError
from tui.questions import catalog
from tui.questions.ahead import Ahead
from tui.questions.kept import read_kept, write_kept
from tui.questions.saved import SavedResults

if TYPE_CHECKING:
    from engine.cancel import Progress
    from engine.data.formats.choices import Choices
    from engine.data.preview import Preview
    from engine.homes.removal import Own
    from engine.leaks.finding import Finding
    from engine.mailbox import Entry, RequestKind, Status
    from engine.plan.launch import Launch
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from store.records import Brought, Task
    from tui.questions.catalog import Catalog, ModelCard
    from tui.questions.cells import Place
    from tui.questions.imports import Imported
    from tui.questions.nearest import Cut
    from tui.questions.runs import PastRun, RunRead


@dataclass(frozen=True, slots=True)
class Pulse:
    """What changes by itself: the run's snapshot and a token that moves with the database."""

    status: Status | None = None
    store: int = 0
    waiting: int = 0
    """How many selections wait for the runner."""
    queue: tuple[Entry, ...] = ()
    """What was begun and is not finished, and then what waits."""
    damaged: int = 0
    """Files of the queue that cannot be read."""
    shelf: int = 0
    """A token that moves when tasks or models are imported or removed, be it by another process."""
    looked: bool = True
    """Whether this was seen; otherwise nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Models:
    """What the first frame shows."""

    cards: tuple[ModelCard, ...]
    chosen: tuple[str, ...]


class Arena(SavedResults):
    """The engine and the store of one home, as the screens see them."""

    _models: Ahead[Models] | None = None
    """The models of the first frame, while the catalog has not been read."""

    # ------------------------------------------------------------------ choosing

    def catalog(self) -> Catalog:
        """Everything that can be chosen in this home."""
        ahead, self._models = self._models, None
        found = ahead.take() if ahead else None
        return catalog.read_catalog(self.home, found.cards if found else None)

    def read_ahead(self) -> None:
        """Begin to read the models, for the first frame; what fails is said when the catalog is read."""
        self._models = Ahead(self._read_models)

    def _read_models(self) -> Models:
        cards, last = catalog.read_cards(self.home), self.last_choice()
        return Models(cards, last.models if last else catalog.first_models(cards))

    def models_ahead(self) -> Models | None:
        """What was read ahead, if it has been by now; the one method that never blocks."""
        return self._models.look() if self._models else None

    def task(self, name: str, selection: Selection) -> Task:
        """One task as `selection` would use it, with the audit of its labels."""
        from engine.catalog.presets import axes_for
        from engine.data.load import load_task

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
        from engine.plan.plan import build_plan

        with self._lock:
            finished = self._open().finished()
        return build_plan(selection, self.home, finished)

    def cached(self, model: str, plan: Plan) -> tuple[int, int]:
        """How many texts of `plan` a model has cached vectors of, and how many texts there are."""
        texts = {text for task in plan.tasks.values() for text in task.texts}
        return self._cached(model, texts, plan), len(texts)

    def _cached(self, model: str, texts: set[str], plan: Plan) -> int:
        from engine.catalog.models import embedding_options, find_model
        from engine.catalog.presets import axes_for
        from tui.questions.nearest import cached

        found = plan.models.get(model) or find_model(model, self.home)
        axes = axes_for(plan.selection.preset, plan.selection.axes)
        return len(cached(texts, found, embedding_options(found, axes), self.home.embeddings))

    def to_embed(self, plan: Plan) -> dict[str, int]:
        """Model -> how many texts it has to embed first for what is left of `plan`; none where zero."""
        wanted: dict[str, set[str]] = {}
        own = {model.source: name for name, model in plan.models.items() if not model.control}
        for unit in plan.todo:
            model = plan.models[unit.model]
            if unit.family == "vectors" and model.kind not in ("vectors", "control"):
                # Permuted labels have the vectors of a contestant, which are embedded once.
                name = own.get(model.source, unit.model)
                wanted.setdefault(name, set()).update(plan.tasks[unit.task].texts)
        left = {name: len(texts) - self._cached(name, texts, plan) for name, texts in wanted.items()}
        return {name: count for name, count in left.items() if count}

    def change(self, selection: Selection, what: str, value: str) -> Selection:
        """`selection` with one thing set from what was typed; see `tui.questions.catalog`."""
        return catalog.change(self.home, selection, what, value)

    def selection_of(self, place: Place) -> Selection:
        """What to choose to get one cell of a ranked table; see `tui.questions.catalog`."""
        return catalog.selection_of(self.home, place)

    def saved_selections(self) -> dict[str, Selection]:
        """The selections kept by name."""
        from engine.plan.selection import Selection

        found = {}
        for name, data in read_kept(self.home, "selections.json").items():
            with contextlib.suppress(TypeError, KeyError):
                found[name] = Selection.from_json(data)
        return found

    def save_selection(self, name: str, selection: Selection) -> None:
        """Keep a selection under a name."""
        kept = read_kept(self.home, "selections.json")
        write_kept(self.home, "selections.json", {**kept, name: selection.to_json()})

    def last_choice(self) -> Selection | None:
        """What was chosen when the arena was left; None if nothing else than at first ever was."""
        from engine.plan.selection import Selection

        with contextlib.suppress(TypeError, KeyError):
            return Selection.from_json(read_kept(self.home, "choice.json"))
        return None

    def keep_choice(self, selection: Selection) -> None:
        """Keep what is chosen for the next time."""
        write_kept(self.home, "choice.json", selection.to_json())

    def leaks(
        self, task: str, selection: Selection, cancel: threading.Event, progress: Progress
    ) -> Sequence[Finding]:
        """What may give the labels of a task away; see `tui.questions.leaks`."""
        from tui.questions.leaks import leaks

        return leaks(self.home, task, selection, cancel, progress)

    def there(self, path: str) -> bool:
        """Whether there is a file or folder at what a person wrote."""
        from store.files import user_path

        return user_path(path).exists()

    def open_preview(self, kind: str, path: str) -> Callable[[Choices], Preview]:
        """A file, opened to show what an import would make of it; see `tui.questions.imports`."""
        from tui.questions.imports import open_preview

        return open_preview(self.home, kind, path)

    def import_file(self, kind: str, path: str, choices: Choices | None) -> Imported:
        """Take a file or folder over; see `tui.questions.imports`."""
        from tui.questions.imports import import_file

        self._writable("import anything")
        return import_file(self.home, kind, path, choices)

    def import_part(self, task: str, tables: str) -> Imported:
        """Make a task of the genes of another that tables of vectors have; see `tui.questions.imports`."""
        from tui.questions.imports import import_part

        self._writable("import anything")
        return import_part(self.home, task, tables)

    def own(self, kind: Brought, name: str) -> Own:
        """What would be removed.

        Raises:
            UsageError: it comes with the program, or there is no such thing.
        """
        from engine.homes.removal import find_own

        return find_own(self.home, kind, name)

    def take_back(self, kind: Brought, name: str) -> tuple[str, ...]:
        """Remove something that a user brought in; what was done, a sentence each."""
        from engine.homes.removal import take_back

        self._writable("remove anything")
        return take_back(self.home, kind, name)

    def fetch_model(
        self, name: str, cancel: threading.Event, progress: Callable[[str, int, int], None]
    ) -> str:
        """Download a model or a public data set; see `tui.questions.imports`."""
        from tui.questions.imports import fetch_model

        self._writable("fetch anything")
        return fetch_model(self.home, name, cancel, progress)

    # ------------------------------------------------------------------ running

    def questions(self, plan: Plan) -> dict[str, str]:
        """What has to be agreed to before texts of `plan` leave this machine: host -> the question."""
        from tui.questions.consent import questions

        return questions(plan, self.home)

    def agree(self, host: str) -> None:
        """Record that texts may be sent to a host."""
        from engine.embedding.endpoint.consent import agree

        self._writable("agree that texts are sent")
        agree(self.home, host)

    def launch(self, *selections: Selection) -> bool:
        """Queue those of `selections` that do not wait already for the runner, started if there is none.

        Returns:
            Whether they wait for a run that goes on.
        """
        from engine.plan.launch import Launch

        return self._queue(*map(Launch, selections))

    def _queue(self, *launches: Launch) -> bool:
        from engine import mailbox

        self._writable("start a run")
        with self._lock:
            self._open()
        live = mailbox.runner_alive(self.home)
        waiting = [entry.launch for entry in mailbox.waiting(self.home)]
        self.home.create()
        for launch in launches:
            if launch not in waiting:
                mailbox.enqueue(self.home, launch)
        mailbox.start_runner(self.home, wait=False)
        return live

    def runner_missing(self) -> bool:
        """Whether something is queued and no runner is there to take it."""
        from engine import mailbox

        return bool(mailbox.waiting(self.home)) and not mailbox.runner_alive(self.home)

    def runner_error(self) -> StoreError:
        """Why the runner did not start, from the last thing it wrote."""
        from engine import mailbox

        return mailbox.runner_error(self.home)

    def read_run(self, selection: Mapping[str, Any], started_at: str = "") -> RunRead:
        """Every unit of a run's selection as the store knows it; see `tui.questions.runs`.

        Raises:
            UsageError: a name in it is not known any more.
        """
        from engine.plan.selection import Selection
        from tui.questions.runs import read_run

        plan = self.plan(Selection.from_json(selection))
        with self._reading() as con:
            return read_run(con, plan, started_at)

    def past_runs(self) -> list[PastRun]:
        """The latest runs of this home, newest first."""
        from tui.questions.runs import past_runs

        with self._reading() as con:
            return past_runs(con) if con else []

    def request(self, what: RequestKind, key: str = "") -> None:
        """Leave a request for the runner."""
        from engine import mailbox

        self._writable(f"{what} a run")
        mailbox.request(self.home, what, key)

    def relaunch(self, retry_failed: bool = False) -> None:
        """Go on with all that was begun and is not finished, or run what failed in the last run again.

        It goes before all that waits. While a run is live, what failed in it waits in the queue, once
        however often it is asked for.

        Raises:
            UsageError: nothing ever ran here.
        """
        from engine import mailbox

        self._writable("start a run")
        alive = mailbox.runner_alive(self.home)
        begun = mailbox.unfinished(self.home, alive)
        if begun and not alive and not retry_failed:
            mailbox.go_on(self.home, begun)
            return
        last = mailbox.last_launch(self.home)
        waiting = [entry.launch for entry in mailbox.waiting(self.home)]
        if last is None and not waiting:
            raise UsageError("There is no earlier run to go on with.", "Choose on the Plan screen (1).")
        if last is None:
            mailbox.start_runner(self.home)
            return
        again = replace(last, selection=replace(last.selection, retry_failed=retry_failed))
        if alive or waiting[:1] in ([], [again]):
            self._queue(again)
        else:
            mailbox.launch(self.home, again, first=True)

    def pulse(self) -> Pulse:
        """The run's latest snapshot, and whether the database has moved."""
        from engine import mailbox

        try:
            stamp = self.home.database.stat().st_mtime_ns
        except OSError:
            stamp = 0
        status, waiting = mailbox.read_status(self.home), mailbox.waiting(self.home)
        begun = mailbox.unfinished(self.home, status is not None and status.live)
        broken = len(mailbox.damaged(self.home))
        return Pulse(status, stamp, len(waiting), (*begun, *waiting), broken, self._shelf())

    def _shelf(self) -> int:
        """When tasks or settings last came or went; 0 if there are none."""
        found = 0
        for path in (self.home.tasks, self.home.config_file):
            with contextlib.suppress(OSError):
                found = max(found, path.stat().st_mtime_ns)
        return found

    def drop(self, id: str) -> None:
        """Forget one launch of the queue.

        Raises:
            UsageError: it has begun meanwhile.
        """
        from engine import mailbox

        self._writable("change the queue")
        mailbox.drop(self.home, id)

    def cuts(self, text: str) -> Iterable[Cut]:
        """Where each model that is on this machine stops reading `text`, one after the other."""
        from tui.questions.nearest import cuts

        return cuts(text, self.home)

    def _writable(self, what: str) -> None:
        if self.readonly:
            raise UsageError(
                f"This window cannot {what}: it was opened with --readonly.",
                "Open another without it.",
            )
