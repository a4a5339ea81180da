"""What a node runs: `python late_task.py FOLDER INDEX SECONDS`, a task whose units take so long.

Where SECONDS is negative they are really computed.
"""

from __future__ import annotations

import functools
import sys
import time

from workbench import FakeCompute

from engine.run.shards import __main__, task

if __name__ == "__main__":
    task.BEAT = 0.2  # more often than usual, so that heartbeats are replaced while they are read
    folder, index, seconds = sys.argv[1:]
    if float(seconds) >= 0:
        compute = FakeCompute(lambda unit, cancel: time.sleep(float(seconds)))
        __main__.work = functools.partial(task.work, compute=compute)
    sys.exit(__main__.main([folder, index]))
