"""The layer rule, the import rule and the public surface, as executable statements."""

from __future__ import annotations

import ast
import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["store", "engine", "tui"]
HEAVY = ["torch", "transformers", "sentence_transformers", "sklearn", "pandas", "duckdb", "numpy", "scipy"]


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("layer", ORDER)
def test_no_layer_imports_upwards(layer):
    above = set(ORDER[ORDER.index(layer) + 1 :])
    offenders = {
        p.name: imports_of(p) & above for p in (ROOT / layer).rglob("*.py") if imports_of(p) & above
    }
    assert not offenders


@pytest.mark.parametrize("layer", ["engine", "store"])
def test_no_terminal_library_below_the_top_floor(layer):
    banned = {"textual", "rich", "click"}
    offenders = {p.name for p in (ROOT / layer).rglob("*.py") if imports_of(p) & banned}
    assert not offenders


@pytest.mark.parametrize("layer", ["store", "tui"])
def test_no_learning_library_in_store_or_terminal(layer):
    banned = {"torch", "sklearn", "transformers", "sentence_transformers"}
    offenders = {p.name for p in (ROOT / layer).rglob("*.py") if imports_of(p) & banned}
    assert not offenders


@pytest.mark.parametrize(
    "module",
    [
        "tui.app",
        "tui.cli",
        "engine.plan.plan",
        "engine.mailbox",
        "engine.data.load",
        "engine.catalog.models",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(module):
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []


def rooms(place: Path) -> list[str]:
    """Each package under `place` with its modules."""
    inside = [path.stem for path in sorted(place.glob("*.py")) if path.stem != "__init__"]
    found = [f"{place.relative_to(ROOT).as_posix()}: {' '.join(inside)}"]
    for path in sorted(place.iterdir()):
        if (path / "__init__.py").exists():
            found += rooms(path)
    return found


def drawn_rooms() -> list[str]:
    """The same from ARCHITECTURE.md, where folders end in a slash and their modules stand below them."""
    block = re.search(r"```text\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text(), re.DOTALL)
    path: list[str] = []
    found: dict[str, list[str]] = {}
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        first = line.split()[0]
        if first.endswith("/"):
            path[depth:] = [first.strip("/")]
            found["/".join(path)] = []
        else:
            found["/".join(path[:depth])] += line.split()
    return [f"{place}: {' '.join(modules)}" for place, modules in found.items()]


def test_the_tree_of_the_architecture_is_the_tree():
    assert drawn_rooms() == [room for floor in ("tui", "engine", "store") for room in rooms(ROOT / floor)]


@pytest.mark.parametrize("floor", ["engine", "tui"])
def test_few_modules_lie_outside_a_room(floor):
    loose = [path for path in (ROOT / floor).glob("*.py") if path.stem != "__init__"]
    assert len(loose) <= 8, sorted(path.name for path in loose)


def test_every_function_on_a_choices_way_to_its_row_exists():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    way = text.partition("## Follow one choice to its row")[2].partition("\n## ")[0]
    named = re.findall(r"^\d+\. `([\w.]+)`", way, re.MULTILINE)
    assert 5 <= len(named) <= 10
    for name in named:
        assert inspect.isfunction(pydoc.locate(name)), name
