"""Colours and attributes as a terminal needs them told: only what changes from one text to the next.

Rich ends every text by taking all of its style back, and begins the next with all of its own: in true
colour forty bytes where the ground stays the same and two digits of the ink differ.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

_STYLE: Final = re.compile(r"\x1b\[([0-9;]*)m")
_MOVES: Final = re.compile(r"(?:\x1b\[\d+;\d+H|\n)+")
_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29"}
"""Attribute -> what takes it back; 22 takes back two."""


class _Look(NamedTuple):
    """A style by its codes; empty as the terminal has it by itself."""

    attributes: frozenset[str]
    ink: str
    ground: str


def sparing(written: str) -> str:
    """The same picture in fewer bytes.

    Args:
        written: texts and moves of the cursor, each text in a style that is taken back behind it.
    """
    first, *rest = _STYLE.split(written)
    out = [first]
    shown = ""
    for codes, text in zip(rest[::2], rest[1::2], strict=True):
        if not text:
            continue
        wanted = "" if codes == "0" else codes
        if wanted != shown and not _MOVES.fullmatch(text):
            out.append(_change(shown, wanted))
            shown = wanted
        out.append(text)
    return "".join(out) + ("\x1b[0m" if shown else "")


@lru_cache(4096)
def _change(shown: str, wanted: str) -> str:
    """What makes of one style another."""
    if not wanted:
        return "\x1b[0m"
    anew = f"0;{wanted}" if shown else wanted
    before, after = _look(shown), _look(wanted)
    gone = before.attributes - after.attributes
    if not gone <= _OFF.keys():
        return f"\x1b[{anew}m"
    off = {_OFF[code] for code in gone}
    kept = {code for code in before.attributes if _OFF.get(code) not in off}
    steps = [*sorted(off), *sorted(after.attributes - kept)]
    steps += [after.ink or "39"] if after.ink != before.ink else []
    steps += [after.ground or "49"] if after.ground != before.ground else []
    return f"\x1b[{min(';'.join(steps), anew, key=len)}m" if steps else ""


def _look(codes: str) -> _Look:
    left = codes.split(";") if codes else []
    attributes: set[str] = set()
    ink = ground = ""
    while left:
        code = left.pop(0)
        if code in ("38", "48"):
            count = 4 if left[0] == "2" else 2
            colour, left = ";".join((code, *left[:count])), left[count:]
            ink, ground = (colour, ground) if code == "38" else (ink, colour)
        elif re.fullmatch("39|3[0-7]|9[0-7]", code):
            ink = code if code != "39" else ""
        elif re.fullmatch("49|4[0-7]|10[0-7]", code):
            ground = code if code != "49" else ""
        else:
            attributes.add(code)
    return _Look(frozenset(attributes), ink, ground)
