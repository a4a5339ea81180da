"""Runs of a run that a job array or a cluster carries: its shards or workers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_arena import FakeArena, a_status, at_rest, drive, hostile, make_app, screen_text, until
from pressing import presses
from test_snapshots import as_it_was
from test_voids import too_void

from engine.mailbox import WorkerStatus
from tui.quantities import paced
from tui.questions.catalog import first_selection
from tui.screens.runs.progress_text import stages
from tui.screens.runs.workers_text import columns, rows, short_names, summary
from tui.widgets.grid import Grid
from tui.widgets.words import UNICODE

SIZES = [(80, 24), (120, 40), (200, 60)]
LOG = "/shared/arena/data/arrays/a/logs/5.out"
CAUSE = "It printed last: slurmstepd: error: Detected 1 oom_kill event. It was at mini tall lr seed 44."


def a_shard(index: int, state: str = "waits", **about) -> WorkerStatus:
    return WorkerStatus(f"genearena-a-b1c2d3 {index}", state, **{"total": 5, **about})


def shards(many: int = 64):
    """Eleven ended, one of them dead; twelve that run, one of them silent; the others wait."""
    on = {"device": "cuda", "heard_s": 3.0, "rate": 0.5}
    found = [a_shard(n, "ended", host=f"node{n // 4:03}", done=5) for n in range(11)]
    found[5] = a_shard(5, "died", host="node001", done=2, message=CAUSE, log=LOG)
    found += [
        a_shard(n, "runs", host=f"node{n // 4:03}", done=n % 5, units=(f"k{n}",), unit="mini one", **on)
        for n in range(11, 23)
    ]
    found[11] = replace(found[11], units=("k1",))
    found[14] = replace(found[14], state="silent", heard_s=72.0)
    return (*found, *(a_shard(n, message="Priority") for n in range(23, many)))


def by_shards(many: int = 64, **changes):
    return a_status(**{"workers": shards(many), "device": "slurm gpu", **changes})


def crew():
    """Two at work, one of them on three units, one that has gone, one that has nothing to do."""
    address = "tls://10.0.0.1:{}".format
    first, *_ = a_status().running
    return (
        WorkerStatus(address(4001), "runs", "10.0.0.1", "cpu", (first.key,), "mini tall", 7, rate=0.5),
        WorkerStatus(address(4002), "runs", "10.0.0.1", "cpu", ("a", "b", "c"), "mini tall lr seed 9", 3),
        WorkerStatus(address(4003), "ended", "10.0.0.1", "cpu", done=2, message="It has gone."),
        WorkerStatus("tls://[::1]:4004", "runs", "::1"),
    )


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.status = by_shards()
    return arena


def test_who_is_unfit_stands_after_those_that_work_with_the_reason():
    why = "genearena is version 0.0.1 there."
    out = WorkerStatus("tls://10.0.0.1:4005", "unfit", "10.0.0.1", message=why)
    status = a_status(workers=(*crew(), out))
    assert ("1 left out", "bad") in summary(status)
    drawn = rows(status, "", UNICODE)
    assert [row.key for row in drawn].index(out.name) == 2
    assert drawn[2].cells[2].text == "left out"
    assert drawn[2].cells[-1].draw(len(why)) == [(why, "bad")]


async def opened(pilot, *keys: str) -> None:
    await pilot.press("2")
    await until(pilot, lambda: "Newest" in screen_text(pilot.app))
    await at_rest(pilot)
    for key in keys:
        await pilot.press(key)
        await at_rest(pilot)


def grid(app) -> Grid:
    return app.screen.query_one("#workers", Grid)


@pytest.mark.parametrize("size", SIZES)
async def test_who_is_silent_or_works_comes_first_and_all_are_counted(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        counts = "Shards 64: 11 working, 1 silent, 1 dead, 41 waiting, 10 done"
        await until(pilot, lambda: counts in screen_text(app))
        shown = [row.key.split()[-1] for row in grid(app).rows]
        assert shown[:2] + shown[12:14] + shown[-1:] == ["14", "11", "5", "23", "10"]
        text = screen_text(app)
        assert "◐ 14    silent 1 m 12 s" in text
        assert "▶ 11    working" in text
        assert "node002" in text
        assert "mini tall lr 41" in text
        assert "Newest" in text
        assert "one mark a split" in text


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_by_threads_has_no_such_pane(size):
    arena = FakeArena()
    arena.status = a_status()
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot, "tab")
        await until(pilot, lambda: app.screen.query_one("#newest").has_focus)
        assert not app.screen.query_one("#workers-pane").display
        assert "Shards" not in screen_text(app)


@presses("zoom")
@pytest.mark.parametrize("size", SIZES)
async def test_all_can_be_reached_by_keys_and_zoomed(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot, "tab", "G")
        await until(pilot, lambda: "▌✓ 10" in screen_text(app))
        await pilot.press("z")
        await until(pilot, lambda: grid(app).size.height >= size[1] - 3)
        assert "Units" not in screen_text(app)
        arena.status = by_shards(63)
        await until(pilot, lambda: "Shards 63" in screen_text(app))
        await pilot.press("z")
        await until(pilot, lambda: "Units" in screen_text(app))
        await until(pilot, lambda: grid(app).size.height < size[1] - 10)
        await pilot.press("shift+tab")
        await until(pilot, lambda: app.screen.query_one("#units").has_focus)


@presses("grid.sort")
async def test_they_are_sorted_by_one_column_after_the_other(arena):
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await opened(pilot, "tab", "s")
        await until(pilot, lambda: "by done, s sorts on" in screen_text(app))
        assert grid(app).rows[0].key.endswith(" 0")
        await pilot.press("s", "s")
        await until(pilot, lambda: "by heard, s sorts on" in screen_text(app))
        assert grid(app).rows[0].key.endswith(" 14")
        await pilot.press("s")
        await until(pilot, lambda: "by name, s sorts on" in screen_text(app))
        assert [row.key.split()[1] for row in grid(app).rows] == [str(number) for number in range(64)]
        await pilot.press("s", "s")
        await until(pilot, lambda: "s sorts on" not in screen_text(app))
        assert grid(app).rows[0].key.endswith(" 14")


@pytest.mark.parametrize("size", SIZES)
async def test_the_cause_of_a_death_can_be_read(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot, "tab", "slash", *"dead", "enter")
        await until(pilot, lambda: "▌✗ 5 " in screen_text(app))
        assert "Shard 5 on node001   ✗ dead   2/5 units   It printed last: slurm" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Dead: 2/5 units done." in screen_text(app))
        said = " ".join(screen_text(app).replace("│", " ").split())
        assert "Detected 1 oom_kill event" in said
        assert "It was at mini tall lr seed 44." in said
        assert LOG in said
        assert "genearena-a-b1c2d3 5" in said


async def test_what_is_cancelled_is_what_the_shard_is_at(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, "tab", "j", "x")
        await until(pilot, lambda: "give up mini / tall / lr / seed 41" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: arena.requests == [("cancel", "k1")])


@pytest.mark.parametrize("size", SIZES)
async def test_a_shard_that_falls_silent_and_comes_back_is_seen_and_keeps_the_cursor(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot, "tab", "j", "j")
        await until(pilot, lambda: "Shard 12 on node003 (cuda)   ▶ working" in screen_text(app))
        quiet = list(shards())
        quiet[12] = replace(quiet[12], state="silent", heard_s=61.0)
        arena.status = by_shards(workers=tuple(quiet))
        await until(pilot, lambda: "Shard 12 on node003 (cuda)   ◐ silent for 1 m 1 s" in screen_text(app))
        assert "10 working, 2 silent" in screen_text(app)
        assert grid(app).current.key.endswith(" 12")
        arena.status = by_shards(
            many=0, workers=tuple(replace(one, state="ended", done=5) for one in quiet)
        )
        await until(pilot, lambda: "Shards 64: 64 done" in screen_text(app) or "1 dead" in screen_text(app))
        arena.status = a_status()
        await until(pilot, lambda: "Shards" not in screen_text(app))
        await until(pilot, lambda: app.screen.query_one("#units").has_focus)


@pytest.mark.parametrize("size", SIZES)
async def test_workers_of_a_cluster_have_what_they_did_and_no_bar(arena, size):
    arena.status = a_status(workers=crew())
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Workers 4: 2 working, 1 idle, 1 ended" in screen_text(app))
        text = screen_text(app)
        assert ":4001" in text
        assert "mini tall lr 41" in text
        if size[0] > 80:
            assert "mini tall lr seed 9 and 2 more" in text
            assert "It has gone." in text
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "Working: 7 units done, 0.5/s." in screen_text(app))
        assert "tls://10.0.0.1:4001" in screen_text(app)


@pytest.mark.parametrize("size", SIZES)
async def test_what_nodes_say_only_shows(size):
    arena = FakeArena()
    evil = a_shard(1, "died", host=hostile("node"), device=hostile("gpu"), message=hostile("why"))
    waits = a_shard(2, message=hostile("reason"), host=hostile("node"))
    arena.status = a_status(workers=(replace(evil, name=hostile("x 1"), log=hostile("log")), waits))
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot, "tab")
        await until(pilot, lambda: "1 dead, 1 waiting" in screen_text(app))
        assert not set("\x1b\x07\u202e") & set(screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Dead: 0/5" in screen_text(app))
        await at_rest(pilot)
        assert not set("\x1b\x07\u202e") & set(screen_text(app))
        assert "\\x1b[2J" in screen_text(app)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x60"])
@pytest.mark.parametrize("name", ["shards", "workers"])
@pytest.mark.usefixtures("many_colours")
async def test_the_screen_looks_as_it_did(name, size, arena, monkeypatch):
    from test_snapshots import LOAD, SimpleNamespace

    monkeypatch.setattr("tui.screens.runs.reading.Machine", lambda: SimpleNamespace(look=lambda: LOAD))
    arena.status = by_shards() if name == "shards" else a_status(workers=crew())
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "12 %" in screen_text(app) and "heard" in screen_text(app))
        await at_rest(pilot)
        shown = "\n".join(line.rstrip() for line in screen_text(app).splitlines()) + "\n"
    as_it_was(f"runs-{name}-{size[0]}x{size[1]}", shown)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("many", [1, 6, 40])
async def test_the_pane_does_not_end_in_blank_rows(arena, size, many):
    plan = arena.plan(first_selection(arena.catalog()))
    chosen = plan.selection.to_json()
    arena.status = by_shards(selection=chosen, workers=shards(64)[-many:])
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        for pane in ("units", "workers"):
            await until(pilot, lambda pane=pane: app.screen.query_one(f"#{pane}").has_focus)
            await until(pilot, lambda: f"Shards {many}: {many} waiting" in screen_text(app))
            await at_rest(pilot)
            assert [line for line in too_void(app) if line.startswith("workers")] == []
            await pilot.press("tab")
            await at_rest(pilot)


# ---------------------------------------------------------------------------- pure


def test_once_a_run_is_over_nobody_works():
    over = by_shards(state="finished")
    assert "".join(text for text, _ in summary(over)) == "64: 1 dead, 53 ended, 10 done"
    lost = by_shards(state="interrupted")
    assert "53 not followed" in "".join(text for text, _ in summary(lost))


def test_a_pause_says_who_is_at_nothing():
    idle = a_shard(0, "runs", host="a", done=1)
    words = "".join(text for text, _ in summary(a_status("paused", workers=(idle,))))
    assert words == "1: 1 paused"


def test_names_are_as_short_as_they_can_be():
    assert short_names(shards(3)) == [str(n) for n in range(23)]
    other = replace(a_shard(7), name="genearena-z-ffffff 7")
    assert short_names([a_shard(0), other]) == ["b1c2d3 0", "ffffff 7"]
    assert short_names(crew()) == [":4001", ":4002", ":4003", "[::1]:4004"]


@pytest.mark.parametrize(
    ("rate", "said"), [(0.0, ""), (0.02, "1.2/min"), (0.5, "0.5/s"), (99.4, "99.4/s"), (2500.0, "2,500/s")]
)
def test_few_are_counted_by_the_minute(rate, said):
    assert paced(rate) == said


def test_rows_that_say_the_same_are_equal():
    status = by_shards()
    assert rows(status, "", UNICODE) == rows(replace(status, rate=3.0), "", UNICODE)
    assert all(len(row.cells) == len(columns(status)) for row in rows(status, "host", UNICODE))


@pytest.mark.parametrize("width", [116, 196])
def test_a_stage_has_room_for_the_time_left_and_its_label(width):
    status = by_shards()
    for left in (4.0, 3599.0):
        parts = tuple(
            replace(stage, eta_s=left, label="processes of this machine") for stage in status.stages
        )
        drawn = stages(replace(status, stages=parts), width, UNICODE)
        assert all("processes of this machine" in "".join(text for text, _ in line) for line in drawn)
        assert len({"".join(text for text, _ in line).count("━") for line in drawn}) > 1
