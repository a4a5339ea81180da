"""What the Runs screen says: its sentence, bars, units and log lines. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content

from engine.machine import Load
from engine.mailbox import Entry, EpochStatus, StageStatus, Status, UnitStatus
from tui.quantities import auc, count, duration
from tui.widgets.headed import HeadedRows, Tail
from tui.widgets.plot import Plot, Series
from tui.widgets.rows import Cell, Column, Row, cut
from tui.widgets.words import Charset, Tone, bar, say, state_glyph, state_word

NO_RUN: Final = "No run yet. Press 1, choose models, tasks and protocols, and press Enter."

UNIT_COLUMNS: Final = (
    Column("state", ""),
    Column("model", "model", least=12),
    Column("task", "task", least=10),
    Column("protocol", "protocol"),
    Column("seed", "seed", right=True),
    Column("auc", "AUC", right=True),
    Column("seconds", "time", right=True),
    Column("note", "", least=20, shed=1),
)

QUEUE_COLUMNS: Final = (
    Column("state", ""),
    Column("what", "what", least=20),
    Column("launched", "launched"),
)

LOG_COLUMNS: Final = (Column("time", "time"), Column("level", ""), Column("text", "what", least=20))


def empty(status: Status | None) -> str:
    """What a list without units says."""
    if status is None or not status.live:
        return NO_RUN
    return "No unit is in work yet: the model is being loaded and the texts embedded."


def head(status: Status | None, waiting: int, width: int, begun: int = 0) -> Content:
    """One or two lines: how the run stands, what waits behind it, what to know first, whose run it is.

    Args:
        status: Of the run.
        waiting: Selections that wait.
        width: Cells of the second line.
        begun: Selections that were begun and are not finished.
    """
    if status is None:
        return say(("Run  ", "strong"), ("none yet", "dim"), (f"  {_behind(waiting)}", "dim"))
    out = sum(part.units for part in status.left_out)
    glyph, tone = state_glyph(status.state)
    left = max(status.total - status.already_done - status.scored - status.failed - status.cancelled, 0)
    parts: list[object] = [
        ("Run ", "strong"),
        (f"{glyph} {state_word(status.state)}", tone),
        "  ",
        (f"✓ {count(status.scored)} done  ", "good"),
        (f"✓ {count(status.already_done)} before  ", "dim") if status.already_done else "",
        (f"✗ {count(status.failed)} failed  ", "bad") if status.failed else "",
        (f"╌ {count(status.cancelled)} cancelled  ", "warn") if status.cancelled else "",
        (f"· {count(left)} left", "dim"),
        (f"  ╌ {count(out)} left out", "warn") if out else "",
    ]
    return say(*parts, "\n", _second_line(status, waiting, width, begun))


def what_stays(waiting: int) -> str:
    """What cancelling leaves as it is, and what it forgets with the whole run."""
    stays = "Everything that is finished stays; the rest can be run later."
    if not waiting:
        return stays
    return f"{stays}\nCancelling the whole run also forgets {count(waiting, 'run')} in the queue."


def _behind(waiting: int) -> str:
    return f"{count(waiting, 'run')} {'waits' if waiting == 1 else 'wait'}." if waiting else ""


def _second_line(status: Status, waiting: int, width: int, begun: int) -> Content:
    """What to know first; of a live run whose it is too, as far as `width` cells have room."""
    device = f" ({status.device})" if status.device else ""
    since = f"Since {status.started_at[11:16]} UTC, PID {status.pid} on {status.host}{device}."
    whose = (since, "It outlives this window.") if status.live else ()
    warned = " ".join(part for part in (status.message, _before(status)) if part)
    said = [part for part in (warned, _next_step(status, begun), _behind(waiting), *whose) if part]
    while len(said) > 1 and len(" ".join(said)) > width:
        said.pop()
    first, *rest = said
    return say((first, "warn" if warned else "dim"), (" ".join(["", *rest]), "dim"))


def _before(status: Status) -> str:
    """Which launches before this one did not end well."""
    if not status.earlier:
        return ""
    failed = count(len(status.earlier), "run")
    return f"{failed} before this one failed: {status.earlier[-1].message}"


def _next_step(status: Status, begun: int) -> str:
    """The key that goes on from here; empty while the run goes on by itself."""
    if status.state == "interrupted":
        return "p resumes with exactly what is missing."
    if status.state == "paused":
        return "p goes on."
    if begun and not status.live:
        return f"p resumes what is missing of {count(begun, 'run')}."
    return "" if status.live else "Press 3 for the ranks, 1 to plan more."


def bars(status: Status | None, width: int, charset: Charset) -> Content:
    """The bar of the whole run over one bar for each stage, with rate and time left."""
    if status is None:
        return say("")
    done = status.already_done + status.scored + status.failed + status.cancelled
    whole = StageStatus("all", "", done, status.total, status.rate, status.eta_s)
    lines = [_bar_line(stage, width, charset) for stage in (whole, *status.stages[:4])]
    return Content("\n").join(lines)


def _bar_line(stage: StageStatus, width: int, charset: Charset) -> Content:
    name = f"{stage.stage:<9}"
    numbers = f" {count(stage.done)}/{count(stage.total)}"
    rate = f" {stage.rate:.1f}/s" if stage.rate >= 0.05 else ""
    going_on = stage.eta_s is not None and stage.done < stage.total
    eta = f" ETA {duration(stage.eta_s)}" if going_on else ""
    tail = f"{numbers}{rate}{eta}"
    space = 0 if width < 100 else 24 if width < 158 else 48
    label = f" {cut(stage.label, space - 1, ellipsis=charset.ellipsis)}" if space else ""
    room = max(width - len(name) - 30 - space, 8)
    return say(name, bar(stage.done, stage.total, room, charset), tail, (label, "dim"))


def units_title(status: Status) -> tuple[object, ...]:
    """What stands after the word UNITS."""
    busy = len(status.running)
    return (f"{busy} in work" if busy else "none in work", ("  newest first, then the others", "dim"))


def unit_rows(status: Status, others: Tail) -> HeadedRows:
    """Units in work, those that ended, newest first, and then the others of the run."""
    now = {unit.key: _unit_row(unit) for unit in (*status.recent, *status.running)}
    order = dict.fromkeys(unit.key for unit in (*status.running, *status.recent))
    return HeadedRows([now[key] for key in order], others)


def rows_of(units: Iterable[UnitStatus]) -> list[Row]:
    """One row for each unit."""
    return [_unit_row(unit) for unit in units]


def _unit_row(unit: UnitStatus) -> Row:
    glyph, tone = state_glyph(unit.state)
    return Row(
        unit.key,
        (
            Cell(glyph, tone),
            unit.model,
            unit.task,
            unit.protocol,
            str(unit.seed),
            auc(unit.auc),
            f"{max(unit.seconds, 0):.1f}s" if unit.seconds is not None else "",
            Cell(unit.sentence, "bad" if unit.state == "failed" else "dim"),
        ),
    )


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
    took = f" in {unit.seconds:.1f} s" if unit.seconds is not None else ""
    return f"Preset {unit.preset}: AUC {auc(unit.auc)}{took}. Press 3 for the table it counts in."


def queue_title(entries: Sequence[Entry], damaged: int) -> tuple[object, ...]:
    """What stands after the word QUEUE."""
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
        rows.append(Row(entry.id, (Cell(glyph, tone), what, Cell(_moment(entry.launched_at)[5:], "dim"))))
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
    return f"{entry.launch.selection.in_full}\nlaunched {_moment(entry.launched_at)} UTC"


def _moment(moment: str) -> str:
    """ISO 8601 as people write it, to the second."""
    return moment[:19].replace("T", " ")


_LEVELS: Final[dict[str, Tone]] = {"warning": "warn", "error": "bad"}


def machine(load: Load) -> Content:
    """How busy this machine is, in one line."""
    parts = [f"cpu {load.cpu:.0f}%", f"memory {_gib(load.used)}/{_gib(load.memory)}G"]
    for number, (busy, used, total, heat) in enumerate(load.gpus):
        parts.append(f"GPU{number} {busy}% {_gib(used)}/{_gib(total)}G {heat}C")
    return say(("   ".join(parts), "dim"))


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f}"


def curves_title(epoch: EpochStatus) -> tuple[object, ...]:
    """What stands after the word CURVES: whose they are and how far."""
    score = f", eval AUC {auc(epoch.eval_auc)}" if epoch.eval_auc is not None else ""
    numbers = f"loss {epoch.loss:.3f}{score}, rate {epoch.learning_rate:.1e}"
    return (
        f"{epoch.model} / {epoch.task} / seed {epoch.seed}",
        (f"  stage {epoch.stage} epoch {epoch.epoch}: {numbers}", "dim"),
    )


def curves(epochs: Sequence[EpochStatus]) -> Plot:
    """Loss and evaluation AUC along the epochs of one unit, the second stage after the first."""
    ordered = sorted(epochs, key=lambda epoch: (epoch.stage, epoch.epoch))
    places = range(1, len(ordered) + 1)
    scores = tuple((i, e.eval_auc) for i, e in zip(places, ordered, strict=True) if e.eval_auc is not None)
    loss = tuple((i, e.loss) for i, e in zip(places, ordered, strict=True))
    fastest = max(epoch.learning_rate for epoch in ordered) or 1.0
    rates = tuple((i, e.learning_rate / fastest) for i, e in zip(places, ordered, strict=True))
    title = f"{epochs[0].model}, {epochs[0].task}, seed {epochs[0].seed}"
    lines = [
        Series("evaluation AUC", scores, "a"),
        Series("loss", loss, "b"),
        Series("rate/highest", rates, "dim"),
    ]
    return Plot(title, lines, x_title="epoch")


def log_title(status: Status) -> tuple[object, ...]:
    """What stands after the word LOG: the newest line."""
    return ((status.log[-1].text, "dim"),) if status.log else ()


def log_rows(status: Status) -> list[Row]:
    """The log, oldest first."""
    return [
        Row(
            f"{number}-{line.time}",
            (
                Cell(line.time[11:19], "dim"),
                Cell(line.level[:1].upper(), _LEVELS.get(line.level, "dim")),
                line.text,
            ),
        )
        for number, line in enumerate(status.log)
    ]
