"""What the coordinator asks of an array's tasks: one small file, which each looks at before each unit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from engine.run.steering import Steering
from store.errors import StoreError
from store.files import read_json, write_json

State = Literal["go", "pause", "drain", "stop"]
_NAME: Final = "control.json"
_LOOK: Final = 1.0
"""Seconds between two looks."""


def ask(folder: Path, state: State, given_up: Iterable[str] = ()) -> None:
    """Ask this of the tasks of the array in `folder`, and that they give up the units of these keys.

    Raises:
        StoreError: it cannot be written.
    """
    write_json(folder / _NAME, {"state": state, "given_up": sorted(given_up)})


def asked(folder: Path) -> tuple[State, frozenset[str]] | None:
    """What is asked, and which units are given up; None where that cannot be read now."""
    with contextlib.suppress(
        StoreError, TypeError, KeyError
    ):  # replaced at this moment, on another machine
        if data := read_json(folder / _NAME):
            return data["state"], frozenset(data["given_up"])
    return None


class Told(Steering):
    """A task's steering: the coordinator's, by way of the file, and that of the task's own signals."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._heeding = threading.Lock()
        """One reader at a time, so that none obeys what another knows to be over."""

    def begin(self, key: str) -> threading.Event:
        """See `Steering.begin`."""
        self.heed()
        return super().begin(key)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Obey within a second, too, what is asked while units are in flight, until the block ends."""
        over = threading.Event()

        def listen() -> None:
            while not over.wait(_LOOK):
                self.heed()

        thread = threading.Thread(target=listen, name="control", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def heed(self) -> None:
        """Obey what is asked now; what cannot be read changes nothing."""
        with self._heeding:
            found = asked(self._folder)
            if found is None:
                return
            state, given_up = found
            for key in given_up:
                if not self.given_up(key):
                    self.cancel_unit(key)
            match state:
                case "go":
                    self.resume()
                case "pause":
                    self.pause()
                case "drain":
                    self.drain()
                case "stop":
                    self.stop()
