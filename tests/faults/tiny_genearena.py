"""The real command line, whose units take milliseconds, here and in the runners it starts.

Environment: TINY_SECONDS, how long a unit takes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine" / "run"))

from fault_tools import PARENT
from workbench import FakeCompute

import engine.mailbox.detach
import engine.run.threads
from tui.cli import main


def start_tiny(arguments: list[str], **extra: object) -> subprocess.Popen:
    at = arguments.index("-m")
    runner = Path(__file__).with_name("tiny_runner.py")
    return subprocess.Popen([*arguments[:at], "-c", PARENT, str(runner), *arguments[at + 2 :]], **extra)


if __name__ == "__main__":
    pause = float(os.environ["TINY_SECONDS"])
    engine.run.threads.LocalCompute = lambda home: FakeCompute(lambda unit, cancel: time.sleep(pause))
    engine.mailbox.detach.subprocess = SimpleNamespace(Popen=start_tiny, DEVNULL=subprocess.DEVNULL)
    main()
