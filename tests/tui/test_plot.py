from __future__ import annotations

import sys

import pytest

from store.errors import DataError, UsageError
from tui.figures.plotted import write_plot
from tui.widgets import strips
from tui.widgets.canvas import Canvas, Layer
from tui.widgets.plot import Plot, Series, Span, drawn, strip
from tui.widgets.words import ASCII, UNICODE

DIAGONAL = Series("chance", ((0.0, 0.0), (1.0, 1.0)))
ONE = Span(0, 1)


def plain(canvas: Canvas) -> list[str]:
    return texts(canvas.lines())


def texts(lines: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


@pytest.mark.parametrize("charset", [ASCII, UNICODE])
@pytest.mark.parametrize(("width", "height"), [(40, 12), (74, 20), (12, 6)])
def test_a_plot_keeps_to_its_place(charset, width, height):
    lines = texts(drawn(Plot("", [DIAGONAL], x_title="x", y_title="y"), width, height, charset))
    assert len(lines) == height
    assert all(len(line) <= max(width, 20) for line in lines)


def test_a_line_goes_from_corner_to_corner():
    canvas = Canvas(10, 10, ONE, ONE, ASCII)
    canvas.line(DIAGONAL.points, "a")
    assert plain(canvas) == [" " * (9 - row) + "*" + " " * row for row in range(10)]


def test_axes_name_round_values_and_their_titles():
    text = texts(drawn(Plot("", [DIAGONAL], ONE, ONE, "false", "true"), 60, 16))
    assert text[0].strip() == "↑ true"
    assert [line.split("┤")[0].strip() for line in text if "┤" in line] == ["1", ".75", ".5", ".25", "0"]
    assert text[-2].split() == ["0", ".25", ".5", ".75", "1"]
    assert text[-1].endswith("false →")


def test_the_higher_layer_owns_a_cell_and_drops_what_is_under_it():
    canvas = Canvas(9, 3, ONE, ONE)
    canvas.band([(0, 0, 1), (1, 0, 1)], "banda")
    canvas.reference(((0, 0.5), (1, 0.5)))
    canvas.line(((0, 0.5), (1, 0.5)), "b", Layer.SECOND)
    canvas.line(((0, 0.5), (0.5, 0.5)), "a")
    canvas.mark(0, 0.5, "●", "text")
    row = canvas.lines()[1]
    assert [text for text, _ in row[:2]] == ["●", "⠒"]
    assert [style.split()[0] for _, style in row] == ["$say-text", *["$say-a"] * 4, *["$say-b"] * 4]
    assert all("$say-banda" in style for line in canvas.lines() for _, style in line)


def test_a_shaded_band_is_drawn_as_a_line_is_and_leaves_a_curve_its_tone():
    canvas = Canvas(3, 1, ONE, ONE, shade="░")
    canvas.band([(0, 0, 1), (1, 0, 1)], "banda")
    canvas.line(((0.5, 0.5), (0.5, 0.5)), "a")
    (left, curve, right) = canvas.lines()[0]
    assert left == right == ("░", "$say-line")
    assert curve[1].split()[0] == "$say-a"


def test_words_never_cover_words_or_marks():
    canvas = Canvas(20, 2, ONE, ONE)
    canvas.mark(0.5, 0, "◆", "b")
    assert not canvas.text(0.3, 0, "over the mark")
    assert canvas.text(0.99, 0, "end", right=True)
    assert not canvas.text(0.99, 0, "again", right=True)
    assert not canvas.text(0.8, 1, "beyond the edge")
    assert plain(canvas)[1].rstrip() == "          ◆      end".rstrip()


def test_both_classes_in_a_cell_and_crowds():
    canvas = Canvas(4, 1, Span(0, 4), Span(0, 1))
    canvas.scatter([(0.1, 0.1), (1.1, 0.1), *[(2.1, 0.1)] * 4], "a")
    canvas.scatter([(1.6, 0.6)], "b")
    styles = [style for _, style in canvas.lines()[0]]
    assert styles == ["$say-a", "$say-both", "$say-a bold $say-bande", ""]


def test_braille_has_eight_dots_in_a_cell():
    canvas = Canvas(1, 1, Span(0, 1), Span(0, 1))
    canvas.scatter([(x / 2, y / 4) for x in range(2) for y in range(4)], "a")
    assert plain(canvas) == ["⣿"]


def test_equal_values_and_no_values_are_drawn_too():
    assert any(texts(drawn(Plot("", [Series("flat", ((1.0, 0.5), (2.0, 0.5)))]), 30, 8)))
    assert any(texts(drawn(Plot("", []), 30, 8)))


@pytest.mark.parametrize(
    ("value", "interval", "drawn"),
    [
        (0.5, (0.0, 1.0), "─────●────"),
        (0.5, (0.25, 0.74), "┊ ╶──●─╴  "),
        (0.5, (-1.0, 0.6), "◀────●╴   "),
        (None, None, "┊         "),
        (1.5, (1.2, 1.6), "┊        ▶"),
        (0.0, None, "●         "),
    ],
)
def test_a_strip_ends_on_half_cells_and_says_where_it_is_cut(value, interval, drawn):
    pieces = strips.strip(ONE, value, interval, 10, [(0.0, "┊", "faint")])
    assert "".join(text for text, _ in pieces) == drawn


@pytest.mark.parametrize("span", [ONE, Span(0.4, 1), Span(-0.2, 0.2), Span(3, 3.004), Span(0, 12044)])
@pytest.mark.parametrize("width", [5, 15, 40])
def test_tick_labels_fit_and_never_touch(span, width):
    line = strips.tick_line(span, width)
    assert len(line) == width
    known = {strips.label(at) for most in (3, 5) for at in strips.ticks(span, most)}
    assert set(line.split()) <= known
    assert line.split()


def test_what_is_not_nothing_can_be_seen_in_a_histogram():
    assert strips.histogram([0, 1, 50, 100]) == " ▁▄█"
    assert strips.histogram([]) == ""


@pytest.mark.parametrize(
    ("low", "value", "high", "drawn"),
    [(-1, 0, 1, "-----*-----"), (0, 0.5, 0.9, "     ---*-- "[:11]), (-9, -9, 9, "*----------")],
)
def test_an_interval_in_one_line(low, value, high, drawn):
    line = strip(low, value, high, Span(-1, 1), 11, ASCII)
    assert len(line) == 11
    assert line.count("*") == 1
    if low == -1:
        assert line == drawn


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_plot_is_written_as_a_figure(tmp_path, suffix):
    pytest.importorskip("matplotlib")
    plot = Plot("a title", [DIAGONAL, Series("nothing yet", ())], Span(0, 1), Span(0, 1))
    path = write_plot(plot, str(tmp_path / f"roc{suffix}"))
    assert path.read_bytes()[:5] in (b"<?xml", b"%PDF-", b"\x89PNG\r")


def test_names_in_a_figure_are_no_formulae(tmp_path):
    pytest.importorskip("matplotlib")
    plot = Plot("a $x^ $ {\x1b[2J", [Series("$\\frac$ [/]", DIAGONAL.points)])
    assert "a $x^ $" in write_plot(plot, str(tmp_path / "roc.svg")).read_text()


def test_a_figure_that_cannot_be_written_is_a_sentence(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(DataError, match="cannot be written"):
        write_plot(Plot("", [DIAGONAL]), str(tmp_path / "missing" / "roc.svg"))


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install .matplotlib"):
        write_plot(Plot("", [DIAGONAL]), str(tmp_path / "roc.svg"))
