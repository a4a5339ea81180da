"""Symbols of mice are read as human genes, and every import and preview says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.formats.choices import Choices
from engine.data.genes.facts import read_genes
from engine.data.importers import import_descriptions, import_task
from engine.data.importers.vectors import import_vectors
from engine.data.preview import LabelFile, look_at_descriptions, look_at_vectors
from engine.data.tasks.shelf import SAMPLE
from store.home import Home, find_home

HUMAN = [gene.symbol for gene in read_genes(SAMPLE / "genes.csv") if gene.symbol.isalnum()][:60]
MICE = [symbol.capitalize() for symbol in HUMAN]
SAID = "look like mouse symbols and are read as the human genes of the same letters"
CELL = {
    "task": ("label", lambda place: "ab"[place % 2]),
    "vectors": ("d0,d1", lambda place: f"{1 - place / 7},{place**2 / 9}"),
    "descriptions": ("description", lambda place: f"gene number {place}"),
}


def notes(what: str, genes: list[str], folder: Path, home: Home) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What preview and import say of a file of these genes."""
    title, cell = CELL[what]
    path = folder / "x.csv"
    cells = [(gene, cell(place)) for place, gene in enumerate(genes)]
    path.write_text("".join(f"{g},{c}\n" for g, c in [("gene", title), *cells]))
    if what == "task":
        return LabelFile(path, home).look(Choices()).notes, import_task(path, "t", home).notes
    if what == "vectors":
        return look_at_vectors(path, home).notes, import_vectors(path, "v", home).notes
    return look_at_descriptions(path, home).notes, import_descriptions(path, "d", home).notes


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home").create()


@pytest.mark.parametrize("what", CELL)
def test_mouse_symbols_are_said_in_preview_and_import(what: str, tmp_path: Path, home: Home) -> None:
    for said in notes(what, MICE, tmp_path, home):
        found = [note for note in said if SAID in note]
        assert len(found) == 1, said
        assert MICE[0] in found[0]


@pytest.mark.parametrize("genes", [HUMAN, HUMAN[:40] + MICE[40:], [symbol.lower() for symbol in HUMAN]])
@pytest.mark.parametrize("what", CELL)
def test_other_symbols_are_not(what: str, genes: list[str], tmp_path: Path, home: Home) -> None:
    for said in notes(what, genes, tmp_path, home):
        assert not any(SAID in note for note in said), said
