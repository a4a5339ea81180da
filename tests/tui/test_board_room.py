"""What the Board has room for: the panes that are shown, and whole sentences under the table."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fake_arena import FakeArena, a_table, at_rest, drive, make_app, screen_text, shows, until

from tui.screens.board.room import Room
from tui.screens.board.text import whole
from tui.widgets.pane import Pane

TOLD = (
    "No model here is shown to beat TF-IDF. Among 2 models on 10 splits each: 0 of 1 neighbours are told "
    "apart. A typical pair would have to differ by .068."
)
SIZES = [(80, 24), (120, 40), (200, 60)]


def panes_of(app) -> set[str]:
    """The panes of the Board that can be seen."""
    shown = (pane for pane in app.screen.query(Pane) if pane.region.area and pane.display)
    return {str(pane.id) for pane in shown if all(node.display for node in pane.ancestors_with_self)}


@pytest.mark.parametrize(
    ("width", "lines", "said"),
    [
        (118, 1, "No model here is shown to beat TF-IDF. Among 2 models on 10 splits each: "
                 "0 of 1 neighbours are told apart."),
        (78, 1, "No model here is shown to beat TF-IDF."),
        (78, 2, TOLD),
        (30, 1, "No model here is shown to …"),
        (78, 0, ""),
    ],
)  # fmt: skip
def test_what_a_table_can_tell_ends_at_a_whole_sentence_or_word(width, lines, said):
    found = whole(TOLD, width, lines)
    assert " ".join(line.strip() for line in found) == said
    assert len(found) <= lines
    assert all(len(line) <= width for line in found)


def test_what_beats_tfidf_is_said_first(monkeypatch):
    from fake_judged import FakeJudged

    from tui.ranked.standings import Standing, in_a_line

    monkeypatch.setattr("tui.ranked.beats.sentence", lambda _standing: "mini beats TF-IDF.")
    table = a_table()
    said = in_a_line(Standing(table, FakeJudged(table)))
    assert said.startswith("mini beats TF-IDF. Among 2 models on 10 splits each: 1 of 1 neighbours is told")
    assert said.endswith("told apart. A typical pair would have to differ by .040.")


@pytest.mark.parametrize("size", SIZES)
async def test_before_a_table_is_read_it_has_all_the_room(size):
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    gate, rankings = threading.Event(), arena.rankings
    arena.rankings = lambda table: gate.wait(60) and rankings(table)
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: app.screen.MODE == "board")
        try:
            await until(pilot, lambda: panes_of(app) == {"board-pane"})
            await until(pilot, lambda: screen_text(app).count("Reading.") == 1)
        finally:
            gate.set()
        await until(pilot, lambda: "board-splits-pane" in panes_of(app))


async def test_panes_stay_where_they_are_while_another_table_is_read():
    arena = FakeArena()
    arena.boards |= {"lr": a_table(), "rf": a_table(auc=0.8)}
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "rank 1 of 2 own" in screen_text(app))
        await at_rest(pilot)
        before = panes_of(app), app.screen.query_one("#board-pane").size
        gate, rankings = threading.Event(), arena.rankings
        arena.rankings = lambda table: gate.wait(60) and rankings(table)
        await pilot.press("right_square_bracket")
        try:
            await until(pilot, lambda: "Reading." in screen_text(app))
            assert (panes_of(app), app.screen.query_one("#board-pane").size) == before
        finally:
            gate.set()


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_table_has_all_the_room_and_ways_out(size):
    app = make_app(FakeArena())
    async with drive(app, size) as pilot:
        await pilot.press("3")
        await shows(pilot, "Nothing is ranked under this protocol yet.")
        await shows(pilot, "M   show every model by every task")
        await shows(pilot, "╌╌╌╌╌")
        await until(pilot, lambda: panes_of(app) == {"board-pane"})


@pytest.mark.parametrize(("size", "beside"), [((80, 24), set()), ((120, 40), {"board-tasks-pane"})])
async def test_a_table_of_print_alone_has_no_pane_for_splits(size, beside):
    arena, table = FakeArena(), a_table()
    printed = tuple(row for row in table.rows if row.source == "paper")
    arena.boards["lr"] = replace(table, rows=printed, expected=0)
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "0 own" in screen_text(app) and panes_of(app) == {"board-pane"} | beside)
        assert "0 splits" not in screen_text(app)
        assert "paper's" not in screen_text(app).split("Printed", 1)[0]


@pytest.mark.parametrize("height", range(16, 70, 3))
@pytest.mark.parametrize("width", [80, 110, 200])
@pytest.mark.parametrize("own", [True, False])
def test_nothing_is_given_more_lines_than_there_are(width, height, own):
    for rows in (0, 1, 6, 18, 300):
        for told in (0, 2, 5):
            room = Room(width, height, rows, 2, own, told=told)
            assert 0 <= room.foot <= 1 + max(told, 2)
            if room.below:
                assert room.table is not None
                assert height - 3 - room.foot - room.table >= 8, "the pictures have their lines"
            else:
                assert room.table is None
