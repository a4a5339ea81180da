"""Machines that share a folder through a file server, each with its own view of it: see `late_fs`.

A machine is a name space of mounts in a user name space of its own. So nobody needs to be root, the folder
has the same path on all of them, and nothing stays mounted when they end.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

_APART = ("unshare", "--user", "--map-root-user", "--mount")


def why_none() -> str:
    """Why there can be no such machines here; empty if there can."""
    if missing := [name for name in ("unshare", "nsenter") if not shutil.which(name)]:
        return f"there is no {missing[0]}"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse cannot be used"
    if not ctypes.util.find_library("fuse3") or not importlib.util.find_spec("mfusepy"):
        return "libfuse3 or mfusepy is not installed"
    tried = subprocess.run([*_APART, "true"], capture_output=True, text=True)
    return f"no name spaces: {tried.stderr.strip()}" if tried.returncode else ""


class Machine:
    """One that sees the folder `served` at `point`, as `late_fs` shows it."""

    def __init__(
        self, served: Path, point: Path, seconds: float, *, seed: int = 1, locks: bool = False
    ) -> None:
        self._view = [str(served), str(point), str(seconds), str(seed), "local" if locks else "none"]
        self._point = point
        self.boot()

    def boot(self) -> None:
        """Mount it, with nothing known of the folder."""
        script = Path(__file__).with_name("late_fs.py")
        self._daemon = subprocess.Popen(
            [*_APART, sys.executable, str(script), *self._view],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        mounts = Path(f"/proc/{self._daemon.pid}/mounts")
        while f" {self._point} fuse" not in mounts.read_text():
            assert self._daemon.poll() is None, "the view cannot be mounted"
            time.sleep(0.01)

    def start(self, *words: object, **options: object) -> subprocess.Popen:
        """A program there, whose process has the number of the one that is returned."""
        inside = ["nsenter", f"--target={self._daemon.pid}", "--user", "--mount", "--preserve-credentials"]
        return subprocess.Popen([*inside, "--", *map(str, words)], **options)

    def python(self, code: str, *words: object) -> str:
        """What a program prints there, without the line end."""
        said = self.start(sys.executable, "-ISc", code, *words, stdout=subprocess.PIPE, text=True)
        found = said.communicate()[0].rstrip("\n")
        assert said.returncode == 0
        return found

    def forget(self) -> None:
        """Drop all that is held and not open, as if its time were over."""
        self._daemon.stdin.write("forget\n")
        self._daemon.stdin.flush()
        assert self._daemon.stdout.readline() == "ok\n"

    def crash(self) -> None:
        """Lose power: what had not reached the server is lost. End its programs first."""
        self._daemon.kill()
        self._daemon.communicate()

    close = crash
