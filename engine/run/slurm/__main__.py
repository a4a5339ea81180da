"""What each task of an array runs: `python -m engine.run.slurm FOLDER INDEX`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from engine.run.slurm.task import work
from engine.run.slurm.told import Told
from store.errors import GeneArenaError
from store.umask import private_files


def main(arguments: list[str]) -> int:
    """Work one shard off: 0 if all of it has an outcome, 1 if something is missing, 2 if it cannot begin.

    SIGTERM, as of a time limit or `scancel`, stops it: what is in flight is left for another task.
    """
    folder, index = Path(arguments[0]), int(arguments[1])
    told = Told(folder)

    def stop(_: int, __: FrameType | None) -> None:
        told.stop_soon()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)

    # Libraries draw no bars, ask no network and start no processes of their own.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        return 0 if work(folder, index, told) else 1
    except GeneArenaError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    with private_files():
        sys.exit(main(sys.argv[1:]))
