"""The plainest executor: everything in the calling thread, one unit after the other."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cancel import Stopped
from engine.environment import describe_environment, now
from engine.plan.plan import Plan
from engine.run.compute import Compute, Context
from engine.run.contract import Mailbox
from engine.run.events import Capacity, EpochFinished, Event, Ready, UnitFinished, UnitStarted
from store.records import Cancelled, Epoch, Failed, Unit


class InlineExecutor:
    """Keeps `engine.run.contract.Executor` in forty lines; what others are compared with."""

    def __init__(self, compute: Compute) -> None:
        self.compute = compute
        self.environment = describe_environment("cpu", 1)

    def work(self, plan: Plan, mailbox: Mailbox) -> Iterator[Event]:
        yield Ready(("cpu",), Capacity(1, 1, by_turns=True))
        for unit in plan.todo:
            yield from self.unit(unit, plan, mailbox)

    def unit(self, unit: Unit, plan: Plan, mailbox: Mailbox) -> Iterator[Event]:
        try:
            cancel = mailbox.begin(unit.key)
        except Stopped:
            yield UnitFinished(Cancelled(unit))
            return
        yield UnitStarted(unit)
        epochs: list[Epoch] = []
        context = Context("cpu", self.environment.hash, cancel)
        try:
            outcome = self.score(unit, plan, context, epochs)
        except Stopped:
            outcome = Cancelled(unit)
        except Exception as error:  # the contract: what a unit raises is its failure
            outcome = Failed(unit, str(error), "", type(error).__name__, self.environment.hash, now())
        finally:
            mailbox.end(unit.key)
        yield from (EpochFinished(unit, epoch) for epoch in epochs)
        yield UnitFinished(outcome, None if isinstance(outcome, Cancelled) else self.environment)

    def score(self, unit: Unit, plan: Plan, context: Context, epochs: list[Epoch]):
        model, task = plan.models[unit.model], plan.tasks[unit.task]
        if unit.spec["embedding"]:
            vectors = self.compute.embed(unit, model, [task], context, lambda *_: None)
            return self.compute.classify(unit, task, vectors[task.name], context)
        told = (lambda _, epoch: epochs.append(epoch)), (lambda *_: None)
        [outcome] = self.compute.finetune([unit], model, task, context, *told)
        return outcome
