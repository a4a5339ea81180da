"""The real detached runner with a workshop whose units take milliseconds; see `engine.__main__`.

Arguments: DATA CACHE CONFIG LOG. Environment: TINY_SECONDS, how long a unit takes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from workbench import FakeWorkshop

from engine.__main__ import main

if __name__ == "__main__":
    pause = float(os.environ.get("TINY_SECONDS", "0.01"))
    sys.exit(main(sys.argv[1:], FakeWorkshop(lambda unit, cancel: time.sleep(pause))))
