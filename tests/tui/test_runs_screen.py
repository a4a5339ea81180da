from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_arena import FakeArena, a_status, at_rest, drive, make_app, screen_text, shows, told, until
from pressing import presses

from engine.machine import Load, Machine
from engine.mailbox import EarlierRun, Entry, EpochStatus, LeftOut, LogLine, StageStatus, UnitStatus
from engine.plan.launch import Launch
from engine.plan.selection import Selection
from store.errors import StoreBusy
from tui.questions.catalog import first_selection
from tui.questions.runs import RunRead
from tui.screens.overlays.dialogs import Ask
from tui.screens.runs.arranged import Arranged
from tui.screens.runs.lists_text import rows_of
from tui.screens.runs.progress_text import head, stages, with_spark
from tui.screens.runs.side_text import machine, machine_short, rates
from tui.screens.runs.units_text import entries, line, look, unit_line
from tui.screens.runs.units_text import head as units_head
from tui.widgets.grid import Grid
from tui.widgets.rows import matches
from tui.widgets.words import ASCII

SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.status = a_status()
    return arena


async def opened(pilot) -> None:
    await pilot.press("2")
    await until(pilot, lambda: "Newest" in screen_text(pilot.app))
    await at_rest(pilot)


async def test_without_a_run_it_says_how_to_get_one():
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await opened(pilot)
        await shows(pilot, "No run yet. Press 1, choose models, tasks and protocols, and press Enter.")
        await pilot.press("x")
        await until(pilot, lambda: "There is no live run." in told(app))


@pytest.mark.parametrize("size", SIZES)
async def test_a_time_left_that_knows_nothing_of_a_protocol_says_so(arena, size):
    arena.status = a_status(untimed=("rf-cv",))
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await shows(pilot, "129 left   about 1 m 4 s or more")
        if size[0] > 110:
            await shows(pilot, "or more, rf-cv not timed yet")
        assert "ETA" not in screen_text(app)


@pytest.mark.parametrize("size", SIZES)
async def test_bars_units_and_rates_of_a_live_run(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        text = screen_text(app)
        assert "▶ running 30 of 160 done (10 before), 1 failed, 129 left   about 1 m 4 s more" in text
        assert "50/100 texts    25.0/s" in text
        assert "21/150 units     2.0/s" in text
        assert "one mark a split, 41 to 43" in text
        assert "◉ ■ ✗" in text
        assert "mini  lr on tall, seed 41   ◐ in work" in text
        lines = [line.strip(" ▌│") for line in text.splitlines() if " tall " in line and "lr  " in line]
        assert [line[0] for line in lines[:3]] == ["◐", "✓", "✗"]
        assert ".912" in lines[1]
        assert "The text is empty." in lines[2]


async def test_the_cursor_stays_on_top_until_it_is_moved(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: app.screen.query_one("#newest", Grid).current.key == "k1")
        newer = replace(a_status().recent[0], key="k9", seed=49)
        arena.status = a_status(running=(), recent=(newer, *a_status().recent))
        await until(pilot, lambda: app.screen.query_one("#newest", Grid).current.key == "k9")
        await pilot.press("tab", "j")
        arena.status = a_status(running=(replace(newer, key="k10"),), recent=(newer, *a_status().recent))
        await until(pilot, lambda: len(app.screen.query_one("#newest", Grid).rows) == 5)
        assert app.screen.query_one("#newest", Grid).current.key == "k2"


async def test_units_that_wait_or_ended_long_ago_are_listed_too(arena):
    app = make_app(arena)
    plan = arena.plan(first_selection(arena.catalog()))
    arena.failed_keys = {plan.units[5].key}
    arena.done = {unit.key for unit in plan.units[:3]}
    arena.status = a_status(selection=plan.selection.to_json())
    async with drive(app, (80, 50)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: len(app.screen.query_one("#newest", Grid).rows) == 3 + 80)
        states = [str(row.cells[0]) for row in app.screen.query_one("#newest", Grid).rows[:6]]
        assert states == ["◐", "✓", "✗", "✗", "·", "·"]
        await pilot.press("tab", "j", "j", "j", "j", "enter")
        await until(pilot, lambda: "It waits for those before it." in screen_text(app))
        await pilot.press("escape")
        app.screen.receive("✗")
        await until(pilot, lambda: len(app.screen.query_one("#newest", Grid).shown) == 2)


async def test_what_the_runner_keeps_from_being_read_is_read_a_little_later(arena, monkeypatch):
    monkeypatch.setattr("tui.screens.runs.reading.AGAIN", 0.05)
    held = StoreBusy("Process 7 (python) holds arena.duckdb.", "Try again when it lets go.")
    arena.broken |= {"read_run": held, "past_runs": held}
    selection = arena.plan(first_selection(arena.catalog())).selection
    arena.status = a_status(selection=selection.to_json())
    app = make_app(arena)
    async with drive(app, (80, 50)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: arena.calls["read_run"] > 1 and arena.calls["past_runs"] > 1)
        assert "holds arena.duckdb" not in screen_text(app)
        arena.broken.clear()
        await until(pilot, lambda: len(app.screen.query_one("#newest", Grid).rows) == 3 + 80)


@pytest.mark.parametrize("width", [78, 98, 118, 158, 198])
def test_a_bar_with_a_long_label_keeps_to_one_line(width):
    stage = StageStatus("finetune", "a model " * 9, 9, 56_000, 123.4, 4688.0)
    [line] = stages(a_status(stages=(stage,)), width, ASCII)
    assert len("".join(text for text, _ in line)) <= width


@pytest.mark.parametrize("size", SIZES)
async def test_a_live_run_tells_since_when_and_by_which_process_it_goes_on(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        whose = "Since 03:04 UTC, PID 4711 on box (cpu)."
        await until(pilot, lambda: f"{whose} It outlives this window." in screen_text(app))
        arena.status = a_status("paused", message="The disk is full.")
        await until(pilot, lambda: f"The disk is full. p goes on. {whose}" in screen_text(app))
        arena.status = a_status("finished", running=())
        await until(pilot, lambda: "✓ finished" in screen_text(app))
        assert "PID" not in screen_text(app)


def test_where_both_do_not_fit_the_message_comes_before_the_process():
    status = a_status("paused", message="The disk is full.")
    _, line = head(status, 0, 0, 50)
    assert "".join(text for text, _ in line).strip() == "The disk is full. p goes on."


async def test_the_screen_follows_the_run(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        arena.status = a_status(scored=120, eta_s=9.0)
        await until(pilot, lambda: "131/160" in screen_text(app) and "ETA 0:09" in screen_text(app))
        arena.status = a_status("finished", scored=149, failed=1, running=())
        await until(pilot, lambda: "✓ finished" in screen_text(app))
        await shows(pilot, "Press 3 for the ranks")


async def test_a_pause_says_why(arena):
    arena.status = a_status("paused", message="The disk is full: 0 bytes free in /data.")
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "The disk is full: 0 bytes free in /data." in screen_text(app))


@presses("runs.open", "overlay.back")
async def test_a_failure_opens_to_its_sentence_then_its_traceback(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("tab", "g", "j", "j", "enter")
        await until(pilot, lambda: "ValueError: no" in screen_text(app))
        await shows(pilot, "mini / tall / lr / seed 43", "The text is empty.")
        await pilot.press("escape", "k", "enter")
        await until(pilot, lambda: "AUC 0.912 in 1.5 s" in screen_text(app))
        await pilot.press("escape", "shift+tab", "right", "right", "enter")
        await until(pilot, lambda: "ValueError: no" in screen_text(app))


@presses("runs.pause", "runs.resume")
@pytest.mark.parametrize("size", SIZES)
async def test_pause_resume_and_resume_after_an_interruption(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await shows(pilot, "p Pause")
        await pilot.press("p")
        await until(pilot, lambda: arena.requests == [("pause", "")])
        arena.status = a_status("paused")
        await until(pilot, lambda: "p goes on." in screen_text(app) and "p Resume" in screen_text(app))
        await pilot.press("p")
        await until(pilot, lambda: arena.requests[-1] == ("resume", ""))
        arena.status = a_status("interrupted", running=(), message="The runner has gone.")
        step = "The runner has gone. p resumes with exactly what is missing."
        await until(pilot, lambda: step in screen_text(app) and "p Resume" in screen_text(app))
        assert "p Pause" not in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: arena.relaunched == [False])
        arena.status = a_status("finished", running=())
        await until(pilot, lambda: "✓ finished" in screen_text(app) and "p Pause" in screen_text(app))
        await pilot.press("p")
        await until(pilot, lambda: "There is no run to pause or resume." in told(app))
        arena.queue = [entry(1)]
        await until(pilot, lambda: "p Resume" in screen_text(app))
        await pilot.press("p")
        await until(pilot, lambda: arena.relaunched == [False, False])
        assert "what waits is run" in told(app)


@presses("runs.cancel")
@pytest.mark.parametrize(
    ("key", "asked"), [("c", ("cancel", "")), ("s", ("drain", "")), ("u", ("cancel", "k1"))]
)
async def test_cancel_asks_what_and_then_does_it(arena, key, asked):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "Cancel what?" in screen_text(app))
        assert arena.requests == []
        await pilot.press(key)
        await until(pilot, lambda: arena.requests == [asked])


@pytest.mark.parametrize("size", SIZES)
async def test_what_waits_is_told_and_giving_up_the_run_says_that_it_goes_too(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        assert "selection" not in screen_text(app)
        arena.waiting = 1
        await until(pilot, lambda: "1 run waits. Since 03:04" in screen_text(app))
        arena.waiting = 5
        await until(pilot, lambda: "5 runs wait. Since 03:04" in screen_text(app))
        await pilot.press("x")
        await until(
            pilot,
            lambda: "Cancelling the whole run also forgets 5 runs in the queue." in screen_text(app),
        )
        await pilot.press("escape")
        arena.status = a_status("finished", running=())
        await until(pilot, lambda: "1 to plan more. 5 runs wait." in screen_text(app))


async def test_a_key_pressed_twice_cancels_nothing(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("x", "x")
        await until(pilot, lambda: "Cancel what?" in screen_text(app))
        await at_rest(pilot)
        await shows(pilot, "Cancel what?")
        assert arena.requests == []


async def test_the_answer_that_loses_least_stands_first(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("x")
        await shows(pilot, "▌ s    stop after the units in work")


async def test_a_long_answer_stays_in_its_column(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await app.push_screen(Ask("Which?", "", [("enter", "word " * 20, "words")]))
        await until(pilot, lambda: "▌ enter word word" in screen_text(app))
        first, second, *_ = [line for line in screen_text(app).split("\n") if "word" in line]
        assert second.index("word") == first.index("word")


async def test_esc_leaves_the_run_alone(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("x", "escape")
        await at_rest(pilot)
        assert "Cancel what?" not in screen_text(app)
        assert arena.requests == []


@presses("runs.retry")
async def test_what_failed_is_retried_after_the_run(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: arena.relaunched == [True])
        await until(pilot, lambda: "to be run again after this run" in told(app))
        assert arena.requests == []
        arena.status = a_status("failed", running=())
        await until(pilot, lambda: "✗ failed " in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: arena.relaunched == [True, True])
        arena.status = a_status("finished", failed=0, running=(), recent=())
        await until(pilot, lambda: "✓ finished" in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: "Nothing has failed in this run." in told(app))


@presses("runs.detach")
async def test_detach_leaves_and_asks_the_runner_nothing(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("D")
        await until(pilot, lambda: not app.is_running)
    assert arena.requests == []
    assert app.return_value == 0
    assert "`genearena` comes back to it" in app._farewell()


@presses("runs.log")
async def test_the_log_takes_the_lists_place_and_follows_its_end(arena):
    lines = tuple(LogLine(f"2026-01-02T03:04:{n:02}+00:00", "info", f"line {n}") for n in range(40))
    arena.status = a_status(log=lines)
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "03:04:39" in screen_text(app))
        await pilot.press("g")
        arena.status = replace(
            arena.status, log=(*lines, LogLine("2026-01-02T03:05:00+00:00", "error", "no [/] end"))
        )
        await until(pilot, lambda: "Log no [/] end" in screen_text(app))
        await shows(pilot, "03:04:00")
        assert "Newest" not in screen_text(app)
        await pilot.press("G")
        await until(pilot, lambda: "03:05:00 E no [/] end" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Newest" in screen_text(app))


async def test_the_learning_curve_is_drawn_while_it_grows(arena):
    epochs = tuple(
        EpochStatus("k1", "mini", "tall", "finetune", 41, 1, number, 1 / number, 0.5 + number / 20, 1e-5)
        for number in range(1, 6)
    )
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await opened(pilot)
        arena.status = a_status(epochs=epochs[:2])
        await until(pilot, lambda: "stage 1 epoch 2: loss 0.500, AUC .600" in screen_text(app))
        arena.status = a_status(epochs=epochs)
        await until(pilot, lambda: "stage 1 epoch 5: loss 0.200" in screen_text(app))
        await shows(pilot, "AUC on the evaluation part", "◆")
        arena.status = a_status(epochs=())
        await until(pilot, lambda: "Fine-tuning" not in screen_text(app))


async def test_the_machine_is_told_on_the_rule_of_the_list(arena, monkeypatch):
    load = Load(97.4, 5 * 2**30, 8 * 2**30, ((37, 21 * 2**30, 80 * 2**30, 61),))
    monkeypatch.setattr("tui.screens.runs.reading.Machine", lambda: SimpleNamespace(look=lambda: load))
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "cpu 97 %  mem 5.0/8.0 G  gpu0 37 %" in screen_text(app))


def test_a_machine_without_gpus_has_processors_and_memory():
    watcher = Machine()
    assert watcher.look().cpu is None  # nothing to compare with yet
    load = watcher.look()
    assert 0 <= load.cpu <= 100
    assert 0 < load.used < load.memory


def test_a_machine_that_was_looked_at_once_is_not_called_idle():
    first = Load(None, 5 * 2**30, 8 * 2**30)
    assert machine_short(first) == [("mem 5.0/8.0 G", "soft")]
    assert "%" not in "".join(text for text, _ in machine(first, (), (), 60)[0])


def test_no_rate_is_named_before_a_unit_has_ended():
    said = [[("running", "run")], [("Since 12:00", "soft")]]
    assert with_spark(said, [0.0, 0.0], 100) == said
    assert "units/s" in "".join(text for text, _ in with_spark(said, [0.0, 2.0], 100)[0])


def test_the_sentence_of_a_unit_ends_with_its_time_however_narrow_it_is():
    scored = UnitStatus(
        "k", "all-MiniLM-L6-v2", "long-vs-short-tf", "rf-cv", "paper", 41, "scored", 0.815, 3.3
    )
    wide, narrow = ("".join(text for text, _ in unit_line(scored, width)) for width in (100, 80))
    assert wide.startswith(" all-MiniLM-L6-v2  rf-cv on")
    assert len(narrow) == 80
    assert narrow.startswith(" all-MiniLM-L6-…  rf-cv on")
    assert narrow.endswith("AUC .815 in 3.3 s")


async def test_readonly_only_watches(arena):
    watcher = FakeArena(readonly=True)
    watcher.status = a_status()
    app = make_app(watcher)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("p")
        await until(pilot, lambda: "it can only watch" in told(app))
        assert watcher.requests == []


def entry(number: int, state="waits", why="") -> Entry:
    launch = Launch(Selection(("mini",), ("tall",), ("lr",), (number,)))
    return Entry(Path(f"{number}-1-id{number}.json"), state, launch, "2026-01-02T03:04:05+00:00", why)


@pytest.mark.parametrize("size", SIZES)
async def test_the_queue_is_shown_while_there_is_one(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        assert "Queue" not in screen_text(app)
        arena.queue = [entry(1, "interrupted"), entry(2), entry(3)]
        await until(pilot, lambda: "Queue 2 waiting  1 unfinished" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: "mini x tall x lr x seed 2" in screen_text(app))
        arena.queue = []
        await until(pilot, lambda: "Queue" not in screen_text(app))
        await until(pilot, lambda: app.screen.query_one("#units").has_focus)


@presses("runs.remove")
@pytest.mark.parametrize("size", SIZES)
async def test_what_is_removed_is_what_was_asked_about_though_the_queue_has_moved(arena, size):
    arena.queue = [entry(1), entry(2), entry(3)]
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Queue 3 waiting" in screen_text(app))
        await shows(pilot, "x Cancel")
        await pilot.press("tab", "j")
        await until(pilot, lambda: "x Remove" in screen_text(app))
        assert "x Cancel" not in screen_text(app)
        await pilot.press("x")
        await until(pilot, lambda: "Remove it from the queue?" in screen_text(app))
        await shows(pilot, "mini x tall x lr x seed 2")
        arena.queue = [entry(3), entry(2)]
        await until(pilot, lambda: app.pulse.queue == tuple(arena.queue))
        await pilot.press("x")
        await at_rest(pilot)
        assert arena.dropped == []
        await pilot.press("r")
        await until(pilot, lambda: arena.dropped == ["id2"])
        await until(pilot, lambda: "Removed: mini x tall x lr x seed 2." in told(app))
        assert arena.requests == []
        await pilot.press("x", "escape")
        await at_rest(pilot)
        assert arena.dropped == ["id2"]


def long_entry(last: str, at: str) -> Entry:
    models = ("one-model", "another-model", "a-third-model", last)
    launch = Launch(Selection(models, ("tall",), ("lr",), (1,)))
    return Entry(Path(f"1-1-{last}.json"), "waits", launch, at)


@pytest.mark.parametrize("size", SIZES)
async def test_two_launches_that_begin_alike_are_told_apart(arena, size):
    arena.queue = [
        long_entry("mini", "2026-01-02T03:04:05+00:00"),
        long_entry("maxi", "2026-01-02T03:04:09"),
    ]
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await pilot.press("tab")
        await until(
            pilot, lambda: "01-02 03:04:05" in screen_text(app) and "01-02 03:04:09" in screen_text(app)
        )
        await pilot.press("j", "x")
        await until(pilot, lambda: "Remove it from the queue?" in screen_text(app))
        assert "a-third-model, maxi x tall" in " ".join(screen_text(app).split())
        await shows(pilot, "launched 2026-01-02 03:04:09 UTC")


async def test_a_launch_of_the_queue_opens_to_how_it_stands(arena):
    arena.queue = [entry(1, "failed", "The model is gone.")]
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Queue 1 unfinished" in screen_text(app))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "It could not be run: The model is gone." in screen_text(app))


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_unfinished_after_another_run_is_resumed(arena, size):
    arena.status = a_status("finished", running=())
    arena.queue = [entry(1, "interrupted")]
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        step = "p resumes what is missing of 1 run."
        await until(pilot, lambda: step in screen_text(app) and "p Resume" in screen_text(app))
        await pilot.press("p")
        await until(pilot, lambda: arena.relaunched == [False])


async def test_a_failure_before_this_run_and_what_is_left_out_of_it_are_told(arena):
    failed = EarlierRun("run-0", "failed", "2026-01-02", 3, 2, "It broke.", {})
    arena.status = a_status(earlier=(failed,), left_out=(LeftOut(7, "No."),))
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "1 run before this one failed: It broke." in screen_text(app))
        await shows(pilot, ", 7 left out")


async def test_readonly_removes_nothing(arena):
    watcher = FakeArena(readonly=True)
    watcher.queue = [entry(1)]
    app = make_app(watcher)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Queue 1 waiting" in screen_text(app))
        await pilot.press("tab", "x")
        await until(pilot, lambda: "it can only watch" in told(app))
        assert watcher.dropped == []


def unit(
    model: str, protocol: str, seed: int, state: str = "scored", auc: float | None = 0.8
) -> UnitStatus:
    key = f"{model}{protocol}{seed}"
    return UnitStatus(
        key, model, "tall", protocol, "paper", seed, state, auc if state == "scored" else None
    )


def test_models_are_folded_to_counts_where_there_is_no_room_for_their_marks():
    units = [unit(m, p, s) for m in ("mini", "maxi") for p in ("lr", "rf") for s in (1, 2)]
    read = RunRead((*units[:-1], unit("maxi", "rf", 2, "queued")))
    arranged = Arranged(read, {"models": ["mini", "maxi"]}, None)
    assert entries(arranged, 4, 0) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert entries(arranged, 3, 0) == [(0, 1), (1, 2), (2, 4)]
    assert entries(arranged, 3, 3) == [(0, 2), (2, 3), (3, 4)]
    said = "".join(text for text, _ in line(arranged, (2, 4), look(arranged, 60), None, False))
    assert "maxi all 2   3/4 .80" in said


def test_tasks_of_one_beginning_are_told_apart_over_their_marks():
    tasks = ("bivalent-vs-lys4", "bivalent-vs-no-methyl", "long-vs-short-tf")
    units = [
        replace(unit("mini", "lr", seed), key=f"{task}{seed}", task=task)
        for task in tasks
        for seed in (1, 2)
    ]
    arranged = Arranged(RunRead(tuple(units)), {"tasks": list(tasks)}, None)
    narrow, wide = (
        "".join(text for text, _ in units_head(arranged, look(arranged, width), None))
        for width in (55, 120)
    )
    assert narrow.split() == ["bival/lys4", "bival/no-m", "long/short", "mean"]
    assert wide.split() == [*tasks, "mean"]


def test_controls_are_called_as_on_the_board_and_found_by_their_names():
    row = unit("tfidf", "lr", 1)
    arranged = Arranged(RunRead((row,)), {}, None)
    said = "".join(text for text, _ in line(arranged, (0, 1), look(arranged, 60), None, False))
    assert said.startswith(" TF-IDF words lr")
    [listed] = rows_of([row])
    assert str(listed.cells[1]) == "TF-IDF words"
    assert matches(listed, (), "tfidf")
    assert matches(listed, (), "words")


def test_what_is_in_work_goes_back_to_what_the_store_knows_when_it_is_no_longer_said():
    read = RunRead((unit("mini", "lr", 1), unit("mini", "lr", 2, "queued")))
    arranged = Arranged(read, {}, None)
    status = a_status(running=(unit("mini", "lr", 2, "running"),), recent=())
    assert arranged.lay_over(status)
    assert arranged.working() == {0}
    assert arranged.lay_over(a_status(running=(), recent=()))
    assert arranged.at((0, 0, 1)).state == "queued"
    assert not arranged.lay_over(a_status(running=(unit("other", "lr", 2),), recent=()))


def test_rates_of_a_finished_run_count_every_unit_and_those_of_a_live_one_closed_buckets_only():
    ended = [0.5, 1.5, 1.6, 9.99, 10.0]
    shown, size = rates(ended, 10.0, 5, live=False)
    assert (size, sum(rate * size for rate in shown)) == (2.0, 5)
    assert rates(ended, 9.5, 10, live=True) == ([1.0, 2.0, 0, 0, 0, 0, 0, 0, 0], 1)


@presses("grid.sort")
async def test_the_list_of_units_is_sorted_by_one_column_after_the_other(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "31/160" in screen_text(app))
        await pilot.press("tab", "s")
        await until(pilot, lambda: "Highest AUC" in screen_text(app))
        assert app.screen.query_one("#newest", Grid).rows[0].key == "k2"
