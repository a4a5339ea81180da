"""Running what is missing of one cell, after telling what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message

from engine.catalog.controls import title_of
from tui.quantities import count, roughly
from tui.questions.cells import Place
from tui.screens.copy_export import TakingScreen
from tui.screens.overlays.dialogs import Ask
from tui.screens.plan.cost import estimate

if TYPE_CHECKING:
    from engine.plan.plan import Plan


class FillingScreen(TakingScreen):
    """A screen with cells, whose holes `plan_hole` offers to run."""

    @dataclass
    class HolePlanned(Message):
        """It is known what running one cell comes to."""

        place: Place
        plan: Plan
        seconds: float | None

    @dataclass
    class Launched(Message):
        """The runner has the cell."""

        waits: bool
        """Whether another run goes on before it."""

    @work(thread=True, exclusive=True, group="hole", exit_on_error=False)
    def plan_hole(self, place: Place) -> None:
        """Find out what running one cell comes to."""
        plan = self.arena.plan(self.arena.selection_of(place))
        cost = estimate(plan, self.arena.past(), self.arena.to_embed(plan))
        self.post_message(self.HolePlanned(place, plan, cost.seconds))

    @work(thread=True, exclusive=True, group="launch", exit_on_error=False)
    def launch(self, plan: Plan) -> None:
        """Hand the cell to the runner."""
        self.post_message(self.Launched(self.arena.launch(plan.selection)))

    @on(HolePlanned)
    def _hole_planned(self, message: HolePlanned) -> None:
        plan, place = message.plan, message.place
        what = f"{title_of(place.model)} / {place.task} / {place.arm.protocol}"
        if plan.blocked:
            self.tell(f"{what} cannot be run: {plan.blocked[0].reason}")
        elif not plan.todo:
            self.tell(f"{what} is done: {count(len(plan.done))} splits, {count(len(plan.failed))} failed.")
        else:
            units = f"{count(len(plan.todo), 'unit')} to run, {count(len(plan.done))} done. "
            question = Ask(f"Run {what}?", units + roughly(message.seconds), [("enter", "run it", "run")])

            def answered(answer: str | None) -> None:
                if answer:
                    self.launch(plan)

            self.app.push_screen(question, answered)

    @on(Launched)
    def _launched(self, message: Launched) -> None:
        begun = "Queued; it follows the run that goes on" if message.waits else "Started"
        self.tell(f"{begun}; the table fills as splits finish, and 2 shows the run.", good=True)
