"""What each task of an array runs: `python -m engine.run.shards FOLDER INDEX`.

`collect` in place of the index takes in what all of them have saved, once none of them is left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Final

from engine.mailbox import runner_lock
from engine.run.shards.array import Frozen, read_frozen
from engine.run.shards.collect import collect
from engine.run.shards.followed import SEEN, Followed
from engine.run.shards.task import NoSuchArray, work
from engine.run.shards.told import Told
from store.errors import GeneArenaError
from store.store import Store
from store.umask import private_files

_LOOK: Final = 1.0
"""Seconds between two looks."""


def main(arguments: list[str]) -> int:
    """Work one shard off: 0 if all of it has an outcome, 1 if something is missing, 2 if it cannot begin.

    SIGTERM, as of a time limit or `scancel`, stops it: what is in flight is left for another task.
    """
    folder = Path(arguments[0])
    if arguments[1] == "collect":
        return _collect(folder)
    index = int(arguments[1])
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


def _collect(folder: Path) -> int:
    """0 if all units of the array have outcomes now, 1 if some are missing, 2 if it cannot be done."""
    try:
        frozen = read_frozen(folder)
        if frozen is None:
            raise NoSuchArray(f"There is no array in {folder} on {socket.gethostname()}.")
        _see_all(frozen)
        frozen.end()
        with runner_lock(frozen.home), contextlib.closing(Store(frozen.home)) as store:
            taken = collect(frozen.home, store)
            units = {unit.key for shard in frozen.shards for unit in shard.units}
            missing = len(units - store.finished().keys())
            store.flush()
    except GeneArenaError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{taken} outcomes taken in, {missing} of {len(units)} units still to run.\n")
    return 1 if missing else 0


def _see_all(frozen: Frozen) -> None:
    """Wait for what its tasks said that they saved, which may be seen here later than they ended."""
    followed = Followed(frozen, frozen.quiet_s())
    followed.queued([])
    while True:
        for _ in chain(followed.heard(), followed.saved()):
            pass
        if followed.over(SEEN):
            return
        time.sleep(_LOOK)


if __name__ == "__main__":
    with private_files():
        sys.exit(main(sys.argv[1:]))
