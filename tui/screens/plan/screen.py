"""Plan: choose models, tasks, protocols, a preset and splits; see what that comes to; start it."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import get_current_worker

from engine.machine import Machine
from store.errors import DataError, StoreError, UsageError
from tui.questions.arena import Pulse
from tui.questions.catalog import Catalog
from tui.questions.saved import Past
from tui.screens.base import SETTLE
from tui.screens.overlays.dialogs import Ask
from tui.screens.plan import controls
from tui.screens.plan import text as plan_text
from tui.screens.plan.glance import Audited, details, glance, in_full
from tui.screens.plan.text import CHOICES, COLUMNS, ONE_OF, Tally, estimate
from tui.screens.plan.typed import ChoosingScreen
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said
from tui.widgets.words import UNREAD, say

if TYPE_CHECKING:
    from engine.data.tasks.sets import Sets
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection

AuditKey = tuple[Hashable, ...]

PATIENCE: Final = 20
"""Seconds that a runner may take to start on a busy machine."""

AGAIN: Final = 5.0
"""Seconds after which a choice is counted again: during a run, or if it could not be counted in full."""


class PlanScreen(ChoosingScreen):
    """Lists to choose from, a glance at the row under the cursor, and the sum of it all."""

    MODE = "plan"
    CSS_PATH = None
    ABOUT = (
        "Choose models, tasks, protocols, a preset, a scheme of splits and seeds. "
        "What is already saved is never run again; Enter runs the rest."
    )
    FOOTER = ("plan.launch", "grid.mark", "plan.step", "filter", "pane.next", "plan.import")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,r",
            "launch",
            "Run",
            tooltip="Start what is chosen and not yet done",
            id="plan.launch",
        ),
        Binding("space", "step", "Change", tooltip="The axis' next value", id="plan.step"),
        Binding(
            "t",
            "next_set",
            "Set of tasks",
            show=False,
            tooltip="Choose the tasks of the next set and no others; :set NAME chooses those of one",
            id="plan.set",
        ),
        Binding(
            "c",
            "controls",
            "Controls",
            show=False,
            tooltip="Controls beside the models: none, the usual ones or all; :controls all chooses them",
            id="plan.controls",
        ),
        Binding("i", "details", "Details", tooltip="All about the row under the cursor", id="plan.details"),
    ]

    @dataclass
    class CatalogRead(Message):
        """The catalog is there."""

        catalog: Catalog

    @dataclass
    class SetsRead(Message):
        """It is known which sets of tasks there are."""

        sets: Sets

    @dataclass
    class Counted(Message):
        """A choice has been turned into units."""

        tally: Tally

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

    def __init__(self) -> None:
        """Make the screen; its lists fill once the catalog is read."""
        super().__init__()
        self._counted: Tally | None = None
        """What the choice comes to; None while it is being counted."""
        self._sets: Sets = {}
        self._wanted = False
        """Whether the choice is to be started as soon as it is counted."""
        self._live = False
        self._store = 0
        """Whether a run goes on, as far as this screen has shown."""
        self._settling: Timer | None = None
        self._tasks: dict[AuditKey, Audited | str] = {}
        """Audits read since the catalog was; a string says why there is none."""
        self._cached: dict[str, str] = {}
        """Model -> how many of the choice's texts it has embedded, in words; read since the last count."""

    def compose_body(self) -> Iterable[Widget]:
        """The first list, the glance, the sum."""
        beside = Said(id="glance")
        beside.border_title = "i: all about it"
        with Horizontal(id="choices", classes="panes"):
            yield Vertical(self._pane("models"), classes="column -open")
            yield beside
        yield Said(id="sum")

    async def mount_rest(self) -> None:
        """The other lists, which would delay the first frame."""
        others = Vertical(*(self._pane(name) for name in CHOICES[1:]), classes="column")
        await self.query_one("#choices").mount(others, before="#glance")

    def _pane(self, name: str) -> Pane:
        grid = Grid(COLUMNS[name], markable=name != "axes", single=name in ONE_OF, id=name)
        return Pane(name.capitalize(), grid, id=f"{name}-pane", first=name == "models")

    def begin(self) -> None:
        """Take the focus and read the catalog."""
        self.query_one("#models-pane", Pane).open()
        self._show_sum()
        self.read_catalog()

    # ------------------------------------------------------------------ reading

    @work(thread=True, exclusive=True, group="catalog", exit_on_error=False)
    def read_catalog(self) -> None:
        """Read the models, tasks and protocols."""
        self.post_message(self.CatalogRead(self.arena.catalog()))
        self.post_message(self.SetsRead(self.arena.task_sets()))

    @work(thread=True, exclusive=True, group="count", exit_on_error=False)
    def count_units(self, selection: Selection) -> None:
        """Turn the choice into units and estimate their time."""
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

    @work(thread=True, exclusive=True, group="audit", exit_on_error=False)
    def read_task(self, name: str, selection: Selection) -> None:
        """Read one task for its audit, and the other chosen ones for the genes they share with it."""
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
        with contextlib.suppress(StoreError):  # which the sum tells; the next count reads again
            known = plan_text.embedded(*self.arena.cached(model, plan), self.arena.measured(model))
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

    @on(CatalogRead)
    def _catalog_read(self, message: CatalogRead) -> None:
        self.catalog = message.catalog
        self._tasks.clear()
        first = message.catalog.first
        if self.selection is not None:
            self.choose(self.selection)
        elif first is not None:
            self.choose(first)
            self.query_one("#models", Grid).go_to(first.models[0] if first.models else "")

    @on(SetsRead)
    def _sets_read(self, message: SetsRead) -> None:
        self._sets = message.sets
        self._show_titles()

    @on(Counted)
    def _units_counted(self, message: Counted) -> None:
        if message.tally.selection == self.selection:
            if self._counted is None or not self._live:  # else the glance would blink during a run
                self._cached.clear()
            self._counted = message.tally
            self._show_sum()
            self._show_glance()
            if message.tally.passing or (self._live and self.is_current):
                self._count_in(AGAIN)
            if self._wanted and self.is_current:
                self.action_launch()
            self._wanted = False

    @on(TaskRead)
    def _task_read(self, message: TaskRead) -> None:
        self._tasks[message.key] = message.audit
        self._show_glance()

    @on(CachedRead)
    def _cached_read(self, message: CachedRead) -> None:
        self._cached[message.model] = message.sentence
        self._show_glance()

    @on(Launched)
    def _launched(self, message: Launched) -> None:
        if message.waits:
            self.tell("Queued; it follows the run that goes on.", good=True)
        self.app.switch_mode("runs")

    def unread(self, group: str) -> None:
        """Without a catalog there is nothing to choose from."""
        if group == "catalog":
            self.query_one("#sum", Said).show((UNREAD, "warn"))

    # ------------------------------------------------------------------ showing

    def _fill(self) -> None:
        if self.selection is not None:
            for name, rows in plan_text.rows(self.catalog, self.selection).items():
                self.query_one(f"#{name}", Grid).show(rows)

    def _mark(self) -> None:
        selection = self.selection
        if selection is None:
            return
        chosen = {
            "models": selection.models,
            "tasks": selection.tasks,
            "protocols": selection.protocols,
            "preset": (selection.preset,),
            "axes": tuple(selection.axes),
            "scheme": (selection.scheme,),
            "seeds": tuple(map(str, selection.seeds)),
        }
        for name, keys in chosen.items():
            self.query_one(f"#{name}", Grid).mark(keys)
        self._show_titles()

    def _show_titles(self) -> None:
        for name in CHOICES:
            grid = self.query_one(f"#{name}", Grid)
            pane = self.query_one(f"#{name}-pane", Pane)
            chosen = [row for row in grid.rows if row.key in grid.marked]
            pane.say(*plan_text.title(name, chosen, len(grid.rows), self._sets))

    def _show_sum(self) -> None:
        text = say(("Reading the catalog.", "dim"))
        if self.selection is not None:
            text = plan_text.summary(self.selection, self._counted, self.arena.readonly, self._live)
        self.query_one("#sum", Said).show(text)
        self.refresh_bindings()

    def _show_glance(self) -> None:
        grid = self.focused
        if not isinstance(grid, Grid) or grid.current is None or self.selection is None:
            return
        key = grid.current.key
        tell = in_full if self.has_class("-wide") else glance
        self.query_one("#glance", Said).show(tell(str(grid.id), key, self.catalog, self._known(grid, key)))

    def _known(self, grid: Grid, key: str) -> Audited | str | None:
        """What is known of a row besides the catalog; None while it is being read."""
        assert self.selection is not None
        if grid.id == "tasks":
            audit = self._tasks.get(audit_key(key, self.selection))
            if audit is None:
                self.read_task(key, self.selection)
            return audit
        if key == controls.ROW:
            return controls.words(self.selection)
        plan = self._counted.plan if self._counted else None
        if grid.id == "models" and plan is not None and key not in self._cached:
            self.read_cached(key, plan)
        return self._cached.get(key)

    # ------------------------------------------------------------------ following the user

    @on(Grid.Marked)
    def _choice_changed(self) -> None:
        if self.selection is None:
            return
        grids = {name: self.query_one(f"#{name}", Grid) for name in CHOICES}
        marked = {
            name: tuple(row.key for row in grid.rows if row.key in grid.marked)
            for name, grid in grids.items()
        }
        preset = (marked["preset"] or (self.selection.preset,))[0]
        scheme = (marked["scheme"] or (self.selection.scheme,))[0]
        seeds = tuple(int(seed) for seed in marked["seeds"])
        self.choose(
            replace(
                self.selection,
                models=marked["models"],
                tasks=marked["tasks"],
                protocols=marked["protocols"],
                preset=preset,
                # Another preset is another start: what was set apart from the old one is dropped.
                axes=self.selection.axes if preset == self.selection.preset else {},
                scheme=scheme,
                # Another scheme has other splits, and what was chosen of the old one's means nothing in it.
                seeds=seeds if scheme == self.selection.scheme else self.catalog.schemes[scheme].seeds,
            )
        )

    def choose(self, selection: Selection) -> None:
        """Make this the choice: show it, and count what it comes to."""
        before, self.selection = self.selection, selection
        self._fill()
        self._mark()
        if before is not None and before.scheme != selection.scheme and selection.seeds:
            self.query_one("#seeds", Grid).go_to(str(selection.seeds[0]))
        self._recount()
        self._show_glance()

    def _recount(self) -> None:
        self._counted = None
        self._wanted = False
        self._show_sum()
        self._count_in(SETTLE)

    def _count_in(self, seconds: float) -> None:
        """Count after a while; what was counted shows until then."""
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(seconds, self._count_now)

    def _count_now(self) -> None:
        if self.selection is not None:
            self.count_units(self.selection)

    @on(Grid.Moved)
    def _cursor_moved(self) -> None:
        self._show_glance()

    def on_descendant_focus(self) -> None:
        """The glance follows the focus."""
        self._show_glance()

    def follow(self, pulse: Pulse) -> None:
        """Count again when a run has begun, added or ended something, or the results have vanished."""
        live = pulse.status is not None and pulse.status.live
        began_or_ended = live != self._live
        vanished = self._store > 0 and pulse.store == 0
        self._live, self._store = live, pulse.store
        moved = began_or_ended or vanished or (pulse.status is not None and not live)
        if self._counted is not None and moved:
            self._show_sum()
            self._count_in(SETTLE)

    def on_screen_resume(self) -> None:
        """Count again what a run may have done while another screen was shown."""
        if self._counted is not None:
            self._count_in(SETTLE)

    # ------------------------------------------------------------------ actions

    def why_not(self, action: str) -> str:
        """A run needs something to run."""
        if action == "plan.set" and not any(self._sets.values()):
            return "The sets of tasks are still being read; try again in a moment."
        if action != "plan.launch":
            return super().why_not(action)
        if self.arena.readonly:
            return "This window was opened with --readonly; open another one to start a run."
        if self.selection is None:
            return "The catalog is still being read; try again in a moment."
        if self._counted is None:
            return ""
        if self._counted.plan is None:
            return self._counted.trouble
        if not (self._counted.plan.todo or self._counted.questions):
            return "Nothing of it is left to run: 3 shows the ranks, or choose something more."
        return ""

    def action_launch(self) -> None:
        """Start what is to run and show it running; a choice that is being counted, once that is done."""
        if self.refused("plan.launch"):
            return
        self._wanted = self._counted is None
        if self._counted is None:
            self.tell("The choice is being counted; then it starts.", good=True)
        else:
            self.ask_and_start(self._counted)

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def ask_and_start(self, tally: Tally) -> None:
        """Start once it is agreed to each host that texts would be sent to."""
        for host, question in tally.questions.items():
            answers = [("y", f"agree: send them to {host}", "yes")]
            if not await self.app.push_screen_wait(
                Ask("Texts would leave this machine", question, answers)
            ):
                return
        self.start(tally.selection, tally.questions)

    def action_step(self) -> None:
        """Give the axis under the cursor its next value."""
        row = self.query_one("#axes", Grid).current
        if row is not None and self.selection is not None and self.query_one("#axes", Grid).has_focus:
            self.choose(plan_text.stepped(self.catalog, self.selection, row.key))

    def action_controls(self) -> None:
        """Choose none of the controls, the usual ones, or all."""
        if self.selection is not None:
            self.choose(controls.stepped(self.selection))

    def action_next_set(self) -> None:
        """Choose the tasks of the set after the one that is chosen, or of the first."""
        if self.selection is not None and not self.refused("plan.set"):
            tasks = plan_text.next_set(self._sets, self.selection.tasks)
            self.choose(replace(self.selection, tasks=tasks))

    def action_details(self) -> None:
        """Open all about the row under the cursor."""
        grid = self.focused
        if isinstance(grid, Grid) and grid.current is not None:
            key = grid.current.key
            self.app.push_screen(details(str(grid.id), key, self.catalog, self._known(grid, key)))


def audit_key(task: str, selection: Selection) -> AuditKey:
    """All of a choice that a task's audit, and what it shares with the others, can depend on."""
    axes = tuple(sorted(selection.axes.items()))
    return task, selection.tasks, selection.preset, axes, selection.text, selection.descriptions


SCREEN = PlanScreen
