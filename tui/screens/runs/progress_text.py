"""How far the run has come: one sentence, what to know first, and a bar for each stage. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from engine.mailbox import StageStatus, Status
from tui.clock import hour, local
from tui.quantities import count, paced, spelled
from tui.widgets.lines import length, padded
from tui.widgets.rows import Piece, cut
from tui.widgets.strips import histogram
from tui.widgets.text import clean
from tui.widgets.words import Charset, state_glyph, state_word

NO_RUN: Final = "No run yet. Press 1, choose models, tasks and protocols, and press Enter."
WAYS_OUT: Final = (
    ("1", "choose what to run", "on Plan, where Enter starts it"),
    ("3", "the Board", "what the paper printed stands there already"),
)
SPARK: Final = 24
"""Cells of the spark beside the sentence."""
WIDEST: Final = 60
"""Cells of a stage's bar at most."""
_SHORTEST: Final = 20
"""Cells to which bars give way to what is said beside them."""
_LEFT: Final = len("about 59 m 59 s more  ")
_COUNTED: Final = {"load": "", "embed": "texts", "classify": "units", "finetune": "steps"}
"""Stage -> what its numbers count."""


def elapsed(status: Status) -> float:
    """Seconds from the run's start to its last word."""
    span = datetime.fromisoformat(status.updated_at) - datetime.fromisoformat(status.started_at)
    return max(span.total_seconds(), 0.0)


def head(status: Status | None, waiting: int, begun: int, width: int) -> list[list[Piece]]:
    """The sentence, and the line under it: what waits, what to know first, whose run it is.

    Args:
        status: Of the run.
        waiting: Selections that wait.
        begun: Selections that were begun and are not finished.
        width: Cells of a line.
    """
    if status is None:
        behind = _behind(waiting)
        return [[("No run yet", "strong")], [(behind or "1 goes to Plan, where Enter starts one.", "soft")]]
    return [sentence(status, width), _second_line(status, waiting, width, begun)]


def sentence(status: Status, width: int) -> list[Piece]:
    """`▶ running 106 of 320 done, none failed, 214 left   about 1 m 12 s more`."""
    glyph, tone = state_glyph(status.state)
    done = status.already_done + status.scored
    left = max(status.total - done - status.failed - status.cancelled, 0)
    out = sum(part.units for part in status.left_out)
    before = f" ({count(status.already_done)} before)" if status.already_done else ""
    parts: list[Piece] = [
        (f"{glyph} {state_word(status.state)} ", tone),
        (f"{count(done)} of {count(status.total)}", "strong"),
        (" done", "text"),
        (before, "soft"),
        (", ", "text"),
        (f"{count(status.failed)} failed", "bad") if status.failed else ("none failed", "good"),
        (f", {count(status.cancelled)} cancelled" if status.cancelled else "", "warn"),
        (f", {count(left)} left" if left else "", "text"),
        (f", {count(out)} left out" if out else "", "warn"),
        *_time(status),
    ]
    for spare in (parts[-1], parts[3]):  # when it ends, what was done before
        if length(parts) > width and spare[1] == "soft":
            parts.remove(spare)
    return parts


def _time(status: Status) -> list[Piece]:
    """How long it still takes, or took."""
    if not status.live:
        word = "took" if status.state in ("finished", "failed") else "after"
        return [(f"   {word} ", "text"), (spelled(elapsed(status)), "strong")]
    if status.eta_s is None:
        if status.state == "paused" or status.scored:
            return []
        return [("   time not known before the first unit", "soft")]
    if status.untimed:
        return [
            ("   about ", "text"),
            (spelled(status.eta_s), "strong"),
            (" or more", "text"),
            (f", {' and '.join(status.untimed)} not timed yet", "soft"),
        ]
    end = local(status.updated_at) + timedelta(seconds=status.eta_s)
    return [
        ("   about ", "text"),
        (spelled(status.eta_s), "strong"),
        (" more", "text"),
        (f", ends {hour(end)}", "soft"),
    ]


def what_stays(waiting: int) -> str:
    """What cancelling leaves as it is, and what it forgets with the whole run."""
    stays = "Everything that is finished stays; the rest can be run later."
    if not waiting:
        return stays
    return f"{stays}\nCancelling the whole run also forgets {count(waiting, 'run')} in the queue."


def _behind(waiting: int) -> str:
    return f"{count(waiting, 'run')} {'waits' if waiting == 1 else 'wait'}." if waiting else ""


def _second_line(status: Status, waiting: int, width: int, begun: int) -> list[Piece]:
    """What to know first; of a live run whose it is too, as far as `width` cells have room."""
    device = f" ({status.device})" if status.device else ""
    since = f"Since {hour(local(status.started_at))}, PID {status.pid} on {status.host}{device}."
    whose = (since, "It outlives this window.") if status.live else ()
    warned = " ".join(part for part in (status.message, _before(status)) if part)
    said = [part for part in (warned, _next_step(status, begun), _behind(waiting), *whose) if part]
    while len(said) > 1 and len(" ".join(said)) > width:
        said.pop()
    first, *rest = [clean(part) for part in said] or [""]
    return [(first, "warn" if warned else "soft"), (" ".join(["", *rest]), "soft")]


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


def together(stages: Sequence[StageStatus]) -> list[StageStatus]:
    """One stage of each name, in the order of the work: several models that embed are one bar."""
    found = []
    for name in _COUNTED:
        parts = [stage for stage in stages if stage.stage == name]
        if not parts:
            continue
        open_ones = [stage for stage in parts if stage.done < stage.total]
        rate = sum(stage.rate for stage in open_ones) if open_ones else parts[-1].rate
        times = [stage.eta_s for stage in open_ones if stage.eta_s is not None]
        shown = open_ones or parts
        label = shown[-1].label if len(shown) == 1 else f"{len(shown)} models"
        done, total = sum(stage.done for stage in parts), sum(stage.total for stage in parts)
        found.append(StageStatus(name, label, done, total, rate, max(times) if times else None))
    return found


def stages(status: Status | None, width: int, charset: Charset) -> list[list[Piece]]:
    """One thin bar for each stage, with its numbers, rate and time left."""
    parts = together(status.stages) if status else []
    live = bool(status and status.live)
    said = max((len(clean(stage.label)) for stage in parts), default=0) + (_LEFT if live else 0)
    room = max(min(width - 46, WIDEST, width // 2), 8)
    if width - 43 - said >= _SHORTEST:  # all of one length, which stays while the time left changes
        room = min(room, width - 43 - said)
    return [_stage(stage, width, room, charset, live) for stage in parts]


def _stage(stage: StageStatus, width: int, room: int, charset: Charset, live: bool) -> list[Piece]:
    going = live and stage.done < stage.total
    whole = stage.total > 0 and stage.done >= stage.total
    glyph, tone = ("✓", "good") if whole else ("▶", "run") if going else ("·", "soft")
    filled = int(min(stage.done / stage.total if stage.total else 0.0, 1.0) * room)
    number = f"{count(stage.done)}/{count(stage.total)}"
    eta = f"about {spelled(stage.eta_s)} more" if going and stage.eta_s is not None else ""
    pieces: list[Piece] = [
        (f"{glyph} ", tone),
        (f"{stage.stage:<9}", "strong" if going else "soft"),
        (charset.full * filled, "good" if whole else "run"),
        (charset.empty * (room - filled), "line"),
        (f"{number:>14} ", "text"),
        (f"{_COUNTED[stage.stage]:<6}", "soft"),
        (f"{paced(stage.rate):>9}  ", "text"),
    ]
    rest = width - length(pieces)
    said = "  ".join(part for part in (eta, clean(stage.label)) if part)
    return [*pieces, (cut(said, rest, ellipsis=charset.ellipsis).rstrip(), "soft")] if rest > 8 else pieces


def with_spark(head: Sequence[list[Piece]], rates: Sequence[float], width: int) -> list[list[Piece]]:
    """The sentence, else the line under it, with the latest rates at the right, where there is room."""
    spark: list[Piece] = [(f"{histogram(rates[-SPARK:]):>{SPARK}}", "run"), (" units/s", "faint")]
    for number, line in enumerate(head):
        if any(rates) and length(line) + length(spark) + 2 < width:
            return [*head[:number], padded(line, width, spark), *head[number + 1 :]]
    return list(head)
