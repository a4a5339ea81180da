"""Events as lines: throttled on a pipe, one redrawn line on a terminal, silent when nobody can read."""

from __future__ import annotations

import io
import re
import threading

from engine.run.events import EpochFinished, Log, RunPaused, RunResumed, StageProgress, UnitFinished
from store.records import Epoch, Failed, Unit
from tui.commands import narrate
from tui.commands.narrate import Narrator, stage_line

UNIT = Unit("m", "t", "rf", "paper", 41, {"v": 1})


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def progress(done, stage="embed"):
    return StageProgress(stage, "m", done, 100, 10.0, (100 - done) / 10)


def test_a_stage_says_rate_and_time_left_once_known():
    assert stage_line("embed", "m", 0, 10, 0.0, None) == "embed m: 0/10 texts"
    assert stage_line("classify", "LR", 1, 9, 0.01, None) == "classify LR: 1/9 units, 0.6/min"
    assert (
        stage_line("classify", "LR and RF", 5, 10, 2.0, 2.5)
        == "classify LR and RF: 5/10 units, 2.0/s, 0:02 left"
    )


def test_on_a_pipe_each_stage_speaks_at_most_once_a_second():
    stream, clock = io.StringIO(), Clock()
    narrator = Narrator(stream, clock)
    for done in range(1, 100):
        clock.now += 0.05
        narrator.tell(progress(done))
        narrator.tell(progress(done, "classify"))
    narrator.tell(progress(100))
    narrator.close()
    lines = stream.getvalue().splitlines()
    assert 5 <= sum(line.startswith("embed") for line in lines) <= 7
    assert 5 <= sum(line.startswith("classify") for line in lines) <= 6
    assert lines[-1].startswith("embed m: 100/100 texts")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_with_room_has_a_bar_and_plain_mode_has_none(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    for plain, drawn in (("", "\r"), ("1", "")):
        monkeypatch.setenv("GENEARENA_PLAIN", plain)
        stream = Terminal()
        monkeypatch.setattr(narrate.sys, "stdout", stream)
        narrator = Narrator(stream, Clock())
        for done in (25, 30, 100):
            narrator.tell(progress(done))
        narrator.close()
        text = stream.getvalue()
        assert ("\r" in text) == bool(drawn)
        assert ("━━━" in text) == bool(drawn)
    assert text == "embed m: 25/100 texts, 10.0/s, 0:08 left\nembed m: 100/100 texts, 10.0/s\n"


def test_on_a_terminal_one_line_is_redrawn(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    monkeypatch.setattr(narrate.sys, "stdout", stream)
    narrator = Narrator(stream)
    narrator.tell(progress(1))
    narrator.tell(progress(2, "classify"))
    narrator.tell(Log("warning", "mind \x1b[31m"))
    narrator.close()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "embed m: 1/100 texts, 10.0/s, 0:10 left | classify m: 2/100" in text
    assert "warning: mind \\x1b[31m\n" in text
    assert re.sub("\x1b\\[[02]m", "", text).count("\x1b") == text.count("\r\x1b[K")


def test_everything_worth_a_word_is_told():
    stream = io.StringIO()
    narrator = Narrator(stream)
    failed = Failed(UNIT, "No luck.", "", "ValueError", "e", "now")
    for event in (
        RunPaused("The disk is full."),
        RunResumed(),
        UnitFinished(failed),
        EpochFinished(UNIT, Epoch(2, 3, 0.25, None, 1e-6, 1.0)),
        Log("info", "Hello."),
    ):
        narrator.tell(event)
    narrator.close()
    assert stream.getvalue().splitlines() == [
        "paused: The disk is full.",
        "resumed",
        "failed: m t rf seed 41: No luck.",
        "epoch 3 of stage 2, m t rf seed 41: loss 0.2500, eval AUC -, learning rate 1.0e-06, 1.0 s",
        "Hello.",
    ]


def test_a_terminal_that_has_gone_silences_the_narrator():
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(5, "Input/output error")

    narrator = Narrator(Gone())
    narrator.tell(Log("info", "anybody there?"))
    narrator.close()


def test_a_terminal_that_does_not_read_holds_up_nobody(monkeypatch):
    read = threading.Event()

    class Stalled(io.StringIO):
        def write(self, text):
            read.wait(60)
            return super().write(text)

    monkeypatch.setattr(narrate, "LAST_WORDS", 0.01)
    stream = Stalled()
    narrator = Narrator(stream)
    for number in range(50_000):
        narrator.line(str(number))
    narrator.close()
    assert stream.getvalue() == ""
    read.set()
