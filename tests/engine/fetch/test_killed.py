"""A `genearena fetch` that is killed in the middle goes on there when it is called again."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from naughty_server import Served, Server, serving

from store.home import find_home

CONTENT = bytes(range(256)) * 20_000


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    program = "import tui.cli; tui.cli.main()"
    return [sys.executable, "-c", program, "--home", str(tmp_path / "home"), "fetch", "one"]


def environment(tmp_path: Path, server: Server, sha256: str) -> dict[str, str]:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[one]\ntitle = "t"\nlicence = "CC0-1.0"\npage = "p"\n[[one.files]]\nname = "f.bin"\n'
        f'url = "{server.address}/f.bin"\n{sha256}\n'
    )
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    return {**kept, "GENEARENA_SOURCES": str(sources)}


@pytest.mark.parametrize("known", [True, False])
def test_a_killed_download_goes_on_by_range(command: list[str], known: bool, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    with serving() as server:
        told = environment(tmp_path, server, f'sha256 = "{digest}"' if known else "")
        # Half of it comes, then the connection breaks, and the program pauses before it asks again.
        server.files["/f.bin"] = Served(CONTENT, cut_at=0.5, cuts=1)
        part = find_home(tmp_path / "home").downloads / "one" / "f.bin.part"
        process = subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        came = part.stat().st_size
        assert 0 < came < len(CONTENT)
        server.files["/f.bin"] = Served(CONTENT)
        server.asked.clear()
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
    assert server.asked == [("/f.bin", f"bytes={came}-")]
    assert "1 files fetched" in done.stdout
    assert (part.parent / "f.bin").read_bytes() == CONTENT
    assert [path.name for path in part.parent.iterdir()] == ["f.bin"]
