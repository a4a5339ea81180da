"""The screens one goes to from a ranked table: a cell, two sides, a gene."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fake_arena import (
    FakeArena,
    a_table,
    at_rest,
    drive,
    hostile,
    make_app,
    paste,
    screen_text,
    shows,
    told,
    until,
)
from pressing import presses

from store.arm import Arm, Table
from store.errors import DataError
from tui.questions.cells import Side
from tui.questions.genes import GeneRow
from tui.questions.tested import Kept
from tui.screens.compare.text import first_pair
from tui.widgets.grid import Grid
from tui.widgets.said import Said

SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    arena.boards["rf"] = a_table(auc=0.8)
    return arena


async def on_screen(pilot, key: str, word: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: word in screen_text(pilot.app))


async def cell_opened(pilot, *moves: str) -> None:
    await on_screen(pilot, "3", ".900")
    await pilot.press(*moves, "enter")
    await until(pilot, lambda: "Splits 9, mean .900" in screen_text(pilot.app))


@presses("board.open", "cell.back")
@pytest.mark.parametrize("size", SIZES)
async def test_an_own_cell_opens_to_its_splits(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await cell_opened(pilot, "l", "l")
        await shows(pilot, "AUC .900 [.800, .960]", "mini on tall", "41 .900  .800  .100")
        await shows(pilot, "50    ✗     -     -", "It ran out", "1 failed")
        await pilot.press("escape")
        await until(pilot, lambda: "lr Logistic" in screen_text(app))


async def test_the_command_of_a_cell_names_its_seeds_unless_they_are_the_usual(arena, monkeypatch):
    whole = arena.cell_detail

    def two_splits(place):
        return replace(whole(place), splits=whole(place).splits[:2])

    monkeypatch.setattr(arena, "cell_detail", two_splits)
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await on_screen(pilot, "3", ".900")
        await pilot.press("enter")
        await until(pilot, lambda: "--seeds 41-42" in screen_text(app))
        await shows(pilot, "genearena run --models mini --tasks")


@presses("cell.plot")
async def test_its_pages_show_curves_genes_calls_scores_provenance_and_tuning(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await cell_opened(pilot)
        pages = [
            ("↑ true positive rate", "mean of 2", "AUC .900 ±.000"),
            ("↑ precision", "share of the class .500"),
            ("↑ share tall", "Calibration 8 equal groups"),
            ("SOX2", ".700", "Hardest genes"),
            ("balanced .750, by chance .500", "No gene called tall at .5", "again"),
            ("Every score by split",),
            ("C=1", "7 splits", "Tuning"),
        ]
        for number, page in enumerate(pages):
            if number:
                await pilot.press("v")
            await until(pilot, lambda page=page: all(word in screen_text(app) for word in page))
        await pilot.press("v")
        await until(pilot, lambda: "↑ true positive rate" in screen_text(app))


async def test_at_its_largest_a_cell_shows_everything_and_where_it_comes_from(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await cell_opened(pilot)
        await until(pilot, lambda: "of genes .0300, of splits .0200; 12" in screen_text(app))
        await shows(pilot, "box, cpu, Python 3.11, Linux", "halved batch", "paper, 11 models .863 to .908")
        splits = app.screen.query_one("#splits", Grid)
        await pilot.press("s", "s")
        assert splits.columns[0].head == "seed▴"
        assert [row.key for row in splits.shown][-1] == "key-50"
        await pilot.press("l", "s")


async def test_the_splits_of_a_cell_do_not_wait_for_what_it_is_worth(arena, monkeypatch):
    gate, whole = threading.Event(), arena.cell_worth
    monkeypatch.setattr(arena, "cell_worth", lambda place: gate.wait(60) and whole(place))
    app = make_app(arena)
    try:
        async with drive(app, (200, 60)) as pilot:
            await cell_opened(pilot)
            await shows(pilot, "Reading.")
            assert "95 % [" not in screen_text(app)
            gate.set()
            await until(pilot, lambda: "AUC .900, 95 % [.800, .960]" in screen_text(app))
            await shows(pilot, "No gene called tall at .5")
    finally:
        gate.set()


async def test_a_plot_of_two_classes_is_written_as_the_figure_for_print(arena, tmp_path, monkeypatch):
    asked = []

    def write(_, kind, place, path):
        asked.append((kind, place.model, place.task))
        return path

    monkeypatch.setattr("tui.figures.write.write_cell", write)
    app = make_app(arena)

    async def export(pilot, name: str) -> None:
        await until(pilot, lambda: app.screen.shown_plot() is not None)
        await pilot.press("colon")
        paste(pilot, f"export {tmp_path}/{name}.svg")
        await pilot.press("enter")
        await until(pilot, lambda: f"/{name}.svg." in told(app))

    async with drive(app, (200, 60)) as pilot:
        await on_screen(pilot, "3", "mean of 2 splits")
        await export(pilot, "board")
        await cell_opened(pilot)
        await export(pilot, "first")
        app.screen.query_one("#pr").focus()
        await export(pilot, "focused")
    assert asked == [("roc", "mini", "tall"), ("roc", "mini", "tall"), ("pr", "mini", "tall")]


async def test_a_plot_of_three_classes_is_written_as_it_stands(arena, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    whole = arena.cell_detail
    three = Kept(("short", "tall", "taller"))
    monkeypatch.setattr(arena, "cell_detail", lambda place: replace(whole(place), tests=three))
    app = make_app(arena)
    async with drive(app) as pilot:
        await cell_opened(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "Plot: .svg .pdf .png" in screen_text(app))
        await pilot.press("escape", "colon")
        paste(pilot, f"export {tmp_path}/roc.svg")
        await pilot.press("enter")
        await until(pilot, lambda: "Wrote the plot to" in told(app))
    assert "ROC" in (tmp_path / "roc.svg").read_text()


async def test_a_fine_tuned_cell_shows_its_epochs(arena):
    arena.boards = {"finetune": a_table()}
    app = make_app(arena)
    async with drive(app) as pilot:
        await cell_opened(pilot)
        await until(pilot, lambda: "0.7000" in screen_text(app) and "evaluation AUC" in screen_text(app))


async def test_a_printed_row_says_why_it_does_not_open(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "3", "Printed")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "There are no own splits here to open" in told(app))


@presses("board.compare")
async def test_a_row_of_the_board_goes_to_compare(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "3", "other")
        await pilot.press("G", "c")
        await until(pilot, lambda: "● A other   ◆ B mini" in screen_text(app))
        assert "esc Back" in screen_text(app).splitlines()[-1]
        await pilot.press("escape")
        await until(pilot, lambda: "lr Logistic regression" in screen_text(app))


@presses("compare.first", "compare.second", "compare.swap", "pick.down", "pick.up")
@pytest.mark.parametrize("size", SIZES)
async def test_two_models_of_one_table_are_compared_on_their_common_splits(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await on_screen(pilot, "4", "● A mini   ◆ B other")
        await until(pilot, lambda: "told apart" in screen_text(app) and "+.025" in screen_text(app))
        assert "The two differ" not in screen_text(app)
        await shows(pilot, "A better 58 %", "B better 12 %", "Splits tall  A ahead on 3, B on 0")
        panes = screen_text(app).split("Every task")[0]
        assert panes.count("A ahead on") == 1
        if size[0] >= 110:
            assert "A ahead on 3, B on 0, level on 1" in panes
        line = next(line for line in screen_text(app).splitlines() if line.strip(" ▌│").startswith("tall"))
        assert line.strip(" ▌│").split()[:4] == ["tall", ".900", ".800", "+.100"]
        await pilot.press("w")
        await until(pilot, lambda: "● A other   ◆ B mini" in screen_text(app))
        await pilot.press("b", *"printed", "enter")
        await until(pilot, lambda: "B Printed / lr / paper" in screen_text(app))
        await until(pilot, lambda: "In the mean of 4 tasks: same." in screen_text(app))
        await pilot.press("b", *"mini rf", "enter")
        await until(
            pilot, lambda: "The two differ in protocol, not in the model alone." in screen_text(app)
        )
        await pilot.press("f", "down", "down", "up", "enter")
        await until(pilot, lambda: "A other / lr" in screen_text(app))


@pytest.mark.parametrize("typed", ["tfidf", "tf-idf w"])
async def test_a_side_is_found_by_its_name_and_by_what_it_is_called(arena, typed):
    table = a_table()
    control = replace(table.rows[0], model="tfidf", control=True)
    arena.boards["lr"] = replace(table, rows=(*table.rows, control))
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "4", "● A mini   ◆ B other")
        await pilot.press("b", *typed, "enter")
        await until(pilot, lambda: "◆ B TF-IDF words" in screen_text(app))


@presses("compare.view")
async def test_pages_of_a_comparison_and_marked_rows(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "4", "told apart")
        await pilot.press("v")
        await until(pilot, lambda: "↑ density" in screen_text(app) and "same 6 %" in screen_text(app))
        await pilot.press("v")
        await until(pilot, lambda: "+.100*" in screen_text(app) and "Every task" in screen_text(app))
        await shows(pilot, "told apart among these 2")
        app.go("compare", "other / lr\nmini / lr\nmini / rf")
        await until(pilot, lambda: "3 marked rows" in screen_text(app))


async def test_what_was_compared_is_not_read_again_until_the_database_moves(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "4", "told apart")
        for names in ("● A other   ◆ B mini", "● A mini   ◆ B other"):
            await pilot.press("w")
            await until(pilot, lambda names=names: names in screen_text(app))
            await until(pilot, lambda: "told apart" in screen_text(app))
        assert arena.calls["contrast"] == 2
        arena.version += 1
        await until(pilot, lambda: arena.calls["contrast"] == 3)


@presses("compare.details")
async def test_all_about_a_row_and_the_method_are_one_key_away(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "4", "told apart")
        assert "How: by t." not in screen_text(app)
        await pilot.press("i")
        await until(pilot, lambda: "How: by t." in screen_text(app))
        await shows(pilot, "not told apart: A 0.900, B 0.800, A - B +0.100 [-0.020, +0.220].", "It was A.")


async def test_why_two_sides_cannot_be_compared_stands_in_the_place_of_a_verdict(arena):
    arena.broken["contrast"] = DataError("FOXP2 stands twice in one class.")
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "4", "FOXP2 stands twice in one class.")
        await pilot.press("i")
        await until(pilot, lambda: "There is no row to say more about." in told(app))


async def test_a_row_of_the_board_is_compared_with_another_of_its_table(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"compare other / rf", "enter")
        await until(pilot, lambda: "● A other   ◆ B mini" in screen_text(app))


def own(model: str, table: str, printed_as: str = "") -> Side:
    return Side("own", model, Table.parse(table), printed_as)


def test_like_is_compared_with_like_at_first():
    mini, other = own("mini", "lr"), own("other", "lr")
    assert first_pair([mini, own("mini", "rf"), other]) == (mini, other)
    folds = own("mini", "lr scheme=cv-10x10"), own("other", "lr scheme=cv-10x10")
    assert first_pair([mini, *folds]) == folds
    assert first_pair([mini, own("other", "lr set=own"), own("other", "lr corrected")])[0] == mini


def test_without_two_models_of_a_table_two_protocols_of_one_are_compared():
    lr, corrected, rf = own("mini", "lr"), own("mini", "lr corrected"), own("mini", "rf")
    assert first_pair([lr, corrected, rf]) == (lr, rf)
    assert first_pair([lr, corrected]) == (lr, corrected)


def test_a_single_own_row_is_compared_with_what_was_published_of_it():
    mini = own("mini", "rf", "MiniLM")
    papers = [Side("paper", name, Table(Arm(to)), name) for to in ("lr", "rf") for name in ("A", "MiniLM")]
    assert first_pair([mini, *papers]) == (mini, papers[3])
    assert first_pair([own("mini", "rf"), *papers]) == (own("mini", "rf"), papers[2])
    assert first_pair([own("mini", "nb"), *papers]) == (own("mini", "nb"), papers[0])
    assert first_pair(papers) == (papers[0], papers[1])
    assert first_pair([mini]) == (mini, None)
    assert first_pair([]) == (None, None)


@pytest.mark.parametrize("size", SIZES)
async def test_compare_without_results_says_how_to_get_some(size):
    app = make_app(FakeArena())
    async with drive(app, size) as pilot:
        await on_screen(pilot, "4", "Nothing to compare yet")
        await shows(pilot, "1   plan a run", "3   go to the Board")
        await until(pilot, lambda: "no shared splits" not in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: "There are no results to compare yet" in told(app))


@presses("genes.open")
@pytest.mark.parametrize("size", SIZES)
async def test_a_gene_in_full(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await on_screen(pilot, "5", "hardest first")
        await until(pilot, lambda: "Text and labels FOXP2" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: "FOXP2: a g >| ene." in screen_text(app))
        await shows(
            pilot,
            "tall: short and tall  (in both classes)",
            "mini: all of it, 5 tokens",
            "maxi: 300 tokens, reads 254, up to 'FOXP2: a g'",
        )
        await pilot.press("tab")
        await until(pilot, lambda: " .250" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Neighbours of FOXP2 by mini" in screen_text(app))
        await shows(pilot, " .987")


async def test_a_gene_that_is_searched_for_is_the_one_told_about(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "Text and labels FOXP2")
        await pilot.press("slash", *"brca", "enter")
        await until(pilot, lambda: "Text and labels BRCA1" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "▌BRCA1" in screen_text(app) and "TP53" in screen_text(app))


async def test_a_gene_is_read_once_the_cursor_rests_on_it(arena, monkeypatch):
    monkeypatch.setattr("tui.screens.genes.screen.SETTLE", 600.0)
    read = []
    monkeypatch.setattr(
        "tui.screens.genes.screen.GenesScreen.read_gene", lambda screen, gene: read.append(gene)
    )
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "hardest first")
        await pilot.press("j", "k", "j")
        await until(pilot, lambda: "▌BRCA1" in screen_text(app))
        assert read == []
        monkeypatch.setattr("tui.screens.genes.screen.SETTLE", 0.01)
        await pilot.press("j")
        await until(pilot, lambda: read == ["TP53"])


async def test_a_gene_is_read_again_with_the_list(arena, monkeypatch):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "Text and labels FOXP2")
        await pilot.press("enter")
        await until(pilot, lambda: "Neighbours of FOXP2" in screen_text(app))
        detail = replace(arena.gene_detail("FOXP2"), labels=[("small", "large")])
        monkeypatch.setattr(arena, "gene_detail", lambda gene: detail)
        arena.version += 1
        text = app.screen.query_one("#gene-text", Said)
        await until(pilot, lambda: "small: large" in text.content.plain)
        assert len(app.screen.query_one("#near", Grid).rows) == 1


async def test_a_gene_no_model_has_embedded_says_so(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "hardest first")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "No model has embedded BRCA1 here yet." in told(app))


async def test_a_gene_by_name(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"genes tp53", "enter")
        await until(pilot, lambda: "Text and labels TP53" in screen_text(app))
        await pilot.press("colon", *"genes XYZ", "enter")
        await until(pilot, lambda: "XYZ is in none of the tasks" in told(app))


async def test_a_task_that_came_in_is_read_when_one_comes_back(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "Genes 3")
        await pilot.press("1")
        arena.gene_errors["MINE1"] = None
        await on_screen(pilot, "5", "Genes 4")

        def last() -> str:
            return next(line for line in screen_text(app).splitlines() if "MINE1" in line).split()[-1]

        await until(pilot, lambda: last() == "-")


async def test_the_cursor_goes_to_the_hardest_gene_once_there_is_one(monkeypatch):
    arena = FakeArena()
    rows = [GeneRow(name, 1, 0, None) for name in ("A", "B", "C")]
    monkeypatch.setattr(arena, "genes", lambda: list(rows))
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "▌A")
        rows.insert(0, GeneRow("HARD", 1, 4, 0.9))
        arena.version += 1
        await until(pilot, lambda: "▌HARD" in screen_text(app))
        rows.insert(0, GeneRow("HARDER", 1, 4, 0.95))
        arena.version += 1
        await until(pilot, lambda: "HARDER" in screen_text(app))
        await shows(pilot, "▌HARD ")


async def test_no_genes_yet():
    arena = FakeArena()
    arena.gene_errors = {}
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_screen(pilot, "5", "No task can be used here")


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names_stay_text_on_the_deeper_screens(size):
    arena = FakeArena(names=hostile)
    arena.boards = {"lr": a_table(names=hostile), "rf": a_table(names=hostile)}
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await on_screen(pilot, "3", "[/]mini")
        script = (
            "enter / tab / tab / tab / escape / 4 / f / escape / tab / 5 / tab / tab / enter / 6 / f5 / l l"
        )
        for keys in (step.split() for step in script.split(" / ")):
            await pilot.press(*keys)
            await at_rest(pilot)
            text = screen_text(app)
            assert app.is_running
            assert not any(bad in text for bad in ("\x1b", "\x07", "\u202e")), keys
