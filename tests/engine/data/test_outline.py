"""What a plan needs of a task is remembered, and never out of date."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data import outline as outline_module
from engine.data.importers import import_descriptions, import_task
from engine.data.load import load_task
from engine.data.outline import Outline, Reading, outlined
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.errors import DataError
from store.home import Home, find_home

CHOSEN = Selection(("all-MiniLM-L6-v2",), ("mine",), ("lr",), (41, 42))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = find_home(tmp_path / "home").create()
    path = tmp_path / "labels.csv"
    path.write_text("gene,label\n" + "".join(f"GENE{n},{'ab'[n % 2]}\n" for n in range(40)))
    import_task(path, "mine", home, keep_unmapped=True)
    return home


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that are read from now on."""
    read: list[str] = []

    def watched(name: str, *arguments: object, **options: object) -> object:
        read.append(name)
        return load_task(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(outline_module, "load_task", watched)
    return read


def test_a_plan_of_an_imported_task_reads_it_only_when_it_is_run(home: Home, loads: list[str]) -> None:
    plan = build_plan(CHOSEN, home, {})
    assert len(plan.todo) == 2
    assert loads == []
    assert [*plan.tasks] == ["mine"]
    task = plan.tasks["mine"]
    assert plan.units[0].spec["task"] == task.hash
    assert plan.tasks["mine"] is task
    assert loads == ["mine"]


@pytest.mark.parametrize("file", ["genes.csv", "identifiers.csv", "tasks/mine.csv", "tasks.toml"])
def test_a_task_whose_files_have_changed_is_read_again(home: Home, loads: list[str], file: str) -> None:
    before, _ = outlined("mine", home, Reading())
    path = home.tasks / "mine" / file
    text = path.read_text()
    path.write_text(text.replace("GENE39", "GENE40").replace('"a", "b"', '"b", "a"'))
    assert path.read_text() != text
    if file == "tasks.toml":
        assert outlined("mine", home, Reading())[0] != before
    else:  # the files do not agree
        with pytest.raises(DataError):
            outlined("mine", home, Reading())
    assert loads == ["mine"]


def test_a_task_that_changes_under_its_plan_is_refused(home: Home) -> None:
    plan = build_plan(CHOSEN, home, {})
    path = home.tasks / "mine" / "tasks" / "mine.csv"
    path.write_text(path.read_text().replace("GENE39,b", "GENE39,a"))
    with pytest.raises(DataError, match="mine has changed since"):
        plan.tasks["mine"]


def test_other_ways_to_read_it_and_other_code_are_other_outlines(
    home: Home, loads: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("gene,description\nGENE1,first\n")
    import_descriptions(texts, "told", home)
    ways = (Reading(text="symbol"), Reading(labels="raw"), Reading(descriptions=str(texts)))
    found = [outlined("mine", home, way)[0] for way in ways]
    assert found == [outlined("mine", home, way)[0] for way in ways]
    assert len({one.recipe for one in found}) == 3
    assert loads == ["mine"] * 3
    texts.write_text("gene,description\nGENE1,second\n")
    assert outlined("mine", home, ways[2])[0].hash != found[2].hash
    assert outlined("mine", home, Reading(descriptions="told"))[0].hash == found[2].hash
    loads.clear()
    monkeypatch.setattr(outline_module, "_code", lambda: "another version")
    assert outlined("mine", home, ways[0])[0] == found[0]
    assert loads == ["mine"]


def test_what_was_damaged_is_not_believed(home: Home, loads: list[str]) -> None:
    expected = Outline.of(load_task("mine", home))
    for spoil in (lambda text: text.replace("facts", "fakts"), lambda text: text[:40], lambda _: "[]"):
        [place] = (home.cache / "outlines").iterdir()
        place.write_text(spoil(place.read_text()))
        assert outlined("mine", home, Reading())[0] == expected
    assert loads == ["mine"] * 3


def test_a_home_without_caches_is_left_without(home: Home) -> None:
    [place] = (home.cache / "outlines").iterdir()
    place.unlink()
    (home.cache / "outlines").rmdir()
    for path in home.cache.rglob("*"):
        path.unlink()
    home.cache.rmdir()
    outlined("mine", home, Reading())
    assert not home.cache.exists()
