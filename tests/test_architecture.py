"""The layer rule, the import rule and the public surface, as executable statements."""

from __future__ import annotations

import ast
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
