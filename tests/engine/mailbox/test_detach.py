"""A runner without a terminal gives way to what people do."""

from __future__ import annotations

import os
import sys
import time

import pytest

from engine.mailbox import detach
from store.home import find_home


@pytest.mark.parametrize(("asked", "more"), [(None, detach.NICE), ("0", 0), ("7", 7), ("much", 0)])
def test_a_detached_runner_gives_way(tmp_path, monkeypatch, asked, more):
    home = find_home(str(tmp_path / "home")).create()
    said, runner = tmp_path / "nice", tmp_path / "runner"
    runner.write_text(f"#!/bin/sh\nnice > {said}.part && mv {said}.part {said}\n")
    runner.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(runner))
    if asked is None:
        monkeypatch.delenv("GENEARENA_NICE", raising=False)
    else:
        monkeypatch.setenv("GENEARENA_NICE", asked)
    detach.start_runner(home, wait=False)
    end = time.monotonic() + 60
    while not said.exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert int(said.read_text()) == os.getpriority(os.PRIO_PROCESS, 0) + more
