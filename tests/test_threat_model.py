"""Every promise of the threat model has a test that is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "threat_model.md").read_text()
ROWS = re.findall(r"^\| (?!promised)([^|]+) \| (.*) \|$", PAGE, re.MULTILINE)


@cache
def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=[promise[:60] for promise, _ in ROWS])
def test_a_promise_has_its_tests(promise, tests):
    named = re.fullmatch(r"`[\w/.]+::test_\w+`(, `[\w/.]+::test_\w+`)*", tests)
    assert named, tests
    for path, name in re.findall(r"`([\w/.]+)::(\w+)`", tests):
        assert name in names_in(path), f"{path} has no {name}"


def test_the_page_names_every_kind_that_is_not_trusted_and_what_is_not_defended():
    assert len(ROWS) > 20
    assert PAGE.count("| promised | test |") == PAGE.count("\n## ") - 1, "a table under each heading"
    assert PAGE.rpartition("\n## ")[2].startswith("Not defended")
    for page in ("README.md", "ARCHITECTURE.md"):
        assert "docs/threat_model.md" in (ROOT / page).read_text()
