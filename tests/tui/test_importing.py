from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest
from fake_arena import FakeArena, drive, make_app, paste, screen_text, shows, told, until
from pressing import presses
from textual.widgets import Input

from engine.cancel import Stopped
from engine.data.genes.identifiers import make_resolver
from engine.data.load import load_task
from engine.data.tasks.shelf import SAMPLE
from store.errors import DataError, UsageError
from store.home import find_home
from tui.questions.arena import Arena
from tui.questions.imports import Imported, import_file, import_part
from tui.screens.overlays.pickers import Prompt, completions


@pytest.fixture
def arena():
    return FakeArena()


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "my task.csv"
    genes = ["TP53", "BRCA1", "EGFR", "MYC", "KRAS", "PTEN", "RB1", "VHL", "APC", "ATM", "JAK2", "ALK"]
    genes += [
        "SOX2",
        "GATA1",
        "GATA2",
        "GATA3",
        "RUNX1",
        "PAX5",
        "FOXP3",
        "STAT3",
        "NOTCH1",
        "WT1",
        "MET",
        "RET",
    ]
    path.write_text(
        "gene,label\n" + "".join(f"{gene},{'odd' if i % 2 else 'even'}\n" for i, gene in enumerate(genes))
    )
    return path


def test_a_task_comes_in_under_its_files_name(tmp_path, labels):
    home = find_home(tmp_path / "home").create()
    imported = import_file(home, "task", str(labels.rename(labels.with_name("mine.csv"))))
    assert imported.change == "task"
    assert imported.name == "mine"
    assert imported.sentence == "mine is here, read as table."
    assert "12 genes from 12 rows: odd" in imported.report
    assert "24 resolved by approved symbol" in imported.report
    assert "mine" in [task.name for task in Arena(home).catalog().tasks]


@pytest.mark.parametrize(("file", "name"), [("Mine.tar.csv", "Mine-2"), ("é.csv", "mine-2")])
def test_a_name_that_is_taken_gets_a_number(tmp_path, labels, file, name):
    home = find_home(tmp_path / "home").create()
    assert import_file(home, "task", str(labels.rename(labels.with_name("mine.csv")))).name == "mine"
    (tmp_path / "mine.csv").rename(tmp_path / file)
    assert import_file(home, "task", str(tmp_path / file)).name == name


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(Exception, match=r".") as error:
        import_file(find_home(tmp_path / "home").create(), "model", str(tmp_path / "nothing"))
    assert error.value.hint or error.value.message


@pytest.mark.parametrize("kind", ["model", "vectors"])
def test_labels_are_no_vectors(tmp_path, labels, kind):
    with pytest.raises(DataError, match="no column that can be a dimension: 'label' is text") as refused:
        import_file(find_home(tmp_path / "home").create(), kind, str(labels))
    assert "labels are imported as a task" in refused.value.hint


def test_paths_are_completed_as_in_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    for name in ("data/genes.csv", "data/genes.txt", "data/.hidden", "other"):
        (tmp_path / name).touch()
    assert completions("d") == ["data/"]
    assert completions("data/g") == ["data/genes.csv", "data/genes.txt"]
    assert completions("data/.") == ["data/.hidden"]
    assert completions(f"{tmp_path}/o") == [f"{tmp_path}/other"]
    assert completions("~/o") == ["~/other"]
    assert completions("nowhere/x") == completions("~nobody-at-all/x") == []


@presses("plan.import", "prompt.complete")
async def test_a_file_is_asked_for_brought_in_and_chosen(arena, tmp_path, monkeypatch):
    asked = []

    def take(kind, path, _):
        asked.append((kind, path))
        arena.task_infos.append(
            arena.task_infos[0].__class__("mine", "Mine", ("a", "b"), (12, 12), "mine.csv")
        )
        return Imported("task", "mine", "mine is here.", "12 of 12 used: a")

    monkeypatch.setattr(arena, "import_file", take)
    monkeypatch.setattr(
        arena, "change", lambda chosen, what, name: replace(chosen, tasks=(*chosen.tasks, name))
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("x")
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("I")
        await until(pilot, lambda: "Import what?" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "The path of a task: genes and labels." in screen_text(app))
        await pilot.press(*"mi")
        await until(pilot, lambda: "mine.csv" in screen_text(app))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "enter imports it like this" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: asked == [("task", "mine.csv")])
        await until(pilot, lambda: "12 of 12 used: a" in screen_text(app))
        await shows(pilot, "mine is here.")
        await pilot.press("escape")
        await until(pilot, lambda: "Tasks 1 of 3" in screen_text(app))
        await until(pilot, lambda: "enter runs the 40" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(arena.launched))
    assert arena.launched[0].tasks == ("mine",)


async def test_a_gene_table_comes_in_and_the_choice_stays(arena, tmp_path, monkeypatch):
    table = tmp_path / "hgnc.txt"
    row = {"hgnc_id": "HGNC:99999", "symbol": "ZZZ1", "status": "Approved", "entrez_id": "", "omim_id": ""}
    row |= dict.fromkeys(("name", "locus_group", "location", "alias_symbol", "prev_symbol"), "")
    row["ensembl_gene_id"] = "ENSG00000999999"
    table.write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
    home = find_home(tmp_path / "home").create()
    monkeypatch.setattr(arena, "import_file", lambda kind, path, _: import_file(home, kind, path))
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("I")
        await until(pilot, lambda: "a gene table of NCBI or HGNC" in screen_text(app))
        await pilot.press("g")
        await until(pilot, lambda: "The path of a gene table" in screen_text(app))
        before = app.screen_stack[0].selection
        paste(pilot, str(tmp_path / "hg"))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "is here: 1 genes or ids." in screen_text(app))
        assert "It is chosen" not in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.MODE == "plan")
        assert app.screen.selection == before
    assert make_resolver(home, SAMPLE).resolve("ENSG00000999999").symbols == ("ZZZ1",)


async def test_a_task_is_cut_to_the_genes_of_a_table_by_names(arena, monkeypatch):
    asked = []

    def cut(task, tables):
        asked.append((task, tables))
        return Imported("task", "tall.in.maxi", "tall.in.maxi is here.")

    arena.models[1] = replace(arena.models[1], kind="vectors")
    plain = arena.catalog
    found = replace(plain(), models=tuple(replace(card, place="/here") for card in plain().models))
    monkeypatch.setattr(arena, "catalog", lambda: found)
    monkeypatch.setattr(arena, "import_part", cut)
    monkeypatch.setattr(arena, "change", lambda chosen, what, name: replace(chosen, tasks=(name,)))
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("I", "c")
        await until(
            pilot, lambda: "The task to cut" in screen_text(app) and "tall  small" in screen_text(app)
        )
        await pilot.press("t", "a", "tab", "enter")
        await until(pilot, lambda: "Whose genes of tall?" in screen_text(app))
        await until(pilot, lambda: "maxi  " in screen_text(app))
        assert "mini  " not in screen_text(app).split("Whose genes")[1]
        await pilot.press("m", "tab", "enter")
        await until(pilot, lambda: "tall.in.maxi is here." in screen_text(app))
        assert app.screen_stack[0].selection.tasks == ("tall.in.maxi",)
    assert asked == [("tall", "maxi")]


def test_a_task_is_cut_to_the_genes_that_a_table_has(tmp_path, labels):
    home = find_home(tmp_path / "home").create()
    task = import_file(home, "task", str(labels)).name
    genes = [line.partition(",")[0] for line in labels.read_text().splitlines()[1:]]
    table = tmp_path / "table.csv"
    table.write_text("gene,a,b\n" + "".join(f"{gene},{n + 0.5},2.5\n" for n, gene in enumerate(genes[:-2])))
    name = import_file(home, "vectors", str(table)).name
    imported = import_part(home, task, name)
    assert imported.change == "task"
    assert "2 of 24 genes have no vector in table" in imported.report
    assert set(load_task(imported.name, home).genes) == set(genes[:-2])
    with pytest.raises(UsageError, match="not a table of vectors"):
        import_part(home, task, f"{name}, all-MiniLM-L6-v2")


@presses("plan.fetch", "fetch.stop")
async def test_a_model_is_fetched_with_a_bar_and_may_be_stopped(arena, monkeypatch):
    def fetch(name, cancel, progress):
        progress("model.safetensors", 30 << 20, 60 << 20)
        if not cancel.wait(60):
            return "it came"
        raise Stopped

    monkeypatch.setattr(arena, "fetch_model", fetch)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("tab", "F")
        await until(pilot, lambda: "Put the cursor on a model first." in told(app))
        await pilot.press("shift+tab", "j", "F")
        await until(
            pilot, lambda: "30/60 MiB" in screen_text(app) and "model.safetensors" in screen_text(app)
        )
        await pilot.press("escape")
        await until(pilot, lambda: "30/60 MiB" not in screen_text(app))
        assert app.screen.MODE == "plan"


async def test_leaving_the_application_stops_a_download(arena, monkeypatch):
    started, stopped = threading.Event(), threading.Event()

    def fetch(name, cancel, progress):
        started.set()
        if cancel.wait(60):
            stopped.set()
        raise Stopped

    monkeypatch.setattr(arena, "fetch_model", fetch)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("F")
        await until(pilot, started.is_set)
        app.exit()
    assert await asyncio.to_thread(stopped.wait, 60)


async def test_a_fetched_model_is_told_and_the_list_read_again(arena, monkeypatch):
    monkeypatch.setattr(arena, "fetch_model", lambda *_: "maxi is here: 3 files fetched.")
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("F")
        await until(pilot, lambda: "maxi is here: 3 files fetched." in told(app))


async def test_a_download_that_fails_says_why(arena, monkeypatch):
    def fetch(*_):
        raise DataError("The hub cannot be reached.", "Try again later.")

    monkeypatch.setattr(arena, "fetch_model", fetch)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("F")
        await until(pilot, lambda: "The hub cannot be reached." in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "The hub cannot be reached." not in screen_text(app))


async def test_a_watcher_brings_nothing_in():
    app = make_app(FakeArena(readonly=True))
    async with drive(app) as pilot:
        await until(pilot, lambda: "nothing can be started here" in screen_text(app))
        await pilot.press("I")
        await until(pilot, lambda: "nothing can be imported here" in told(app))


async def test_a_path_of_nothing_is_said_under_the_line_with_the_nearest_there_is(tmp_path, monkeypatch):
    (tmp_path / "labels.csv").write_text("gene,label\n")
    monkeypatch.chdir(tmp_path)
    arena = FakeArena()
    arena.absent = {"lables.csv"}
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("I", "g", *"lables.csv", "enter")
        await until(pilot, lambda: "There is no file or folder at lables.csv" in screen_text(app))
        await shows(pilot, "▔" * 10)
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.query_one(Input).value == "labels.csv")
        await until(pilot, lambda: "▔" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Prompt))
