"""The shards of a job array, or the workers of a cluster, in words and as rows. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from engine.mailbox import Status, UnitStatus, WorkerStatus
from tui.quantities import count, paced, spelled
from tui.widgets.rows import Cell, Column, Piece, Row, cut
from tui.widgets.text import clean
from tui.widgets.words import Charset, Tone

Running = Mapping[str, UnitStatus]
_BAR: Final = 10
"""Cells of the bar of a shard."""
_LONGEST: Final = len("silent 59 m 59 s")
_DONE: Final = Column("done", "done", right=True)
_BEFORE: Final = (
    Column("state", ""),
    Column("name", "", least=6),
    Column("stands", "state"),
    Column("host", "host", least=6),
    Column("device", "on", shed=3),
)
_AFTER: Final = (
    Column("rate", "rate", right=True, shed=1, wants=7),
    Column("heard", "heard", right=True, shed=2),
    Column("doing", "what it does", least=24, grows=True),
)
_COLUMNS: Final = {
    "worker": (*_BEFORE, _DONE, *_AFTER),
    "shard": (*_BEFORE, _DONE, Column("bar", "", wants=_BAR, shed=4), *_AFTER),
}


class Stand(NamedTuple):
    """How a worker stands, as a mark and in a word."""

    glyph: str
    tone: Tone
    word: str
    place: int
    """Among the others: who needs to be looked at comes first, and then who works."""


_SILENT: Final = Stand("◐", "warn", "silent", 0)
_WORKING: Final = Stand("▶", "run", "working", 1)
_DEAD: Final = Stand("✗", "bad", "dead", 2)
_UNFIT: Final = Stand("✗", "bad", "left out", 2)
_PAUSED: Final = Stand("◐", "warn", "paused", 3)
_IDLE: Final = Stand("·", "soft", "idle", 3)
_WAITING: Final = Stand("·", "soft", "waiting", 4)
_GONE: Final = Stand("╌", "soft", "ended", 5)
_DONE_ALL: Final = Stand("✓", "good", "done", 6)
_ALL: Final = (_WORKING, _SILENT, _DEAD, _UNFIT, _PAUSED, _IDLE, _WAITING, _GONE, _DONE_ALL)
_KNOWN: Final = {"died": _DEAD, "ended": _GONE, "silent": _SILENT, "unfit": _UNFIT, "waits": _WAITING}


def kind(status: Status | None) -> str:
    """`shard` if each has a share of its own, `worker` if they take what is next; empty: there are none."""
    if status is None or not status.workers:
        return ""
    return "shard" if any(worker.total for worker in status.workers) else "worker"


def stand(worker: WorkerStatus, status: Status) -> Stand:
    """How a worker stands; once its run is over, how it stood."""
    if 0 < worker.total <= worker.done:
        return _DONE_ALL
    known = _KNOWN.get(worker.state)
    if known in (_DEAD, _GONE, _UNFIT):
        return known
    if not status.live:
        return _GONE._replace(word="not followed") if status.state == "interrupted" else _GONE
    if known:
        return known
    if worker.unit or worker.units:
        return _WORKING
    return _PAUSED if status.state == "paused" else _WORKING if worker.total else _IDLE


def summary(status: Status) -> list[tuple[str, Tone]]:
    """`64: 12 working, 1 silent, 40 waiting, 11 done`."""
    counts = Counter(stand(worker, status).word for worker in status.workers)
    tones = {one.word: one.tone for one in (_SILENT, _DEAD, _UNFIT)}
    parts: list[tuple[str, Tone]] = [(f"{count(len(status.workers))}: ", "soft")]
    order = [one.word for one in _ALL]
    for word in sorted(counts, key=lambda word: order.index(word) if word in order else len(order)):
        parts += [(f"{count(counts[word])} {word}", tones.get(word, "soft")), (", ", "soft")]
    return parts[:-1]


# ------------------------------------------------------------------ names and numbers


def short_names(workers: Sequence[WorkerStatus]) -> list[str]:
    """Of each what tells it from the others: the number in its array, the port on its host."""
    arrays = {worker.name.rpartition(" ")[0] for worker in workers}
    return [_short(worker, len(arrays) > 1) for worker in workers]


def _short(worker: WorkerStatus, many: bool) -> str:
    array, _, number = worker.name.rpartition(" ")
    if array:
        return f"{array[-6:]} {number}" if many else number
    address = worker.name.partition("://")[2] or worker.name
    host, colon, port = address.rpartition(":")
    return f":{port}" if colon and host == worker.host else address


def age(worker: WorkerStatus) -> str:
    """How long nothing was heard of it."""
    if worker.heard_s is None:
        return ""
    return spelled(worker.heard_s) if worker.heard_s >= 10 else f"{worker.heard_s:.0f} s"


def far(worker: WorkerStatus) -> str:
    """`7/12`, or `46` where there is no share of its own."""
    return f"{count(worker.done)}/{count(worker.total)}" if worker.total else count(worker.done)


def state_words(worker: WorkerStatus, status: Status) -> str:
    """`working`, `silent for 1 m 12 s`."""
    found = stand(worker, status)
    return f"silent for {age(worker)}" if found is _SILENT and age(worker) else found.word


def doing(worker: WorkerStatus, found: Stand, running: Running) -> tuple[str, Tone]:
    """What to know of a worker first, else what it is at."""
    if found is _WAITING:
        return f"SLURM says {worker.message}" if worker.message else "", "soft"
    if worker.message and found is not _DONE_ALL:
        return worker.message, "bad" if found in (_DEAD, _UNFIT) else "warn"
    if found not in (_WORKING, _SILENT):
        return "", "text"
    return at(worker, running)[0] + _more(len(worker.units)) if worker.unit or worker.units else "", "text"


def _more(units: int) -> str:
    return f" and {units - 1} more" if units > 1 else ""


def running_units(status: Status) -> Running:
    """The units in work by their keys."""
    return {unit.key: unit for unit in status.running}


def at(worker: WorkerStatus, running: Running) -> list[str]:
    """Everything that a worker is at, in words."""
    units = [running[key] for key in worker.units if key in running]
    if not units:
        return [worker.unit]
    return [f"{unit.model} {unit.task} {unit.protocol} {unit.seed}" for unit in units]


def unit_of(worker: WorkerStatus, status: Status) -> UnitStatus | None:
    """The first unit that a worker is at."""
    return next((unit for unit in status.running if unit.key in worker.units), None)


# ------------------------------------------------------------------ rows


def columns(status: Status) -> tuple[Column, ...]:
    """Those of shards or of workers; how long one is silent has room to grow, and so moves nothing."""
    of = kind(status)
    first, name, state, *rest = _COLUMNS[of]
    wants = _LONGEST if any(stand(worker, status) is _SILENT for worker in status.workers) else 0
    return first, replace(name, title=of), replace(state, wants=wants), *rest


def rows(status: Status, by: str, charset: Charset) -> list[Row]:
    """One row for each, who needs to be looked at first; or in the order of a column."""
    named = zip(status.workers, short_names(status.workers), strict=True)
    stands = [(stand(worker, status), worker, name) for worker, name in named]
    stands.sort(key=lambda one: one[0].place)
    if by:
        stands.sort(key=lambda one: _place(one[1], one[2], by))
    shards, running = kind(status) == "shard", running_units(status)
    return [_row(worker, name, found, running, shards, charset) for found, worker, name in stands]


_VALUES: Final[Mapping[str, Callable[[WorkerStatus], float]]] = {
    "done": lambda worker: worker.done / worker.total if worker.total else worker.done,
    "rate": lambda worker: worker.rate,
    "heard": lambda worker: worker.heard_s or 0.0,
}
LARGEST_FIRST: Final = tuple(_VALUES)
ORDERS: Final = ("", "done", "rate", "heard", "name", "host")
"""Columns by which `s` sorts, one after the other; none: who needs to be looked at first."""


def _place(worker: WorkerStatus, name: str, by: str) -> tuple[Any, ...]:
    if by in _VALUES:
        return (-_VALUES[by](worker),)
    text = name if by == "name" else worker.host
    array, _, number = text.rpartition(" ")
    return (not text, array, int(number) if number.isdigit() else 0, number)


def _row(
    worker: WorkerStatus, name: str, found: Stand, running: Running, shards: bool, charset: Charset
) -> Row:
    works = found in (_WORKING, _SILENT)
    said, tone = doing(worker, found, running)
    heard = age(worker) if works else ""
    cells: list[str | Cell] = [
        Cell(found.glyph, found.tone),
        name,
        Cell(f"silent {heard}" if found is _SILENT and heard else found.word, found.tone),
        worker.host,
        Cell(worker.device, "soft"),
        far(worker),
        Cell(paced(worker.rate) if works else "", "soft"),
        Cell("" if found is _SILENT else heard, "soft"),
        Cell(said, tone, draw=_Text(said, tone, charset.ellipsis)),
    ]
    if shards:
        filled = int(min(worker.done / max(worker.total, 1), 1.0) * _BAR)
        cells.insert(6, Cell("", draw=_Bar(filled, charset)))
    return Row(worker.name, tuple(cells))


@dataclass(frozen=True, slots=True)
class _Text:
    """Draws a text that takes what room is left; the same for the same: rows that draw alike are equal."""

    said: str
    tone: Tone
    ellipsis: str

    def __call__(self, width: int) -> list[Piece]:
        return [(cut(clean(self.said), width, ellipsis=self.ellipsis), self.tone)]


@dataclass(frozen=True, slots=True)
class _Bar:
    """Draws how far a shard is."""

    filled: int
    charset: Charset

    def __call__(self, width: int) -> list[Piece]:
        done = self.filled * width // _BAR
        tone = "good" if self.filled == _BAR else "run"
        return [(self.charset.full * done, tone), (self.charset.empty * (width - done), "line")]


# ------------------------------------------------------------------ one of them


def line(worker: WorkerStatus, name: str, status: Status) -> list[Piece]:
    """The one under the cursor in words."""
    found = stand(worker, status)
    said, tone = doing(worker, found, running_units(status))
    where = f" on {worker.host}" + (f" ({worker.device})" if worker.device else "") if worker.host else ""
    pace = f", {paced(worker.rate)}" if worker.rate and found is _WORKING else ""
    return [
        (f" {kind(status).capitalize()} {clean(name)}", "strong"),
        (clean(where), "soft"),
        (f"   {found.glyph} {state_words(worker, status)}", found.tone),
        (f"   {far(worker)} units{pace}", "text"),
        (f"   {clean(said)}" if said else "", tone),
    ]


def notice(worker: WorkerStatus, name: str, status: Status) -> tuple[str, str, str, str]:
    """All that is known of one: title, sentence, what to do, and the rest by lines."""
    of = kind(status).capitalize()
    found = stand(worker, status)
    share = f"{far(worker)} units done" + (f", {paced(worker.rate)}" if worker.rate else "")
    sentence = f"{state_words(worker, status).capitalize()}: {share}."
    what = "Its log says more." if found is _DEAD and worker.log else ""
    heard = f"{age(worker)} ago" if worker.heard_s is not None and status.live else ""
    facts = [
        ("why", worker.message),
        *(("at", words) for words in (at(worker, running_units(status)) if status.live else ())),
        ("host", worker.host),
        ("device", worker.device),
        ("heard", heard),
        ("name", worker.name),
        ("log", worker.log),
    ]
    body = "\n".join(f"{label:<8}{said}" for label, said in facts if said)
    return f"{of} {name}", sentence, what, body
