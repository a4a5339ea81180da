"""Questions of the Runs screen to the store: every unit of a run, when they ended, and earlier runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from engine.mailbox import UnitState, UnitStatus
from store.records import PHASES

if TYPE_CHECKING:
    import duckdb

    from engine.plan.plan import Plan

PAST: Final = 20
"""Earlier runs that are told of."""


@dataclass(frozen=True, slots=True)
class Barred:
    """A model and protocol of a run that cannot be run, and why."""

    model: str
    protocol: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunRead:
    """A run's selection as the store knows it."""

    units: tuple[UnitStatus, ...]
    """Failed ones, those still to come, then those scored."""
    barred: tuple[Barred, ...] = ()
    ended: tuple[float, ...] = ()
    """Seconds from the run's start to the end of each of its units, in order."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of this home."""

    id: str
    started_at: str
    """ISO 8601, UTC."""
    state: str
    """`started` (still at it, or interrupted), `finished`, `failed` or `cancelled`."""
    seconds: float | None
    """From its start to its end, or to the last unit that is known of it."""
    done: int
    total: int
    failed: int
    selection: Mapping[str, Any]
    why: str
    """How its first failed unit failed."""


def read_run(con: duckdb.DuckDBPyConnection | None, plan: Plan, started_at: str) -> RunRead:
    """Every unit of a plan, and when those that ended since `started_at` did."""
    scores: dict[str, tuple[float | None, float | None]] = {}
    ended: list[float] = []
    if con is not None:
        models = sorted({unit.model for unit in plan.units})
        query = f"select key, auc, {_SECONDS} from scores where list_contains(?, model)"
        scores = {key: (auc, took) for key, auc, took in con.execute(query, [models]).fetchall()}
        if started_at:
            start = datetime.fromisoformat(started_at).astimezone(UTC).replace(tzinfo=None)
            since = "select finished_at from units where finished_at >= ? order by 1"
            ended = [(at - start).total_seconds() for (at,) in con.execute(since, [start]).fetchall()]
    found: dict[UnitState, list[UnitStatus]] = {"failed": [], "queued": [], "scored": []}
    for unit in plan.units:
        done, failed = unit.key in plan.done, unit.key in plan.failed
        state: UnitState = "scored" if done else "failed" if failed else "queued"
        place = (unit.key, unit.model, unit.task, unit.protocol, unit.preset, unit.seed)
        auc, took = scores.get(unit.key, (None, None))
        found[state].append(UnitStatus(*place, state, auc, took))
    barred = dict.fromkeys(Barred(part.model, part.protocol, part.reason) for part in plan.blocked)
    return RunRead(tuple(unit for units in found.values() for unit in units), tuple(barred), tuple(ended))


def past_runs(con: duckdb.DuckDBPyConnection) -> list[PastRun]:
    """The latest runs, newest first."""
    rows = con.execute(_PAST, [PAST]).fetchall()
    return [
        PastRun(id, started, state, seconds, done, total, failed, json.loads(selection), why or "")
        for id, started, state, seconds, done, total, failed, selection, why in rows
    ]


_SECONDS: Final = " + ".join(f"coalesce(seconds['{phase}'], 0)" for phase in PHASES)
_PAST: Final = """
with latest as (
    select *, lead(started_at) over (order by started_at) as next
    from runs qualify row_number() over (order by started_at desc) <= ?
),
ends as (
    select id, count(key) filter (u.state = 'scored') as scored,
        count(key) filter (u.state = 'failed') as lost, max(u.finished_at) as last
    from latest as r left join units as u on u.finished_at >= r.started_at
        and u.finished_at <= coalesce(r.finished_at, r.next, '9999-01-01'::timestamp)
    group by id
)
select id, strftime(started_at, '%Y-%m-%dT%H:%M:%S'), state,
    epoch(coalesce(finished_at, last)) - epoch(started_at), already_done + scored, total, lost, selection,
    (select min_by(f.sentence, f.finished_at) from failures as f where f.finished_at >= started_at
        and f.finished_at <= coalesce(r.finished_at, r.next, '9999-01-01'::timestamp))
from latest as r join ends using (id) order by started_at desc"""
