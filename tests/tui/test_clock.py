"""Times on the user's own clock."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from fake_arena import a_status

from tui.clock import hour, in_full, local
from tui.commands.steer import describe
from tui.questions.runs import PastRun
from tui.screens.runs.lists_text import past_rows


@pytest.fixture
def vienna(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "moment", ["2026-07-02T03:04:09+00:00", "2026-07-02T03:04:09", "2026-07-01T23:04:09-04:00"]
)
def test_a_stored_time_is_said_in_the_users_zone_by_name(vienna, moment):
    assert in_full(moment) == "2026-07-02 05:04:09 CEST"
    assert hour(local(moment)) == "05:04 CEST"


def test_what_is_no_time_stays_as_it_is(vienna):
    assert in_full("lately") == "lately"


def test_runs_and_status_say_the_users_time(vienna):
    status = a_status(started_at="2026-01-02T23:30:00+00:00", updated_at="2026-01-02T23:40:00+00:00")
    assert "started 2026-01-03 00:30:00 CET" in describe(status)[1]
    run = PastRun("20260102T223000-box-1", "2026-01-02T22:30:00", "finished", 60.0, 3, 3, 0, {}, "")
    assert past_rows([run], status)[0].cells[1] == "yesterday"


def test_a_status_says_nothing_of_a_time_left_that_is_not_known():
    status = replace(a_status(), rate=0.0, eta_s=None)
    assert "the whole run: 0.00 units/s" in describe(status)
    known = replace(status, eta_s=90.0)
    assert "the whole run: 0.00 units/s, about 1:30 left" in describe(known)
    said = "the whole run: 0.00 units/s, about 1:30 left or more: rf-cv and lora not timed yet"
    assert said in describe(replace(known, untimed=("rf-cv", "lora")))
