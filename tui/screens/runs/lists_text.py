"""The rows of the lists on Runs: newest units, queue, log and earlier runs. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from engine.catalog.controls import title_of
from engine.mailbox import Entry, Status, UnitStatus
from tui.clock import in_full, local
from tui.quantities import auc, count, spelled
from tui.questions.runs import PastRun
from tui.terminal.tokens import heat_step
from tui.widgets.canvas import Span
from tui.widgets.headed import HeadedRows, Tail
from tui.widgets.rows import Cell, Column, Draw, Piece, Row
from tui.widgets.strips import strip
from tui.widgets.words import Tone, state_glyph

NO_UNIT: Final = "No unit is in work yet: the model is being loaded and the texts embedded."

UNIT_COLUMNS: Final = (
    Column("state", ""),
    Column("model", "model", least=8),
    Column("task", "task", least=10),
    Column("protocol", "how"),
    Column("seed", "seed", right=True),
    Column("auc", "AUC", right=True),
    Column("seconds", "time", right=True),
    Column("note", "", least=20, shed=1),
    Column("strip", "from 0 to 1, ┊ chance", shed=2, grows=True),
)
QUEUE_COLUMNS: Final = (
    Column("state", ""),
    Column("what", "what", least=20),
    Column("launched", "launched"),
)
LOG_COLUMNS: Final = (Column("time", "time"), Column("level", ""), Column("text", "what", least=20))
PAST_COLUMNS: Final = (
    Column("state", ""),
    Column("when", "when"),
    Column("id", "run", shed=1),
    Column("units", "units", right=True),
    Column("took", "took", right=True),
    Column("what", "what", least=12),
)


# ------------------------------------------------------------------ units


def unit_rows(status: Status, others: Tail) -> HeadedRows:
    """Units in work, those that ended, newest first, and then the others of the run."""
    now = {unit.key: _unit_row(unit) for unit in (*status.recent, *status.running)}
    order = dict.fromkeys(unit.key for unit in (*status.running, *status.recent))
    return HeadedRows([now[key] for key in order], others)


def rows_of(units: Iterable[UnitStatus]) -> list[Row]:
    """One row for each unit."""
    return [_unit_row(unit) for unit in units]


def _unit_row(unit: UnitStatus) -> Row:
    glyph, tone = ("◐", "run") if unit.state == "running" else state_glyph(unit.state)
    known = unit.auc is not None and unit.auc == unit.auc
    score = f" {auc(unit.auc).removeprefix('0')[:4]} " if known else "…" if unit.state == "running" else ""
    return Row(
        unit.key,
        (
            Cell(glyph, tone),  # type: ignore[arg-type]
            title_of(unit.model),
            unit.task,
            Cell(unit.protocol, "soft"),
            str(unit.seed),
            Cell(score, fill=heat_step(unit.auc) if known and unit.auc is not None else None),
            Cell(spelled(unit.seconds) if unit.seconds is not None else "", "soft"),
            Cell(unit.sentence, "bad" if unit.state == "failed" else "soft"),
            Cell("", draw=_drawing(round(unit.auc, 3) if known and unit.auc is not None else None)),
        ),
        alias=unit.model,
    )


@lru_cache(4096)
def _drawing(value: float | None) -> Draw:
    """The same for the same value: rows that draw alike have to be equal."""
    return partial(_dot, value)


def _dot(value: float | None, width: int) -> list[Piece]:
    return strip(Span(0.0, 1.0), value, None, width, [(0.5, "┊", "faint")])


def unit_name(unit: UnitStatus) -> str:
    """A unit in one phrase."""
    return f"{unit.model} / {unit.task} / {unit.protocol} / seed {unit.seed}"


def outcome(unit: UnitStatus) -> str:
    """What became of a unit, in one sentence."""
    if unit.state == "running":
        return "It is in work now."
    if unit.state == "queued":
        return "It waits for those before it."
    if unit.state == "cancelled":
        why = f"It was left out: {unit.sentence}" if unit.sentence else "It was given up on request."
        return f"{why} It left no row; run the plan again to do it."
    took = f" in {spelled(unit.seconds)}" if unit.seconds is not None else ""
    return f"Preset {unit.preset}: AUC {auc(unit.auc)}{took}. Press 3 for the table it counts in."


# ------------------------------------------------------------------ queue


def queue_title(entries: Sequence[Entry], damaged: int) -> tuple[object, ...]:
    """What stands after the word Queue."""
    waiting = sum(entry.state == "waits" for entry in entries)
    parts = [f"{count(waiting)} waiting" if waiting else "", _unfinished(len(entries) - waiting)]
    broken = f"  {count(damaged, 'file')} cannot be read" if damaged else ""
    return ("  ".join(part for part in parts if part), (broken, "bad"))


def _unfinished(begun: int) -> str:
    return f"{count(begun)} unfinished" if begun else ""


def queue_rows(entries: Iterable[Entry]) -> list[Row]:
    """One row for each launch, in the order in which they will be run."""
    rows = []
    for entry in entries:
        glyph, tone = state_glyph("queued" if entry.state == "waits" else entry.state)
        what = entry.launch.selection.words
        rows.append(Row(entry.id, (Cell(glyph, tone), what, Cell(in_full(entry.launched_at)[5:19], "dim"))))
    return rows


def entry_notice(entry: Entry) -> tuple[str, str]:
    """How a launch of the queue stands, and what it is."""
    why = f": {entry.why}" if entry.why else "."
    stands = {
        "waits": "It waits for its turn.",
        "failed": f"It could not be run{why} p tries again.",
        "cancelled": "It was given up. p goes on with it until another selection is run.",
    }
    state = stands.get(entry.state, "It was interrupted. p goes on with it.")
    return f"{state} x removes it.", launched(entry)


def launched(entry: Entry) -> str:
    """What was launched, with nothing left out, and when: by one of them two launches differ."""
    return f"{entry.launch.selection.in_full}\nlaunched {in_full(entry.launched_at)}"


# ------------------------------------------------------------------ log


_LEVELS: Final[dict[str, Tone]] = {"warning": "warn", "error": "bad"}


def log_title(status: Status) -> tuple[object, ...]:
    """What stands after the word Log: the newest line."""
    return ((status.log[-1].text, "dim"),) if status.log else ()


def log_rows(status: Status) -> list[Row]:
    """The log, oldest first."""
    return [
        Row(
            f"{number}-{line.time}",
            (
                Cell(in_full(line.time)[11:19], "dim"),
                Cell(line.level[:1].upper(), _LEVELS.get(line.level, "dim")),
                line.text,
            ),
        )
        for number, line in enumerate(status.log)
    ]


# ------------------------------------------------------------------ earlier runs


def past_rows(runs: Iterable[PastRun], status: Status | None) -> list[Row]:
    """One row for each run, newest first, the live one as its snapshot has it."""
    return [_past_row(run, status) for run in runs]


def _past_row(run: PastRun, status: Status | None) -> Row:
    live = status is not None and status.live and status.run_id == run.id
    state, done, when = past_state(run, live), run.done, _day(run.started_at, status)
    if live and status is not None:
        done, when = status.already_done + status.scored, "now"
    glyph, tone = state_glyph("running" if live else state)
    why = f"{count(run.failed)} failed: {run.why}" if run.failed else ""
    why = why or ("stopped; p resumes" if state == "interrupted" else "")
    took = "" if live else spelled(run.seconds)
    return Row(
        run.id,
        (
            Cell(glyph, tone),
            when,
            Cell(run.id[9:], "soft"),
            f"{count(done)}/{count(run.total)}",
            took,
            Cell(why or in_short(run.selection), "bad" if run.failed else "warn" if why else "soft"),
        ),
    )


def past_state(run: PastRun, live: bool) -> str:
    """A run that was begun and has no end was interrupted, unless it goes on."""
    return "interrupted" if run.state == "started" and not live else run.state


def in_short(selection: Mapping[str, Any]) -> str:
    """`2 models, 4 tasks, lr rf lr-cv`; what is alone is named."""
    named = []
    for kind in ("model", "task"):
        names: Sequence[str] = selection.get(f"{kind}s") or ()
        named.append(str(names[0]) if len(names) == 1 else count(len(names), kind))
    return ", ".join([*named, " ".join(map(str, selection.get("protocols") or ()))])


def _day(moment: str, status: Status | None) -> str:
    """`11:02` of the day of the latest word, `yesterday`, else the date."""
    at = local(moment)
    day = at.date()
    today = local(status.updated_at).date() if status else day
    if day == today:
        return f"{at:%H:%M}"
    return "yesterday" if (today - day).days == 1 else f"{day:%m-%d}"


def past_notice(run: PastRun, live: bool) -> tuple[str, str]:
    """How a run ended, and what it was."""
    state = "running" if live else past_state(run, live)
    failed = f", {count(run.failed)} failed" if run.failed else ""
    took = f" It took {spelled(run.seconds)}." if run.seconds is not None and not live else ""
    why = f" {run.why}" if run.why else ""
    sentence = f"{count(run.done)} of {count(run.total)} units done{failed}; {state}.{took}{why}"
    return sentence, f"started {in_full(run.started_at)}\n{in_short(run.selection)}"
