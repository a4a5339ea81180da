"""An array as its coordinator sees it: journals and heartbeats in its folder, and what SLURM says of it.

What is in a network file system may be seen late, in part, or for a moment not at all. So a line that does
not check out is looked at again for as long as its writer may live, and an array is over only once what its
tasks said they had saved has been read, or they have been gone for `grace_s`.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from engine.mailbox import LIVE, WorkerStatus
from engine.run.crashes import in_flight, read_strikes
from engine.run.events import EpochFinished, Event, Log, ModelMeasured, UnitFinished, UnitStarted
from engine.run.left_out import reason_of
from engine.run.shards.array import Frozen
from engine.run.shards.last_words import death_words, last_line, stage_words
from store.errors import StoreError
from store.files import read_json
from store.journal import Damaged, Entry, read_journal
from store.provenance import Environment
from store.readback import read_environment, read_failed, read_measurement, read_scored
from store.records import Epoch

SILENT: Final = 150.0
"""Seconds without a new heartbeat, of which there is one every five, before a task is called silent.

More than two minutes: a task loads its libraries before its first one, and a client of NFS may hold for a
minute that there is none.
"""
LAST_WORD: Final = 70.0
"""Seconds for which the last heartbeat of a task that SLURM has no more may be on its way, through NFS."""

SEEN: Final = 70.0
"""Seconds until all that killed tasks have saved is seen: NFS may hold a folder's list for a minute."""

_LATER: Final = Log("info", "")
"""Stands for what cannot be told before its environment is read."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A task of an array that has not ended, as its scheduler says."""

    index: int
    state: str
    """As SLURM calls it, e.g. `PENDING`, `RUNNING`."""
    node: str
    """Empty until it has one."""
    reason: str
    """Why it waits."""


@dataclass(slots=True)
class _Beat:
    """What was last heard of a task."""

    data: Mapping[str, Any]
    changed: float
    """When, by this process's clock."""


class Followed:
    """Reads what the tasks of one array leave; writes nothing."""

    def __init__(self, frozen: Frozen, quiet_s: float = 0.0) -> None:
        """Have read nothing yet; nothing was written there for `quiet_s`, as far as is known."""
        self.frozen = frozen
        self._quiet_s = quiet_s
        self.units = {unit.key: unit for shard in frozen.shards for unit in shard.units}
        self.outcomes = 0
        """That were read here."""
        self._offsets: dict[str, int] = {}
        self._read: Counter[str] = Counter()
        """Journal -> outcomes that were read from it."""
        self._environments: dict[str, Environment] = {}
        self._beats: dict[int, _Beat] = {}
        self._queued: dict[int, Queued] = {}
        self._nodes: dict[int, str] = {}
        """Where tasks were last seen to run."""
        self._runs: dict[int, float] = {}
        """When tasks were first seen to run."""
        self._left: dict[int, float] = {}
        """When tasks were first seen to have left."""
        self._gone: float | None = None
        """Since when SLURM has none of its tasks."""
        self._said: set[tuple[object, ...]] = set()

    # ------------------------------------------------------------------ what was saved

    def saved(self, *, closed: bool = False) -> Iterator[Event]:
        """What tasks have saved since the last call; `closed`: nobody writes any more."""
        yield from self._pass(closed=False)
        # Again: an outcome may stand in a file that is read before the one with its environment.
        yield from self._pass(closed=closed)

    def _pass(self, closed: bool) -> Iterator[Event]:
        for path in sorted(self.frozen.journals.glob("*.jsonl")):
            with suppress(StoreError):  # not to be seen at this moment
                for line in read_journal(path, self._offsets.get(path.name, 0), closed=closed):
                    event = None if isinstance(line, Damaged) else self._event(line)
                    if event is _LATER or isinstance(line, Damaged):
                        if not closed:
                            break  # perhaps only a part has arrived
                        event = None
                    self._offsets[path.name] = line.end
                    if isinstance(event, UnitFinished):
                        self.outcomes += 1
                        self._read[path.name] += 1
                    if event is not None:
                        yield event

    def _event(self, line: Entry) -> Event | None:
        """What a line says; None if that is no event, or cannot be read, so that its unit is done again."""
        with suppress(KeyError, TypeError, ValueError):
            record = line.record
            if line.kind == "environment":
                self._environments[line.key] = read_environment(record)
            elif record["environment"] not in self._environments:
                return _LATER
            elif line.kind == "measurement":
                return ModelMeasured(read_measurement(record), self._environments[record["environment"]])
            elif line.key in self.units and line.kind in ("scored", "failed"):
                read = read_scored if line.kind == "scored" else read_failed
                outcome = read(record, self.units[line.key])
                return UnitFinished(outcome, self._environments[outcome.environment])
        return None

    # ------------------------------------------------------------------ what is going on

    def queued(self, tasks: list[Queued]) -> None:
        """Take in what SLURM says: all tasks that have not ended."""
        before, self._queued = self._queued, {task.index: task for task in tasks}
        self._left |= dict.fromkeys(before.keys() - self._queued.keys(), time.monotonic())
        for task in tasks:
            if task.state == "RUNNING":
                self._runs.setdefault(task.index, time.monotonic())
        self._nodes |= {task.index: task.node for task in tasks if task.node}
        if tasks:
            self._gone, self._quiet_s = None, 0.0
        elif self._gone is None:
            self._gone = time.monotonic() - self._quiet_s

    def heard(self) -> Iterator[Event]:
        """What the heartbeats say that they did not say at the last call."""
        for index in range(len(self.frozen.shards)):
            data = None
            with suppress(StoreError):
                data = read_json(self.frozen.beat(index))
            if data is None:
                continue
            before = self._beats.get(index)
            if before is None or before.data != data:
                self._beats[index] = _Beat(data, time.monotonic())
                with suppress(KeyError, TypeError, ValueError):  # of another version
                    yield from self._news(index, data)

    def _news(self, index: int, data: Mapping[str, Any]) -> Iterator[Event]:
        for unit in data["running"]:
            if unit["key"] in self.units and self._first("unit", unit["key"]):
                yield UnitStarted(self.units[unit["key"]])
        for epoch in data["epochs"]:
            point = (epoch["stage"], epoch["epoch"])
            unit = self.units.get(epoch["key"])
            if unit and self._first("epoch", unit.key, point):
                if self._first("unit", unit.key):
                    yield UnitStarted(unit)
                seen = (epoch[name] for name in ("loss", "eval_auc", "learning_rate", "seconds"))
                yield EpochFinished(unit, Epoch(*point, *seen))
        for line in data["log"]:
            if self._first("log", index, line["time"], line["text"]):
                yield Log(line["level"], f"Task {index} on {data['host']}: {line['text']}")

    def begins(self, key: str) -> bool:
        """Whether this unit was not told to have started before; from here on it was."""
        return self._first("unit", key)

    def _first(self, *what: object) -> bool:
        fresh = what not in self._said
        self._said.add(what)
        return fresh

    def workers(self) -> tuple[WorkerStatus, ...]:
        """How each task stands."""
        return tuple(map(self._worker, range(len(self.frozen.shards))))

    def _worker(self, index: int) -> WorkerStatus:
        total = len(self.frozen.shards[index].units)
        task, beat = self._queued.get(index), self._beats.get(index)
        waits = task is not None and task.state == "PENDING"
        state = "ended" if task is None else "waits" if waits else "runs"
        name = f"{self.frozen.name} {index}"
        reason = task.reason if task and waits and task.reason != "None" else ""
        if task is None and self._died(index):
            state, reason = "died", death_words(self.frozen, index, beat.data if beat else None)
        log = str(self.frozen.log(index)) if state == "died" or beat or index in self._runs else ""
        if beat is None:
            node = task.node if task else ""
            if state == "runs" and time.monotonic() - self._runs.get(index, time.monotonic()) > SILENT:
                reason = f"nothing has come from it: see whether {node} shares {self.frozen.folder}"
                state = "silent"
            return WorkerStatus(name, state, node, total=total, message=reason, log=log)
        silence = time.monotonic() - beat.changed
        running = beat.data["running"] if state == "runs" else ()
        words = ["{model} {task} {protocol} seed {seed}".format(**unit) for unit in running]
        if state == "runs" and not running:
            words = [stage_words(stage) for stage in beat.data["stages"] if stage["done"] < stage["total"]]
        return WorkerStatus(
            name,
            "silent" if state == "runs" and silence > SILENT else state,
            beat.data["host"],
            beat.data["device"],
            tuple(unit["key"] for unit in running),
            next(iter(words), ""),
            beat.data["already_done"] + beat.data["scored"] + beat.data["failed"],
            total,
            beat.data["rate"],
            float(int(silence)),
            reason or beat.data["message"],
            log,
        )

    def _died(self, index: int) -> bool:
        """Whether a task that SLURM has no more gave no last word, as far as is known."""
        asked = self._gone is not None or self._queued
        if not asked or time.monotonic() - self._left.get(index, 0.0) < LAST_WORD:
            return False
        beat = self._beats.get(index)
        if beat is None:
            return index in self._runs or bool(last_line(self.frozen, index))
        done = beat.data["already_done"] + beat.data["scored"] + beat.data["failed"]
        return beat.data["state"] in LIVE and done < len(self.frozen.shards[index].units)

    # ------------------------------------------------------------------ how it ended

    def over(self, grace_s: float) -> bool:
        """Whether its tasks have ended and all has been read that they saved, as far as is known."""
        if self._gone is None:
            return False
        if time.monotonic() - self._gone >= grace_s:
            return True
        return all(map(self._settled, range(len(self.frozen.shards))))

    def _settled(self, index: int) -> bool:
        """Whether the task said that it ended, and what it then had saved is read."""
        beat = self._beats.get(index)
        if beat is None or beat.data.get("state") in LIVE:
            return False
        life = beat.data["run_id"]
        read = sum(count for file, count in self._read.items() if file.startswith(life))
        return read >= int(beat.data["scored"]) + int(beat.data["failed"])

    def deaths(self) -> Counter[str]:
        """What tasks were at when they died -> how often, over all their lives."""
        found: Counter[str] = Counter()
        for index in range(len(self.frozen.shards)):
            folder = self.frozen.marks(index)
            of_task = Counter(read_strikes(folder))
            of_task.update(in_flight(folder))
            found |= of_task  # what was held against work before the array is what each began with
        return found

    def died(self) -> bool:
        """Whether a task has died while it was at something."""
        return any(in_flight(self.frozen.marks(index)) for index in range(len(self.frozen.shards)))

    def why(self) -> str:
        """Why an array came to nothing, in a sentence or two."""
        for beat in self._beats.values():
            if beat.data.get("message"):
                said, host = reason_of(str(beat.data["message"])), str(beat.data.get("host", ""))
                return said if host in said else f"On {host}: {said}"
        for index in range(len(self.frozen.shards)):
            if last := last_line(self.frozen, index):
                return (
                    f"Task {index} of {self.frozen.name} ended early; it said last: {last.rstrip('.')}. "
                    f"Its node needs {sys.executable} as it is here, with genearena; all it printed is "
                    f"in {self.frozen.log(index)}."
                )
        nodes = ", ".join(sorted(set(self._nodes.values()))) or "the nodes"
        return (
            f"The tasks of {self.frozen.name} ended without a word in {self.frozen.folder}: "
            f"see whether {nodes} and this machine share that folder."
        )
