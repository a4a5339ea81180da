"""A ranked cell's command, and what the Board runs for it, make the cell's own units."""

from __future__ import annotations

import shlex

import pytest
import workbench

from engine.data.genes.descriptions import keep_descriptions
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.arm import Arm
from tui.questions.catalog import selection_of
from tui.questions.cells import Place

MODEL = "all-MiniLM-L6-v2"


@pytest.fixture
def task(tmp_path):
    return workbench.write_task(tmp_path)


def cells(selection, home):
    """Place -> the keys of its units."""
    found = {}
    for unit in build_plan(selection, home, {}).units:
        place = Place(unit.model, selection.tasks[0], Arm.of(unit))
        found.setdefault(place, set()).add(unit.key)
    return found


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"preset": "corrected", "text": "facts-summary"},
        {"scheme": "cv-10x10", "seeds": tuple(range(100))},
        {"axes": {"scaling": "l2"}, "params": {"epochs": 2, "C": "0.5,2", "trees": 50}},
        {"preset": "corrected", "axes": {"finetune_tokens": 64}, "params": {"learning_rate": 3e-5}},
        {"params": {"max_depth": (None, 5), "penalty": ("l2",)}, "text": "template:{symbol} @ {name}"},
    ],
)
def test_a_cells_command_makes_its_own_units(call, home, task, settings):
    protocols = ("lr-cv", "rf-cv", "finetune")
    chosen = Selection((MODEL,), (task,), protocols, **settings)
    made = cells(chosen, home)
    assert [len(keys) for keys in made.values()] == [len(chosen.seeds)] * 3
    for place, keys in made.items():
        assert cells(selection_of(home, place), home) == {place: keys}
        _, *arguments = shlex.split(place.command)
        planned = call.json(*arguments, "--dry-run")
        assert cells(Selection.from_json(planned["selection"]), home) == {place: keys}


def test_a_cell_whose_texts_came_from_an_imported_file_can_be_run_again(home, tmp_path, task):
    home.create()
    texts = {f"toy_{label}{n}": f"{label} {n}, told anew" for label in ("up", "down") for n in range(12)}
    keep_descriptions({"GENE": "of another file"}, "another", home)
    path = keep_descriptions(texts, "mine", home)
    for text in ("facts", "facts-summary"):
        chosen = Selection((MODEL,), (task,), ("lr",), text=text, descriptions=str(path))
        ((place, keys),) = cells(chosen, home).items()
        assert place.texts.digest
        assert cells(selection_of(home, place), home) == {place: keys}
