from __future__ import annotations

import asyncio
import itertools

from textual.app import App

from tui.terminal.timing import once


async def test_what_is_to_be_done_once_is_done_however_long_the_process_had_no_processor(monkeypatch):
    seconds = itertools.count()
    async with App().run_test() as pilot:
        monkeypatch.setattr("textual.timer._time.get_time", lambda: next(seconds))
        done = asyncio.Event()
        once(pilot.app, 0.01, done.set)
        await asyncio.wait_for(done.wait(), 60)
