"""The dialog before an import: what a file would become, and keys to have it become something else."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

import h5py
import numpy as np
import pytest
from fake_arena import FakeArena, at_rest, drive, make_app, paste, screen_text, shows, told, until
from pressing import presses
from test_workbook import rows_of, write_xlsx
from textual.widgets import Input

from engine.data.formats.choices import Choices
from engine.data.genes.facts import read_genes
from engine.data.tasks.shelf import SAMPLE
from store.home import find_home
from tui.questions.imports import Imported, import_file, open_preview
from tui.screens.intake.choosing import with_conditions, with_other_positive
from tui.screens.intake.screen import Intake
from tui.screens.intake.text import body_of

GENES = [gene.symbol for gene in read_genes(SAMPLE / "genes.csv")][:60]


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def arena(home, monkeypatch):
    """One that previews and imports for real."""
    arena = FakeArena()
    arena.imported = []

    def take(kind, path, choices=None):
        arena.imported.append(choices)
        import_file(home, kind, path, choices)
        return Imported("", "mine", "mine is here.")

    monkeypatch.setattr(arena, "open_preview", partial(open_preview, home))
    monkeypatch.setattr(arena, "import_file", take)
    return arena


@pytest.fixture
def deseq2(tmp_path):
    path = tmp_path / "deseq2.csv"
    rows = (f"{gene},{n / 10},{(-1) ** n * n / 10},{n / 100}" for n, gene in enumerate(GENES))
    path.write_text("gene,baseMean,log2FoldChange,padj\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "mine.csv"
    rows = (f"{gene},{gene},{'up' if n % 3 else 'down'},{'ab'[n % 2]},why" for n, gene in enumerate(GENES))
    path.write_text("gene,symbol,label,batch,words\n" + "\n".join(rows) + "\n")
    return path


async def opened(pilot, app, path):
    await until(pilot, lambda: "to run" in screen_text(app))
    await pilot.press("I", "t")
    await until(pilot, lambda: "The path of a task" in screen_text(app))
    paste(pilot, str(path))
    await pilot.press("enter")


async def pick(pilot, app, name):
    await until(pilot, lambda: "type to find" in screen_text(app))
    await pilot.press(*name, "enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"])
@presses("intake.higher", "intake.lower", "intake.finely-higher", "intake.finely-lower", "intake.take")
async def test_a_deseq2_table_becomes_two_classes_with_sizes_shown_before(arena, home, deseq2, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot, app, deseq2)
        await until(pilot, lambda: "5 genes  padj < 0.05" in screen_text(app))
        await shows(pilot, "55 genes  padj >= 0.05", "half below 0.3; cut at 0.05")
        await until(pilot, lambda: "Class 'padj < 0.05' has 5 genes" in app.screen.shown.problem)
        await pilot.press("enter")
        await until(pilot, lambda: "10 are needed" in told(app))
        for _ in range(15):
            await pilot.press("right")
        await until(pilot, lambda: "20 genes  padj < 0.2" in screen_text(app))
        await shows(pilot, "|####", "^")
        await pilot.press("left", "plus", "plus", "minus", "enter")
        await at_rest(pilot)
        if isinstance(app.screen, Intake):  # the last change was still being read
            await pilot.press("enter")
        await until(pilot, lambda: "mine is here." in screen_text(app))
    [chosen] = arena.imported
    assert chosen.label_from == "padj"
    assert chosen.threshold == "<0.191"
    assert (home.tasks / "deseq2" / "report.json").exists()


@presses("intake.genes", "intake.labels", "intake.texts", "intake.positive")
async def test_columns_and_the_positive_class_are_chosen_by_keys(arena, labels):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, app, labels)
        await until(pilot, lambda: "Positive: 'down'" in screen_text(app))
        await shows(pilot, "(p takes the other)")
        assert "(--" not in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: "Positive: 'up', as it was chosen" in screen_text(app))
        await pilot.press("g")
        await pick(pilot, app, "symbol")
        await pilot.press("l")
        await pick(pilot, app, "batch")
        await pilot.press("t")
        await pick(pilot, app, "words")
        await until(pilot, lambda: "30 genes  b" in screen_text(app))
        await at_rest(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "mine is here." in screen_text(app))
    assert arena.imported == [Choices(gene_column="symbol", label_column="batch", text_column="words")]


@presses("intake.condition")
async def test_conditions_are_typed_and_their_classes_shown(arena, deseq2):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, app, deseq2)
        await until(pilot, lambda: "padj < 0.05" in screen_text(app))
        await pilot.press("c")
        await until(pilot, lambda: "Classes by numbers" in screen_text(app))
        await pilot.press("ctrl+u")
        paste(pilot, "down: log2FoldChange < 0; up: log2FoldChange > 0")
        await pilot.press("enter")
        await until(
            pilot, lambda: "30 genes  down" in screen_text(app) and "29 genes  up" in screen_text(app)
        )
        await pilot.press("right")
        await until(pilot, lambda: "There is no threshold to move" in told(app))
        await pilot.press("c")
        await until(pilot, lambda: "Classes by numbers" in screen_text(app))
        paste(pilot, " and nonsense")
        await pilot.press("enter")
        await until(pilot, lambda: "▔▔▔" in screen_text(app))
        assert "There is no column named 'nonsense'." in " ".join(screen_text(app).split())
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "▔▔▔" not in screen_text(app))
        paste(pilot, "down: log2Change < 0; rest: padj > 0.5")
        await pilot.press("enter")
        await until(pilot, lambda: "no column named 'log2Change'" in screen_text(app))
        await pilot.press("tab")
        line = app.screen.query_one(Input)
        await until(pilot, lambda: line.value == "down: log2FoldChange < 0; rest: padj > 0.5")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, Intake))
    assert arena.imported == []


async def test_descriptions_are_taken_from_the_sheet_that_was_chosen(home, tmp_path):
    texts = rows_of(("gene", "description"), *((gene, f"About {gene}.") for gene in ("TP53", "EGFR")))
    about = rows_of(("Our tables",), ("Written in May",))
    path = str(write_xlsx(tmp_path / "mine.xlsx", about=about, texts=texts))
    app = make_app(FakeArena())
    came = []
    async with drive(app) as pilot:
        opened_file = partial(open_preview, home, "descriptions", path)
        app.push_screen(Intake(path, opened_file, home.log), came.append)
        await until(pilot, lambda: "It cannot be imported like this" in screen_text(app))
        await pilot.press("enter")
        assert came == []
        await pilot.press("s")
        await pick(pilot, app, "texts")
        await until(pilot, lambda: "2 genes have a text" in screen_text(app))
        await at_rest(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: came != [])
    taken = import_file(home, "descriptions", path, came[0])
    assert taken.sentence == "mine is here: descriptions of 2 genes."


def write_vectors(folder, ending):
    """Two tables of vectors of other widths in one file; its path."""
    wide = np.random.default_rng(4).normal(size=(len(GENES), 3))
    path = folder / f"mine.{ending}"
    if ending == "npz":
        np.savez(path, symbols=np.array(GENES), narrow=wide[:, :2], wide=wide)
    elif ending == "h5ad":
        with h5py.File(path, "w") as file:
            file.create_group("var").attrs["_index"] = "_index"
            file["var/_index"], file["varm/narrow"], file["varm/wide"] = GENES, wide[:, :2], wide
    else:
        rows = (
            ("gene", "a", "b", "c"),
            *((gene, *row) for gene, row in zip(GENES, wide.tolist(), strict=True)),
        )
        write_xlsx(path, about=rows_of(("Our tables", "of May"), ("a", "b")), wide=rows_of(*rows))
    return path


@pytest.mark.parametrize("ending", ["npz", "h5ad", "xlsx"])
async def test_vectors_are_taken_from_what_was_chosen(ending, home, tmp_path):
    path = str(write_vectors(tmp_path, ending))
    app = make_app(FakeArena())
    came = []
    async with drive(app) as pilot:
        app.push_screen(Intake(path, partial(open_preview, home, "vectors", path), home.log), came.append)
        if ending == "xlsx":
            await until(pilot, lambda: "It cannot be imported like this" in screen_text(app))
            await pilot.press("s")
            await pick(pilot, app, "wide")
        else:
            await until(pilot, lambda: "several matrices" in screen_text(app))
            name = "varm/" * (ending == "h5ad") + "narrow"
            await pick(pilot, app, name)
            await until(pilot, lambda: "vectors of 2 dimensions" in screen_text(app))
            await pilot.press("s")
            await pick(pilot, app, name.replace("narrow", "wide"))
        await until(pilot, lambda: "vectors of 3 dimensions" in screen_text(app))
        await at_rest(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: came != [])
    taken = import_file(home, "vectors", path, came[0])
    assert taken.sentence == "mine is here: 60 of 60 vectors, 3 dimensions."


@presses("intake.sheet")
async def test_a_sheet_is_chosen_where_there_are_several(labels, monkeypatch):
    arena = FakeArena()
    plain = arena.open_preview("task", "mine.xlsx")(None)
    asked = []

    def look(choices):
        asked.append(choices.sheet)
        note = "The first sheet, 'one', was read; the others are: two (--sheet NAME)."
        return replace(plain, sheets=("one", "two"), kind=f"sheet {choices.sheet or 'one'}", notes=(note,))

    monkeypatch.setattr(arena, "open_preview", lambda *_: look)
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, app, "mine.xlsx")
        await until(pilot, lambda: "read as sheet one" in screen_text(app))
        assert "the others are: two (s takes another)." in body_of(look(Choices())).plain
        await pilot.press("s")
        await pick(pilot, app, "two")
        await until(pilot, lambda: "read as sheet two" in screen_text(app))
        await pilot.press("g")
        await until(pilot, lambda: "no columns to choose" in told(app))
    assert asked == ["", "", "two"]


async def test_a_set_of_genes_is_asked_for(arena, tmp_path):
    path = tmp_path / "sets.gmt"
    path.write_text("".join(f"SET{n}\tna\t" + "\t".join(GENES[n::3]) + "\n" for n in range(3)))
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, app, path)
        await pick(pilot, app, "SET1")
        await until(pilot, lambda: "20 genes  SET1" in screen_text(app))
        await at_rest(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "mine is here." in screen_text(app))
    assert arena.imported == [Choices(sets=("SET1",))]


@pytest.mark.parametrize("key", ["enter", "s"])
async def test_a_slow_look_keeps_no_key_waiting(key, monkeypatch):
    arena = FakeArena()
    free = threading.Event()

    def look(_):
        free.wait(60)
        return FakeArena().open_preview("task", "mine.csv")(None)

    monkeypatch.setattr(arena, "open_preview", lambda *_: look)
    app = make_app(arena)
    try:
        async with drive(app) as pilot:
            await opened(pilot, app, "mine.csv")
            await until(pilot, lambda: isinstance(app.screen, Intake) and "Reading." in screen_text(app))
            await pilot.press(key)
            await until(pilot, lambda: "Still reading" in told(app))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, Intake))
            assert app.screen.MODE == "plan"
            free.set()
    finally:
        free.set()


async def test_a_file_that_cannot_be_read_says_why(arena, tmp_path):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, app, tmp_path / "nowhere.csv")
        await until(pilot, lambda: "does not exist" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.MODE == "plan")


def test_typed_conditions_without_names_get_some():
    assert with_conditions(Choices(), "a < 1; b > 2").classes == ("class 1: a < 1", "class 2: b > 2")
    cut = Choices(label_from="padj", threshold="<0.05")
    assert with_conditions(cut, "<0.01") == replace(cut, threshold="<0.01")
    assert with_conditions(cut, "x: a < 1") == Choices(classes=("x: a < 1",))


def test_the_other_side_of_a_threshold_is_the_other_positive_class():
    shown = FakeArena().open_preview("task", "mine.csv")(None)
    cut = Choices(label_from="padj", threshold="<0.05")
    assert with_other_positive(cut, shown).threshold == ">=0.05"
    assert with_other_positive(Choices(), shown).positive == "short"
