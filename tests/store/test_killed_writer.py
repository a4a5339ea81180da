"""kill -9 of writers at random moments: what was acknowledged is there exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import store
from store.store import Store

WRITER = Path(__file__).with_name("busy_writer.py")
KILLS = 10


@pytest.mark.faults
def test_acknowledged_splits_survive_kills_exactly_once(home, tmp_path):
    chance = random.Random(7)
    acknowledged = set()
    for kill in range(KILLS // 2):
        starts = (kill * 1_000_000, kill * 1_000_000 + 3)  # the two overlap: most splits are run twice
        writers = [
            subprocess.Popen(
                [sys.executable, str(WRITER), str(home.data.parent), str(start)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for start in starts
        ]
        for _ in range(chance.randint(3, 60)):
            acknowledged.add(writers[0].stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.05))
        for writer in writers:
            writer.kill()
        for writer in writers:
            told, _ = writer.communicate()
            acknowledged.update(
                line.strip() for line in told.splitlines(keepends=True) if line.endswith("\n")
            )
    saved = Store(home)
    assert acknowledged <= set(saved.finished())
    saved.flush()
    with store.connect(home) as con:
        keys = [key for (key,) in con.execute("SELECT key FROM units").fetchall()]
        scores = con.execute("SELECT count(*), count(DISTINCT key) FROM scores").fetchone()
        predictions = con.execute("SELECT count(*) FROM predictions").fetchone()[0]
        conflicts = con.execute("SELECT count(*) FROM conflicts").fetchone()[0]
    assert len(acknowledged) > KILLS
    assert acknowledged <= set(keys)
    assert len(keys) == len(set(keys)) == len(saved.finished())
    assert scores[0] == scores[1]
    assert predictions == 12 * scores[0]
    assert conflicts == 0
    assert saved.damaged == 0
