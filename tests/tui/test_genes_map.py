"""The genes of a task and their map: what is drawn, where keys go, and the way back."""

from __future__ import annotations

import pytest
from fake_arena import FakeArena, at_rest, drive, make_app, screen_text, shows, told, until
from pressing import presses

from tui.questions.genelist import Contestant, GeneList, Listed
from tui.questions.maps import Dot, GeneMap, Mapped
from tui.screens.genes import list_text
from tui.screens.genes.beside import beside
from tui.screens.genes.gene_text import gene_card
from tui.screens.genes.map_text import drawn, ground, legend, towards
from tui.terminal import leisure
from tui.widgets.grid import Grid
from tui.widgets.words import ASCII

SQUARE = {"NW": (0, 1), "NE": (1, 1), "SW": (0, 0), "SE": (1, 0)}
CLASSES = ("short", "tall")


def a_map(errors=(0.9, 0.1, 0.2, None), classes=CLASSES, model="mini") -> GeneMap:
    dots = [
        Dot(gene, x, y, place % len(classes), error, None if error is None else 0.05, 4, place)
        for place, ((gene, (x, y)), error) in enumerate(zip(SQUARE.items(), errors, strict=True))
    ]
    near = [tuple((other, 0.9 - other / 10) for other in range(4) if other != place) for place in range(4)]
    of = Mapped(model, "tall", "paper", "facts")
    return GeneMap(of, "pca", "", classes, dots, (0.27, 0.04), 384, 3, 0.8, 0.62, near, 0)


def a_list(of: Contestant, classes=CLASSES) -> GeneList:
    genes = [
        Listed(dot.gene, dot.label, f"{dot.gene}: gene of the {dot.gene}. More.", "N", dot.error, dot.sd, 4)
        for dot in a_map(classes=classes).dots
    ]
    return GeneList(of, classes, genes)


def words(lines) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_the_map_marks_what_is_wrong_the_nearest_and_the_cursor():
    lines = words(drawn(ground(a_map(), "class", (), None, 39, 10), 1, 40, "chip"))
    assert [len(line) for line in lines[:-1]] == [40] * 11
    assert lines[0].startswith("▶1"), "the nearest stands over its cross"
    assert lines[0].rstrip().endswith("◉")
    assert " NE " in lines[1]
    assert lines[9][1] == "2"
    assert lines[9][39] == "3"
    assert lines[10].index("▲") == 39
    assert lines[11] == " PC1 27 % →   ↑ PC2 4 %"


def test_classes_errors_and_families_have_tones_of_their_own():
    def tones(colour, kept=None, of=None):
        place = ground(of or a_map(), colour, {"SW"}, kept, 20, 6)
        return [place.lines[row][column][1] for column, row in place.cells]

    assert tones("class") == ["$say-bad bold", "$say-b", "$say-a", "$say-b"]
    assert tones("error") == ["$say-bad bold", "$say-good", "$say-good", "$say-faint"]
    assert tones("family") == ["$say-soft", "$say-soft", "$say-b", "$say-soft"]
    assert tones("class", {("NE", 1)}) == ["$say-line", "$say-b", "$say-line", "$say-line"]
    many = a_map((0.1,) * 4, ("one", "two", "three", "four"))
    assert tones("class", of=many) == ["$say-a", "$say-b", "$say-run", "$say-good"]
    assert "four" in str(legend(many, "class"))
    plain = words(ground(a_map(), "class", (), None, 20, 6, ASCII).lines)
    assert plain[0].endswith("#")
    assert plain[5].startswith("o")
    assert plain[5].endswith("#")


@pytest.mark.parametrize(
    ("start", "across", "down", "end"),
    [(0, 1, 0, 1), (0, 0, 1, 2), (3, -1, 0, 2), (3, 0, -1, 1), (0, -1, 0, 0), (1, 0, -1, 1)],
)
def test_an_arrow_goes_to_the_next_dot_in_its_direction(start, across, down, end):
    assert towards(ground(a_map(), "class", (), None, 39, 10), start, across, down) == end


def test_every_dot_of_one_cell_can_be_reached():
    place = ground(a_map(), "class", (), None, 1, 1)
    assert [towards(place, at, 1, 0) for at in range(4)] == [1, 2, 3, 3]
    assert [towards(place, at, 0, -1) for at in range(4)] == [0, 0, 1, 2]


def test_genes_are_narrowed_and_ordered():
    genes = a_list(MINI).genes
    names = [item.gene for item in list_text.ordered(genes, "error", False, {})]
    assert names == ["NW", "SW", "NE", "SE"], "what was not tested is last"
    assert [item.gene for item in list_text.ordered(genes, "error", True, {})] == ["NE", "SW", "NW", "SE"]
    assert [item.gene for item in list_text.kept(genes, 1, False)] == ["NE", "SE"]
    assert [item.gene for item in list_text.kept(genes, None, True)] == ["NW"]
    both = list_text.narrowed(("a", "b"), 1, True)
    assert "".join(text for text, _ in both) == "  only b, confidently wrong"
    cells = [str(cell) for cell in list_text.list_rows(a_list(MINI), a_map())["NW\n0"].cells]
    assert cells == ["NW", "NW: gene of the NW. More.", "□", "short", ".900", ".900", "±.05", "4", "○○○○○"]
    assert list_text.gene_name("NW", genes[0].text) == "gene of the NW"


def test_a_gene_says_how_many_of_its_nearest_are_of_its_class():
    genes = a_list(MINI)
    names = {("SW", 0): "gene of the SW"}
    card = gene_card(genes.genes[0], CLASSES, a_map(), 0, names, 60, 13).plain
    assert card.startswith("NW  □ short   error .900 ±.050 in 4 tests\nNW: gene of the NW. More.\n")
    assert "of its class 1 of 3" in card
    assert ".700  gene of the SW" in card
    assert "1 NE ■ ────" in card
    assert len(card.splitlines()) == 7
    assert gene_card(genes.genes[3], CLASSES, None, None, {}, 60, 13).plain.count("\n") == 1


def test_genes_that_are_kept_stand_beside_the_others():
    kept, others = a_list(MINI).genes[:1], a_list(MINI).genes[1:]
    agree = {(dot.gene, dot.label): dot.agree for dot in a_map().dots}
    lines = words(beside(kept, others, CLASSES, agree, 40, 14))
    assert [line.split() for line in lines[:6]] == [
        ["kept", "others"],
        ["□", "short", "1", "1"],
        ["■", "tall", "0", "2"],
        ["mean", "error", ".900", ".150"],
        ["wrong", "100", "%", "0", "%"],
        ["agree,", "of", "5", "0.0", "2.0"],
    ]
    assert len(lines) == 14
    assert lines[-6].index("●") == 36, "nine tenths of forty cells"
    assert lines[-2].count("█") == 2, "of the others two were tested"
    assert lines[-1].split() == ["0", ".25", ".5", ".75", "1"]
    assert len(beside(kept, others, CLASSES, agree, 40, 8)) == 6, "no room to draw the errors"


MINI = Contestant("tall", "mini", "paper", "facts", False, True, "hash")
TFIDF = Contestant("tall", "tfidf", "paper", "facts", True, False, "hash")
OTHER = Contestant("small", "mini", "paper", "facts", False, True, "hash")


@pytest.fixture
def mapped() -> FakeArena:
    arena = FakeArena()
    arena.gene_lists = {of: a_list(of) for of in (MINI, TFIDF, OTHER)}
    arena.drawn_maps = [a_map()]
    return arena


async def on_screen(pilot, key: str, word: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: word in screen_text(pilot.app))


@presses(
    "genes.open", "genes.map", "genes.task", "genes.task-back", "genes.contestant", "genes.contestant-back"
)
async def test_a_task_its_map_and_the_way_back(mapped):
    app = make_app(mapped)
    async with drive(app, (120, 40)) as pilot:
        await on_screen(pilot, "5", "3 nearest share the class 80 %, by chance 62 %")
        await shows(pilot, "Genes 4, hardest first", "PC1 27 % →")
        assert "esc Back" not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Neighbours of NW by mini" in screen_text(app))
        assert screen_text(app).splitlines()[-1].startswith(" esc Back  tab Pane")
        await pilot.press("escape")
        await until(pilot, lambda: "PC1 27 %" in screen_text(app) and "▌NW" in screen_text(app))
        assert "esc Back" not in screen_text(app)
        await pilot.press("m")
        await until(pilot, lambda: "hardest first" not in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "hardest first" in screen_text(app))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "A map needs a model that makes a vector" in screen_text(app))
        await pilot.press("m")
        await until(pilot, lambda: "tfidf is a control" in told(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "PC1 27 %" in screen_text(app))
        await pilot.press("right")
        await until(pilot, lambda: "There is nothing to draw a map of yet." in screen_text(app))
        await pilot.press("right")
        await until(
            pilot, lambda: "Every task  3 genes" in screen_text(app) and "FOXP2" in screen_text(app)
        )
        await pilot.press("left", "left")
        await until(pilot, lambda: "PC1 27 %" in screen_text(app))


@presses(
    "map.left", "map.right", "map.up", "map.down", "genes.class", "genes.wrong", "genes.colour", "grid.sort"
)
async def test_keys_on_the_map_and_what_narrows_the_list(mapped):
    app = make_app(mapped)
    async with drive(app, (80, 24)) as pilot:
        await on_screen(pilot, "5", "share the class 80 %")
        for key, gene in (("right", "NE"), ("down", "SE"), ("left", "SW"), ("up", "NW")):
            if gene == "NE":
                await pilot.press("tab")
            await pilot.press(key)
            await until(pilot, lambda gene=gene: f"{gene}: gene of the {gene}. More." in screen_text(app))
        await pilot.press("escape", "c")
        await until(pilot, lambda: "Genes 2 of 4" in screen_text(app) and "only short" in screen_text(app))
        await pilot.press("w")
        await until(pilot, lambda: "Genes 1 of 4" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Genes 4, hardest first" in screen_text(app))
        await pilot.press("s")
        await until(pilot, lambda: "Genes 4, by name" in screen_text(app))
        await pilot.press("v", "v")
        await until(pilot, lambda: "family N" in screen_text(app))


async def test_keys_on_the_map_start_from_the_gene_of_the_list_at_once(mapped, monkeypatch):
    app = make_app(mapped)
    async with drive(app, (80, 24)) as pilot:
        await shows(pilot, "to run")
        await at_rest(pilot)
        monkeypatch.setattr(leisure, "REST", 3600.0)  # nothing that can wait is drawn
        monkeypatch.setattr(leisure, "LATEST", 3600.0)
        await on_screen(pilot, "5", "share the class 80 %")
        await until(pilot, lambda: app.screen.map is not None)
        await pilot.press("tab", "right")
        await until(pilot, lambda: app.screen.query_one("#genes", Grid).current.key.startswith("NE"))


async def test_a_list_narrowed_to_few_shows_them_beside_the_others(mapped):
    app = make_app(mapped)
    async with drive(app, (120, 40)) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: "4, hardest first" in screen_text(app))
        assert "Kept" not in screen_text(app)
        await pilot.press("c")
        await until(pilot, lambda: "2 genes beside 2" in screen_text(app))
        await pilot.press("c", "c", "slash", "n", "w", "enter")
        await until(pilot, lambda: "1 gene beside 3" in screen_text(app))
        await shows(pilot, "1 of 4, hardest first")
