"""Tables on a terminal: as wide as there is room, coloured where it has colours; in plain mode in words."""

from __future__ import annotations

import re
import sys

import pytest

from tui.commands import common
from tui.terminal.ink import Ink, Look

COLOURS = re.compile("\x1b\\[[0-9;]*m")


def read_by_a_person(monkeypatch, **environment):
    """From here on, standard output is a terminal of 40 columns and 256 colours."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORFGBG", "COLORTERM", "GENEARENA_PLAIN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "40", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def put(looks=None):
    rows = [("mini", 384, "a note of many more words than there is room for"), ("maxi", 1024, "")]
    common.put_table(
        ("model", "dim\nof it", "note"), rows, right={1}, headings={1: "Others"}, looks=looks or {}
    )


def test_no_line_wraps_and_only_styles_are_added(monkeypatch, capsys):
    read_by_a_person(monkeypatch)
    put({(0, 1): Look("fill-6", bold=True)})
    drawn = capsys.readouterr().out
    lines = COLOURS.sub("", drawn).splitlines()
    assert max(map(len, lines)) == 40
    assert [line.split() for line in lines[:2]] == [["dim"], ["model", "of", "it", "note"]]
    assert lines[2].startswith("mini     384  a note of many more words")
    assert lines[2].endswith("…")
    assert lines[3].startswith("-- Others ---")
    assert "\x1b[1;38;5;233;48;5;37m" in drawn  # bold, on the fill of its step
    assert "\x1b" not in COLOURS.sub("", drawn)


@pytest.mark.parametrize(
    ("environment", "styles"),
    [
        ({"NO_COLOR": "1"}, {"\x1b[1m", "\x1b[2m", "\x1b[0m"}),
        ({"TERM": "dumb"}, set()),
        ({"GENEARENA_PLAIN": "1"}, set()),
    ],
)
def test_without_colours_only_weight_speaks_and_plain_is_plain(monkeypatch, capsys, environment, styles):
    read_by_a_person(monkeypatch, **environment)
    put({(0, 1): Look("fill-6", bold=True)})
    drawn = capsys.readouterr().out
    assert set(COLOURS.findall(drawn)) == styles
    if not styles:
        assert drawn.splitlines() == [
            "mini: dim of it 384, note a note of many more words than there is room for",
            "Others:",
            "maxi: dim of it 1024",
        ]


def test_a_pipe_gets_whole_cells_and_no_colours(monkeypatch, capsys):
    put({(0, 1): Look("fill-6", bold=True)})
    printed = capsys.readouterr().out
    assert "than there is room for" in printed
    assert "\x1b" not in printed


def test_a_light_ground_gets_the_light_table(monkeypatch):
    read_by_a_person(monkeypatch)
    dark = Ink(sys.stdout)("x", Look("ink-3"))
    monkeypatch.setenv("COLORFGBG", "0;15")
    assert Ink(sys.stdout)("x", Look("ink-3")) != dark


def test_plain_without_a_command_says_what_to_type_and_starts_no_screen(call):
    done = call("--plain")
    assert done.exit_code == 0
    assert "genearena rank --all" in done.stdout
