from __future__ import annotations

import sys

import pytest

from store.errors import DataError, UsageError
from tui.widgets.figure import write_figure
from tui.widgets.plot import MARGIN, Plot, Series, Span, draw, strip
from tui.widgets.words import ASCII, UNICODE

DIAGONAL = Series("chance", ((0.0, 0.0), (1.0, 1.0)))


@pytest.mark.parametrize("charset", [ASCII, UNICODE])
@pytest.mark.parametrize(("width", "height"), [(40, 12), (74, 20), (12, 5)])
def test_a_plot_keeps_to_its_place(charset, width, height):
    lines = draw(Plot("", [DIAGONAL]), width, height, charset=charset).plain.split("\n")
    assert len(lines) == height
    assert all(len(line) <= max(width, MARGIN + len("● chance  ")) for line in lines)


def test_a_line_goes_from_corner_to_corner():
    lines = draw(Plot("", [DIAGONAL]), MARGIN + 1 + 10, 12, charset=ASCII).plain.split("\n")[:10]
    assert [line[MARGIN:].rstrip() for line in lines] == [" " * (9 - row) + "*" for row in range(10)]
    assert lines[0].startswith(" 1.00|")
    assert lines[9].startswith(" 0.00|")


def test_points_apart_are_not_joined():
    apart = Series("", DIAGONAL.points, joined=False)
    assert draw(Plot("", [apart]), 20, 12, charset=ASCII).plain.count("*") == 2
    assert draw(Plot("", [DIAGONAL]), 20, 12, charset=ASCII).plain.count("*") > 10


def test_braille_has_eight_dots_in_a_cell():
    full = Series("", [(x / 2, y / 4) for x in range(2) for y in range(4)], joined=False)
    drawn = draw(Plot("", [full], Span(0, 4), Span(0, 2)), MARGIN + 1 + 4, 4).plain
    assert "⣿" in drawn


def test_equal_values_and_no_values_are_drawn_too():
    assert draw(Plot("", [Series("flat", ((1.0, 0.5), (2.0, 0.5)))]), 30, 8).plain
    assert draw(Plot("", []), 30, 8).plain


@pytest.mark.parametrize(
    ("low", "value", "high", "drawn"),
    [(-1, 0, 1, "-----o-----"), (0, 0.5, 0.9, "     ---o-- "[:11]), (-9, -9, 9, "o----------")],
)
def test_an_interval_in_one_line(low, value, high, drawn):
    line = strip(low, value, high, Span(-1, 1), 11, ASCII)
    assert len(line) == 11
    assert line.count("o") == 1
    if low == -1:
        assert line == drawn


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_plot_is_written_as_a_figure(tmp_path, suffix):
    pytest.importorskip("matplotlib")
    plot = Plot("a title", [DIAGONAL, Series("nothing yet", ())], Span(0, 1), Span(0, 1))
    path = write_figure(plot, str(tmp_path / f"roc{suffix}"))
    assert path.read_bytes()[:5] in (b"<?xml", b"%PDF-", b"\x89PNG\r")


def test_names_in_a_figure_are_no_formulae(tmp_path):
    pytest.importorskip("matplotlib")
    plot = Plot("a $x^ $ {\x1b[2J", [Series("$\\frac$ [/]", DIAGONAL.points)])
    assert "a $x^ $" in write_figure(plot, str(tmp_path / "roc.svg")).read_text()


def test_a_figure_that_cannot_be_written_is_a_sentence(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(DataError, match="cannot be written"):
        write_figure(Plot("", [DIAGONAL]), str(tmp_path / "missing" / "roc.svg"))


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"pip install .matplotlib"):
        write_figure(Plot("", [DIAGONAL]), str(tmp_path / "roc.svg"))
