"""What is pasted: text and nothing else, and no more than a field can hold.

Textual's parser takes an escape character inside a paste for the start of a key, so that a text could
press keys; a terminal that does not mark pastes types them, key by key; and bytes that are no text end
Textual's reading with a traceback, the rest of them at the shell's prompt.
"""

from __future__ import annotations

import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.keys import Keys
from textual.message import Message
from textual.widget import Widget

START: Final = "\x1b[200~"
END: Final = "\x1b[201~"
FLOOD: Final = 1000
"""Characters in one reading, with no key among them that is not a character, which nobody types."""
FLOOD_GAP: Final = 0.1
"""Seconds after a flood in which what follows belongs to it."""
KEPT: Final = 1_000_000
"""Characters of a paste that are kept; one that is longer is too long for every field."""
LINE: Final = 4096
"""Characters that are pasted into one line: as many as a path may have."""
TEXT: Final = 50_000
"""Characters that the editor holds; in one line of 100,000 a key takes 0.2 s, of a million 2 s."""

_CONTROLS: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)))


class PasteParser(XTermParser):
    """Textual's parser behind a filter: no control characters in pastes, no keys that nobody has."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasting = False
        self._length = 0
        """Of the paste so far."""
        self._held = ""
        """The end of what was read, if it may be the beginning of a mark."""
        self._flooded = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """What `data` means; empty data ends it."""
        if not data:
            yield from super().feed(data)
        elif filtered := self._filtered(self._marked(data)):
            yield from super().feed(filtered)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        """The keys that a sequence means; a key by a number that no character has is passed over."""
        try:
            keys = list(super()._sequence_to_key_events(sequence, alt))
            for key in keys:
                (key.character or "").encode()
        except (ValueError, OverflowError):
            return [events.Key(Keys.Ignore, None)]
        return keys

    def _marked(self, data: str) -> str:
        """`data`, marked as a paste where a terminal only typed it."""
        now = time.monotonic()
        if self._pasting or "\x1b" in data:
            return data
        if len(data) >= FLOOD or now - self._flooded < FLOOD_GAP:
            self._flooded = now
            return f"{START}{data}{END}"
        return data

    def _filtered(self, data: str) -> str:
        pieces: list[str] = []
        rest = self._held + data if self._pasting else data
        while rest:
            if self._pasting:
                inside, mark, after = rest.partition(END)
                self._held = "" if mark else _beginning_of(END, inside)
                pieces.append(self._cleaned(inside.removesuffix(self._held)))
                self._pasting = not mark
                pieces.append(mark)
                rest = after
            else:
                joined = self._held + rest
                before, mark, _ = joined.partition(START)
                upto = len(before) + len(mark) - len(self._held)
                pieces.append(rest[:upto])
                self._pasting = bool(mark)
                self._length = 0
                self._held = "" if mark else joined[-len(START) + 1 :]
                rest = rest[upto:]
        return "".join(pieces)

    def _cleaned(self, text: str) -> str:
        """Text without control characters, as much as is kept."""
        text = text[: max(KEPT + 1 - self._length, 0)].translate(_CONTROLS)
        self._length += len(text)
        return text


def _beginning_of(mark: str, text: str) -> str:
    """The end of `text` that `mark` may begin with."""
    return next((mark[:n] for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), "")


def guard(driver: type[Any]) -> None:
    """Let a driver that reads a terminal read through the filter, and on past bytes that are no text."""
    import sys

    module = sys.modules[driver.__module__]
    if hasattr(module, "XTermParser"):
        module.XTermParser = PasteParser  # type: ignore[attr-defined]
        module.getincrementaldecoder = _forgiving  # type: ignore[attr-defined]


def _forgiving(encoding: str) -> Callable[[], Any]:
    """A decoder that puts U+FFFD where bytes are no text."""
    return partial(getincrementaldecoder(encoding), errors="replace")


def refusal(field: Widget | None, text: str) -> str:
    """Why `text` is not pasted into what has the focus; empty if it is."""
    if field is not None and hasattr(field, "document"):
        if len(field.document.text) + len(text) <= TEXT:
            return ""
        return (
            f"{_size(text)} are more than the editor takes ({TEXT:,} with what is there); "
            "`genearena sql -` reads a query from a file."
        )
    if field is None or not hasattr(field, "value"):
        return "Nothing here takes text, so nothing was pasted."
    if len(field.value) + len(text) <= LINE:
        return ""
    return f"{_size(text)} are more than a line takes ({LINE:,}), so nothing was pasted."


def _size(text: str) -> str:
    return f"More than {KEPT:,} characters" if len(text) > KEPT else f"{len(text):,} characters"
