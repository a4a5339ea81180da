"""What a terminal is sent at each depth of colour, on every screen: its own codes and signs, no others."""

from __future__ import annotations

import re

import pytest
from test_real_terminal import terminal  # noqa: F401

from tui.terminal.eightbit import number
from tui.terminal.tokens import HEAT, PALETTES

STYLE = re.compile(rb"\x1b\[([0-9;]*)m")
KEYS = (
    ("2", "No run yet. Press 1"),
    ("3", "is separable"),
    ("4", "Only means were published"),
    ("5", "Text and labels"),
    ("6", "No rows yet"),
    ("i", "esc Rows"),
    ("\x1b", "i Edit"),
    ("1", "enter runs the"),
    ("?", "Keys on Plan"),
    ("\x1b", "Protocols 4 of 7"),
    (":th", "theme"),
    ("\x1b", "tab Pane"),
    ("\x10", "find a command"),
    ("\x1b", "Protocols 4 of 7"),
)
"""To every screen, typing, help, the command line, the palette; and what shows then."""


def emitted(program):
    """What the program sends while every screen is seen."""
    program.until("enter runs the")
    for key, shown in KEYS:
        program.child.send(key)
        program.until(shown)
    program.child.send("\x11")
    assert program.leave() == 0
    return program.raw


def codes(raw):
    """The numbers of colours among `raw`: of 256, of sixteen; and how many are true colours."""
    few, many, true = set(), set(), 0
    for found in STYLE.finditer(raw):
        parts = [int(part or 0) for part in found[1].split(b";")]
        while parts:
            code = parts.pop(0)
            if code in (38, 48) and parts.pop(0) == 5:
                many.add(parts.pop(0))
            elif code in (38, 48):
                true, parts = true + 1, parts[3:]
            elif code not in (39, 49) and (30 <= code < 50 or 90 <= code < 108):  # those take a colour back
                few.add(code)
    return few, many, true


def table(name):
    """The numbers of a table of 256 colours."""
    colours = [*PALETTES[name].values(), *(colour for steps in HEAT[name].values() for colour in steps)]
    return {number(*(int(colour[at : at + 2], 16) for at in (1, 3, 5))) for colour in colours}


@pytest.mark.parametrize(("theme", "name"), [("arena-dark", "256"), ("arena-light", "256-light")])
def test_a_terminal_of_256_colours_gets_those_of_the_table(terminal, tmp_path, theme, name):  # noqa: F811
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home" / "config" / "config.toml").write_text(f'[ui]\ntheme = "{theme}"\n')
    few, many, true = codes(emitted(terminal(COLORTERM="")))
    assert many - table(name) == set()
    assert len(many) > 8
    assert true == 0
    assert few == set()


def test_a_terminal_of_sixteen_gets_its_own(terminal):  # noqa: F811
    few, many, true = codes(emitted(terminal(TERM="xterm-16color", COLORTERM="")))
    assert (many, true) == (set(), 0)
    assert {95, 92, 90} & few


def test_without_colours_none_is_sent(terminal):  # noqa: F811
    few, many, true = codes(emitted(terminal(NO_COLOR="1", COLORTERM="truecolor")))
    assert (many, true) == (set(), 0)
    assert few <= {39, 49}


def test_ascii_is_ascii(terminal):  # noqa: F811
    assert emitted(terminal(options=("--ascii",), COLORTERM="truecolor")).isascii()
