from __future__ import annotations

import pytest
from fake_arena import (
    FakeArena,
    a_status,
    a_table,
    at_rest,
    drive,
    hostile,
    make_app,
    screen_text,
    shows,
    until,
)

from engine.mailbox import LogLine, StageStatus, UnitStatus


@pytest.fixture
def arena():
    arena = FakeArena(names=hostile)
    arena.boards["lr"] = a_table(names=hostile)
    unit = UnitStatus("k3", hostile("m"), hostile("t"), "lr", "paper", 1, "failed", sentence=hostile("s"))
    arena.status = a_status(
        running=(),
        recent=(unit,),
        stages=(StageStatus("embed", hostile("stage"), 1, 2, 1.0, 1.0),),
        log=(LogLine("2026-01-02T03:04:05", "error", hostile("log")),),
        message=hostile("message"),
        device=hostile("device"),
    )
    return arena


def harmless(app) -> bool:
    text = screen_text(app)
    width = app.size.width
    return not any(bad in text for bad in ("\x1b", "\x07", "\u202e")) and all(
        len(line) <= width for line in text.splitlines()
    )


KEYS = (
    "tab i escape 2 enter escape tab 3 l l M M y escape e escape enter tab tab v tab escape "
    "4 tab f escape 5 enter tab tab tab 6 f5 ctrl+r escape question_mark escape colon escape ctrl+p escape"
)
"""Every screen, pane and overlay that shows a name."""


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_names_from_outside_are_drawn_and_never_obeyed(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await shows(pilot, "[/]mini[@click")
        for key in KEYS.split():
            await pilot.press(key)
            await at_rest(pilot)
            assert app.is_running
            assert harmless(app), key
        await pilot.press("3")
        await until(pilot, lambda: "[/]other" in screen_text(app))
