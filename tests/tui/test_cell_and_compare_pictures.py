"""What is drawn of a cell and of a comparison, as text that a person could check."""

from __future__ import annotations

import math

import pytest

from engine.stats.posterior import Posterior
from engine.stats.reliability import groups, wilson
from store.arm import Arm
from tui.questions.cells import CellDetail
from tui.questions.tested import Kept, Scored, always, balanced, called, hardest
from tui.ranked.among import Among
from tui.ranked.comparison import Line
from tui.ranked.figures import bare, change, three
from tui.screens.cell import drawings as cell_drawings
from tui.screens.cell import text as cell_text
from tui.screens.compare import drawings
from tui.screens.compare import text as compare_text
from tui.screens.compare.verdict import shares
from tui.widgets.canvas import Span
from tui.widgets.rows import Column, Row
from tui.widgets.sorting import ordered


def plain(lines) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def scored(*tests: tuple[str, int, float]) -> list[Scored]:
    return [
        Scored(gene, label, score, int(score > 0.5), score if label else 1 - score)
        for gene, label, score in tests
    ]


KEPT = Kept(
    ("short", "tall"),
    {
        "one": scored(("A", 1, 0.9), ("B", 0, 0.2), ("C", 0, 0.6)),
        "two": scored(("A", 1, 0.3), ("D", 0, 0.1), ("C", 0, 0.8)),
    },
)


def test_the_posterior_is_a_density_about_the_difference():
    # t with one degree of freedom is Cauchy's: 1 / (pi s (1 + z^2)).
    cauchy = Posterior(0.02, 0.05, 1)
    assert cauchy.density([0.02, 0.07]) == pytest.approx([1 / (math.pi * 0.05), 1 / (math.pi * 0.1)])
    many = Posterior(-0.1, 0.03, 24).density([-0.1 + 0.0001 * step for step in range(-5000, 5001)])
    assert sum(many) * 0.0001 == pytest.approx(1, abs=1e-4)


def test_tests_are_grouped_by_equal_number_with_the_interval_of_their_genes():
    # Wilson 1927 of 8 in 10 by hand: (0.8 + 0.19207) / 1.38415 -+ 0.22676.
    assert wilson(0.8, 10) == pytest.approx((0.4901, 0.9433), abs=1e-3)
    found = groups([(0.1, False, "A"), (0.3, True, "B"), (0.2, False, "A"), (0.9, True, "C")], 2)
    assert [(group.score, group.share, group.tests, group.genes) for group in found] == [
        (pytest.approx(0.15), 0.0, 2, 1),
        (pytest.approx(0.6), 1.0, 2, 2),
    ]
    assert groups([]) == ()


def test_what_genes_were_called_and_which_were_hardest():
    rows = called(KEPT)
    assert [(row.name, row.counts) for row in rows] == [("short", (2, 2)), ("tall", (1, 1))]
    assert balanced(rows) == 0.5
    assert not always(rows)
    low = called(Kept(("short", "tall"), {"one": scored(("A", 1, 0.4), ("B", 0, 0.2))}))
    assert always(low) == "short"
    assert [(hard.gene, round(hard.error, 3), hard.tests) for hard in hardest(KEPT)][:2] == [
        ("C", 0.7, 2),
        ("A", 0.4, 2),
    ]
    drawn = plain(cell_drawings.matrix(Kept(("short", "tall"), {"one": scored(("A", 1, 0.4))}), 40))
    assert "always short" in drawn
    three_classes = Kept(
        ("a", "b", "c"), {"one": [Scored("A", 2, 0.1, 2, 0.8), Scored("B", 1, 0.2, 0, 0.2)]}
    )
    assert [row.counts for row in called(three_classes)] == [(0, 0, 0), (1, 0, 0), (0, 0, 1)]
    assert three_classes.rest == "not b"


def test_scores_stand_up_for_one_class_and_hang_for_the_other_on_one_scale():
    lines = plain(cell_drawings.scores(KEPT, 45, 14))
    assert len(lines) == 14
    assert "tall  2 test scores" in lines[0]
    assert "short  4 test scores" in lines[-2]
    assert lines[-1].split() == ["0", ".25", ".5", ".75", "1"]
    by_split = cell_drawings.by_split(KEPT, [("one", "41"), ("two", "42"), ("lost", "43")], 44, 6)
    assert [line.split()[:2] for line in plain(by_split)[1:3]] == [
        ["41", "■"],
        ["□", *plain(by_split)[2].split()[1:2]],
    ]
    wrong = [text for line in by_split for text, tone in line if tone == "$say-bad"]
    assert len(wrong) == 3


def test_splits_of_a_control_are_grouped_by_its_draws_and_failures_say_why():
    def split(model, seed, auc, state="scored"):
        empty = dict.fromkeys(("auprc", "brier", "n_train", "n_test", "seconds", "best_params", "sentence"))
        return empty | {"model": model, "seed": seed, "key": f"{model}{seed}", "state": state, "auc": auc}

    splits = [split("random-1", 41, 0.4), split("random-2", 41, 0.6), split("random-2", 42, None, "failed")]
    splits[-1]["sentence"] = "Out of memory."
    rows, columns = cell_text.split_rows(CellDetail(splits, {}, {}, [], [], []))
    assert [row.heading or str(row.cells[0]) for row in rows] == [
        "draw 1, mean .400",
        "41",
        "draw 2, mean .600",
        "41",
        "42",
    ]
    assert [column.key for column in columns][:3] == ["seed", "draw", "auc"]
    strip = next(number for number, column in enumerate(columns) if column.key == "strip")
    assert rows[-1].cells[strip].draw(8) == [("Out of …", "bad")]
    said = "".join(
        str(part[0] if isinstance(part, tuple) else part)
        for part in cell_text.splits_title(CellDetail(splits, {}, {}, [], [], []))
    )
    assert said == "2, mean .500 ±.141, 1 failed, 1 below chance"


def test_a_dumbbell_is_in_the_colour_of_the_one_ahead():
    span = Span(0.5, 1.0)
    assert plain([drawings.dumbbell(span, 0.92, 0.58, 10)]) == [" ◆━━━━━━● "]
    assert ("━", "a") in drawings.dumbbell(span, 0.9, 0.6, 10)
    assert ("━", "b") in drawings.dumbbell(span, 0.6, 0.9, 10)
    assert "".join(text for text, _ in drawings.dumbbell(span, 0.8, 0.8002, 10)).strip() == "◉"
    pairs = (("41", 0.9, 0.8), ("42", 0.7, 0.75), ("43", 0.8, 0.8004))
    assert drawings.ahead(pairs) == (1, 1, 1)
    line = Line("tall", 0.8, 0.78, None, "not told apart", pairs=pairs)
    for height in (5, 6, 12):
        assert len(drawings.dumbbells(line, 50, height)) <= height
        assert "ahead" not in " ".join(plain(drawings.dumbbells(line, 50, height)))
    assert plain([drawings.counted(pairs)]) == ["A ahead on 1, B on 1, level on 1"]
    assert plain([drawings.counted(pairs, 26)]) == ["A ahead on 1, B on 1"]
    beside = plain(drawings.every_task([line, line], 56, 8))
    assert {line.index("A ahead on 1", 1) for line in beside if "ahead" in line} == {6}
    assert beside[-1].count("A ahead on 1, B on 1") == 2
    assert {len(line) for line in beside} == {56}
    assert len(drawings.every_task([line, line, line], 60, 14)) == 12
    tasks = drawings.every_task([line, line, line], 60, 8)
    assert plain(tasks)[0].count("tall") == 2
    assert "and 1 more task" in plain(tasks)[-1]


def test_every_two_rows_stand_in_a_triangle_with_a_star_where_they_are_told_apart():
    found = Among(
        ("best", "next", "tfidf"),
        {"best": 0.9114, "next": 0.9006, "tfidf": 0.5},
        frozenset({("best", "tfidf")}),
        4,
        2,
        frozenset({"tfidf"}),
    )
    lines = plain(drawings.triangle(found, ["best"], 60, 9))
    assert lines[1].split() == ["best", ".911", "+.010", "+.411*"]
    assert lines[2].split() == ["next", ".901", "+.401"]
    assert lines[3].split()[:3] == ["∅", "TF-IDF", "words"]
    assert "tfidf" not in " ".join(lines)
    low = plain(drawings.triangle(found, ["best"], 44, 9))
    assert [line.split() for line in low[:2]] == [["TF-IDF"], ["mean", "next", "words"]]
    assert low[0].index("TF-IDF") + len("TF-IDF") == low[1].index("words") + len("words")
    assert [line.split()[0] for line in plain(drawings.triangle(found, ["best"], 44, 5))[:2]] == [
        "mean",
        "best",
    ]
    assert "told apart among these 2" in lines[-1]


def test_the_posterior_is_tinted_by_whom_it_is_for():
    line = Line(
        "tall",
        0.9,
        0.88,
        (-0.06, 0.1),
        "",
        probabilities=(0.6, 0.3, 0.1),
        posterior=Posterior(0.02, 0.04, 24),
    )
    plot = compare_text.posterior_plot(line)
    tints = {band.tone: band.edges for band in plot.bands}
    assert max(x for x, *_ in tints["bandb"]) == -0.01
    assert [tints["bande"][0][0], tints["bande"][-1][0]] == [-0.01, 0.01]
    assert min(x for x, *_ in tints["banda"]) == 0.01
    assert [words.text for words in plot.words] == ["same 30 %", "◀ B 10 %", "A 60 % ▶"]
    assert compare_text.posterior_plot(Line("tall", 0.9, 0.88, None, "")) is None


def test_the_bar_of_a_verdict_fills_its_width():
    for chances in ((1.0, 0.0, 0.0), (0.004, 0.006, 0.99), (1 / 3, 1 / 3, 1 / 3)):
        assert sum(shares(chances, 77)) == 77
    assert shares((0.004, 0.006, 0.99), 77) == (0, 1, 76)


def test_numbers_in_a_terminal_have_three_digits_and_differences_are_those_of_the_digits_shown():
    assert [three(0.9114), three(1.0), three(None)] == [".911", "1.00", "-"]
    assert [change(0.0231), change(-0.0231), change(-0.0001)] == ["+.023", "−.023", ".000"]
    assert (
        bare("A - B -0.023 [-0.081, +0.035] of 10.5 at 0.5") == "A - B −.023 [−.081, +.035] of 10.5 at .5"
    )
    assert Line("x", 0.9114, 0.9006, None, "").terse == (".911", ".901", "+.010")


def test_rows_are_sorted_by_value_with_what_has_none_last():
    columns = [Column("name", "name"), Column("auc", "AUC")]
    rows = [Row(key, (key, value)) for key, value in (("a", ".9"), ("b", "-"), ("c", "−.1"), ("d", "1.00"))]
    down, marked = ordered(rows, columns, 1, True)
    assert [row.key for row in down] == ["d", "a", "c", "b"]
    assert [row.key for row in ordered(rows, columns, 1, False)[0]] == ["c", "a", "d", "b"]
    assert marked[1].head == "AUC▾"


def test_the_line_over_a_cell_drops_what_there_is_no_room_for():
    from tui.questions.cells import CellWorth, Place

    place = Place("mini", "tall", Arm("lr"))
    worth = CellWorth((), "", 0.9, (0.8, 0.96))

    def said(width):
        parts = cell_text.context(place, None, worth, width)
        return "".join(part[0] for part in parts)

    assert said(90) == "▌mini on tall   lr, preset paper, text facts   AUC .900 [.800, .960]"
    assert said(40) == "▌mini on tall   AUC .900 [.800, .960]"
    assert said(20) == "▌mini on tall"
