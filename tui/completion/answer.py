"""What may come next on a command line: asked by the shell at every tab, so it must be quick.

Neither click nor a command is imported: the table in `words.json` says what there is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ASKED: Final = "_GENEARENA_COMPLETE"
"""The variable by which a shell asks; it says which shell."""
CURRENT: Final = "_GENEARENA_CURRENT"
"""What bash takes for the word under the cursor: less than it is where there is a `=` or `:` in it."""
FILES, DIRS = ":files", ":dirs"
"""What is answered where the shell itself knows best."""

_GLOBAL: Final = ("--offline", "--readonly", "--ascii", "--plain")
"""Options that may stand before a command."""
Answer = Iterator[tuple[str, str]]
"""Word, and what is said of it."""


def main() -> None:
    """Answer the shell that asks; never a word on standard error."""
    with contextlib.suppress(Exception):
        shell = os.environ[ASKED]
        words = _split(sys.argv[1]) if shell == "bash" else sys.argv[1:]
        *before, current = words[1:] or [""]
        skipped = len(current) - len(os.environ.get(CURRENT, current)) if shell == "bash" else 0
        for word, said in answers(before, current):
            line = word if word in (FILES, DIRS) else word[max(skipped, 0) :]
            sys.stdout.write(f"{line}\n" if shell == "bash" else f"{line}\t{said}\n")


def _split(line: str) -> list[str]:
    """The words of a line that may end within quotation marks; the last is the one under the cursor."""
    for closing in ("", "'", '"'):
        with contextlib.suppress(ValueError):
            words = shlex.split(line + closing)
            return [*words, ""] if not closing and line[-1:].isspace() else words
    return line.split(" ")


def answers(before: Sequence[str], current: str) -> Answer:
    """What the word `current` may become.

    Args:
        before: The words between the program's name and it.
        current: As far as it is typed.
    """
    from tui.completion import WORDS

    table = json.loads(WORDS.read_text(encoding="utf-8"))
    commands = table["commands"]
    name, rest = _command(commands, before)
    own = commands[name]
    options = {**own["options"], "--help": {"help": "Show what it does", "takes": "", "flag": True}}
    last = options.get(rest[-1]) if rest else None
    if last and not last["flag"]:
        yield from _values(table, last["takes"], before, current)
    elif current.startswith("-") and "=" in current:
        option, _, value = current.partition("=")
        for word, said in _values(table, options.get(option, {}).get("takes", ""), before, value):
            yield (word if word in (FILES, DIRS) else f"{option}={word}"), said
    elif current.startswith("-"):
        yield from ((word, of["help"]) for word, of in options.items() if word.startswith(current))
    elif name == "":
        yield from (
            (word, of["help"])
            for word, of in commands.items()
            if word and " " not in word and word.startswith(current)
        )
    else:
        kinds, place = own["arguments"], _arguments(options, rest)
        if kinds and (place < len(kinds) or own["more"]):
            yield from _values(table, kinds[min(place, len(kinds) - 1)], before, current)


def _command(commands: dict[str, Any], before: Sequence[str]) -> tuple[str, list[str]]:
    """The command that is typed, and the words behind its name."""
    name, rest = "", [word for word in before if word not in _GLOBAL]
    while rest[:1] == ["--home"]:
        rest = rest[2:]
    while rest and (found := f"{name} {rest[0]}".strip()) in commands:
        name, rest = found, rest[1:]
    return name, rest


def _arguments(options: dict[str, Any], rest: Sequence[str]) -> int:
    """How many of the words behind a command's name are arguments of it."""
    number, valued = 0, False
    for word in rest:
        if word.startswith("-"):
            valued = "=" not in word and not options.get(word, {"flag": True})["flag"]
            continue
        number, valued = number + (not valued), False
    return number


def _values(table: dict[str, Any], kind: str | list[str], before: Sequence[str], current: str) -> Answer:
    if kind in ("files", "dirs"):
        yield (FILES if kind == "files" else DIRS), ""
        return
    # Several are parted by commas; what is chosen already is not offered again.
    done, mark, typed = current.rpartition(",") if isinstance(kind, str) else ("", "", current)
    chosen = set(done.split(","))
    found = kind if isinstance(kind, list) else table["lists"].get(kind) or _read(kind, before)
    for word in dict.fromkeys(found):
        if word.startswith(typed) and word not in chosen:
            yield f"{done}{mark}{word}", ""
    if kind in ("tasks", "models", "descriptions") and ("/" in current or current.startswith((".", "~"))):
        yield FILES, ""


def _read(kind: str, before: Sequence[str]) -> Iterable[str]:
    from store.home import find_home
    from tui.completion.values import LISTS

    place = next((before[at + 1] for at, word in enumerate(before[:-1]) if word == "--home"), None)
    read = LISTS.get(kind)
    return read(find_home(place and str(Path(place).expanduser()))) if read else ()
