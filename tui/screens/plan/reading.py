"""What the Plan screen asks of the engine and the store: workers, and the messages they come back as."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from textual import work
from textual.message import Message
from textual.worker import get_current_worker

from store.errors import DataError, StoreError, UsageError
from tui.questions.catalog import Catalog
from tui.questions.saved import Past
from tui.screens.plan.panes import PlanPanes

if TYPE_CHECKING:
    from engine.data.tasks.sets import Sets
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from tui.screens.plan.cost import Tally
    from tui.screens.plan.facts import Printed, TaskFacts
    from tui.screens.plan.glance import Audited

AuditKey = tuple[Hashable, ...]

PATIENCE: Final = 20
"""Seconds that a runner may take to start on a busy machine."""


class PlanReading(PlanPanes):
    """A screen with a choice that is read about; every read comes back as a message."""

    _touched = False
    """Whether the choice is another than the one that is kept for the next time."""

    @dataclass
    class CatalogRead(Message):
        """The catalog is there."""

        catalog: Catalog
        last: Selection | None
        """What was chosen when the arena was left."""

    @dataclass
    class SetsRead(Message):
        """It is known which sets of tasks there are."""

        sets: Sets

    @dataclass
    class Counted(Message):
        """A choice has been turned into units."""

        tally: Tally

    @dataclass
    class FactsRead(Message):
        """Tasks have been read, as a choice would use them, and what the paper printed."""

        key: AuditKey
        facts: dict[str, TaskFacts]
        printed: Printed | None

    @dataclass
    class TaskRead(Message):
        """A task's audit is there."""

        key: AuditKey
        audit: Audited | str
        """A string says why it cannot be used."""

    @dataclass
    class CachedRead(Message):
        """It is known how much of the choice a model has embedded, and what that cost."""

        model: str
        sentence: str

    @dataclass
    class Launched(Message):
        """The runner has the selection."""

        waits: bool
        """Whether another run goes on before it."""

    @work(thread=True, exclusive=True, group="catalog", exit_on_error=False)
    def read_catalog(self) -> None:
        """Read the models, tasks and protocols."""
        self.post_message(self.CatalogRead(self.arena.catalog(), self.arena.last_choice()))
        self.post_message(self.SetsRead(self.arena.task_sets()))

    @work(thread=True, exclusive=True, group="count", exit_on_error=False)
    def count_units(self, selection: Selection) -> None:
        """Turn the choice into units and estimate their time."""
        from engine.machine import Machine
        from tui.screens.plan.cost import Tally, estimate

        if self._touched and not self.arena.readonly:
            self._touched = False
            with contextlib.suppress(StoreError):
                self.arena.keep_choice(selection)
        try:
            plan = self.arena.plan(selection)
        except (UsageError, DataError, StoreError) as error:
            passing = isinstance(error, StoreError)
            self.post_message(self.Counted(Tally(selection, None, str(error), passing=passing)))
            return
        trouble, past = "", Past()
        try:
            past = self.arena.past()
        except StoreError as error:
            trouble = str(error)
        cost = estimate(plan, past, self.arena.to_embed(plan))
        load = Machine().look()
        device, room = ("GPU", max(gpu[2] for gpu in load.gpus)) if load.gpus else ("memory", load.memory)
        asked = self.arena.questions(plan)
        tally = Tally(selection, plan, trouble, cost, device, room, asked, passing=bool(trouble))
        self.post_message(self.Counted(tally))

    @work(thread=True, exclusive=True, group="facts", exit_on_error=False)
    def read_facts(self, selection: Selection, catalog: Catalog) -> None:
        """Read the true counts, genes and texts of tasks: those that are chosen, then the others."""
        from tui.screens.plan.facts import MANY, facts_of, printed_means

        worker, key = get_current_worker(), facts_key(selection)
        printed = printed_means(selection.protocols)
        found: dict[str, TaskFacts] = {}
        small = [task.name for task in catalog.tasks if sum(task.counts) <= MANY and not task.problem]
        for names in (selection.tasks, small):
            for name in names:
                if worker.is_cancelled:
                    return
                with contextlib.suppress(DataError, UsageError):  # which the sum or the list says
                    found[name] = found.get(name) or facts_of(self.arena.task(name, selection))
            self.post_message(self.FactsRead(key, dict(found), printed))

    @work(thread=True, exclusive=True, group="audit", exit_on_error=False)
    def read_task(self, name: str, selection: Selection) -> None:
        """Read one task for its audit, and the other chosen ones for the genes they share with it."""
        from tui.screens.plan.glance import Audited

        key = audit_key(name, selection)
        try:
            task = self.arena.task(name, selection)
        except DataError as error:
            self.post_message(self.TaskRead(key, str(error)))
            return
        genes = set(task.genes)
        shares = {}
        for other in selection.tasks:
            if other != name:
                with contextlib.suppress(DataError):
                    shares[other] = len(genes & set(self.arena.task(other, selection).genes)) / len(genes)
        self.post_message(self.TaskRead(key, Audited(task, shares)))

    @work(thread=True, exclusive=True, group="cached", exit_on_error=False)
    def read_cached(self, model: str, plan: Plan) -> None:
        """See how much of the choice a model has embedded, and what embedding cost."""
        from tui.screens.plan.cost import embedded

        with contextlib.suppress(StoreError):  # which the sum tells; the next count reads again
            known = embedded(*self.arena.cached(model, plan), self.arena.measured(model))
            self.post_message(self.CachedRead(model, known))

    @work(thread=True, exclusive=True, group="launch", exit_on_error=False)
    def start(self, selection: Selection, hosts: Iterable[str] = ()) -> None:
        """Hand the choice to the runner, who may send texts to `hosts`, and see that there is one."""
        for host in hosts:
            self.arena.agree(host)
        self.post_message(self.Launched(self.arena.launch(selection)))
        worker = get_current_worker()
        for _ in range(PATIENCE):
            if worker.cancelled_event.wait(1.0) or not self.arena.runner_missing():
                return
        raise self.arena.runner_error()


def chosen_again(last: Selection | None, catalog: Catalog) -> Selection | None:
    """What was chosen when the arena was left, less what is not here any more; None if nothing is left."""
    if last is None or last.preset not in catalog.presets or last.scheme not in catalog.schemes:
        return None
    known = {
        "models": {card.model.name for card in catalog.models},
        "tasks": {task.name for task in catalog.tasks},
        "protocols": {protocol.name for protocol in catalog.protocols},
    }
    left: dict[str, Any] = {
        name: tuple(one for one in getattr(last, name) if one in known[name]) for name in known
    }
    axes = {name: value for name, value in last.axes.items() if name in catalog.axes}
    return replace(last, **left, axes=axes) if all(left.values()) and last.seeds else None


def facts_key(selection: Selection) -> AuditKey:
    """All of a choice that the facts of tasks, and the paper's table beside them, can depend on."""
    return (*audit_key("", selection), selection.protocols)


def audit_key(task: str, selection: Selection) -> AuditKey:
    """All of a choice that a task's audit, and what it shares with the others, can depend on."""
    axes = tuple(sorted(selection.axes.items()))
    return task, selection.tasks, selection.preset, axes, selection.text, selection.descriptions
