"""What the dialog of an import says: the preview with tones, and the keys that apply to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from textual.content import Content

from engine.data.formats.choices import Choices
from engine.data.preview.told import Preview
from engine.data.preview.words import lines_of
from tui.widgets.words import Tone, say

_KEYS: Final = {
    "--positive": "p",
    "--gene-column": "g",
    "--label-column": "l",
    "--label-from": "l",
    "--text-column": "t",
    "--class": "c",
    "--key": "s",
}
"""Option of the command line -> the key that does the same here."""
_SHEET: Final = "--sheet NAME|take another with --sheet"


def body_of(shown: Preview) -> Content:
    """The preview, its headings strong and what hinders the import as a warning."""
    told = [re.sub(_SHEET, "s takes another", line) for line in lines_of(shown)]
    lines = [re.sub(r"(?<=\()--[a-z-]+", _key, line) for line in told]
    return say(*((f"{line}\n", _tone(line, shown)) for line in lines))


def _key(option: re.Match[str]) -> str:
    return _KEYS.get(option[0], option[0])


def _tone(line: str, shown: Preview) -> Tone:
    if shown.problem and shown.problem in line:
        return "warn"
    return "strong" if line and line[0] not in " 0123456789" else ""


def keys_of(shown: Preview | None, choices: Choices) -> Content:
    """The keys that do something now: to be done with it on the first line, to change it on the second."""
    first = [("esc", "goes back"), ("j k", "scroll")]
    if shown is not None and not shown.problem:
        first.insert(0, ("enter", "imports it like this"))
    parts: list[object] = []
    for keys in (first, _changing(shown, choices) if shown is not None else ()):
        for key, what in keys:
            parts += [(key, "accent"), f" {what}  "]
        parts.append("\n")
    return say(*parts[:-1])


def _changing(shown: Preview, choices: Choices) -> Iterator[tuple[str, str]]:
    if changes(shown):
        yield from (("g", "genes"), ("l", "labels"), ("t", "texts"), ("c", "condition"))
    if len(shown.classes) == 2:
        yield "p", "positive"
    if choices.threshold:
        yield "left right + -", "cut"
    if len(shown.sheets) > 1:
        yield "s", "sheet or matrix" if shown.what == "vectors" else "sheet"


def changes(shown: Preview) -> bool:
    """Whether it is a table of labels, of which columns can be chosen."""
    return shown.what == "task" and shown.kind in ("table", "quantity")


def columns_of(shown: Preview) -> Iterator[tuple[str, str]]:
    """Each column that has a title, and what it is taken as."""
    told = {one.column: one.role for one in shown.taken}
    told |= {one.column: one.reason.partition(" (")[0] for one in shown.left_out}
    return ((title, told.get(title, "")) for title in shown.header if title)
