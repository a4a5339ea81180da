"""What builds and checks genearena is named exactly: versions, and commits instead of movable tags."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def constraints() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_what_it_is_built_with_is_what_it_is_tested_with():
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {line.partition("==")[0] for line in needed} >= {"hatchling", "editables"}
    assert set(needed) <= constraints()


def test_every_constraint_is_one_version():
    names = [line.partition("==")[0].casefold() for line in constraints()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in constraints())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_a_commit_with_the_version_it_is(workflow):
    used = re.findall(r"uses:\s*(.*)", workflow.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_the_versions_are_audited_on_a_schedule():
    text = (ROOT / ".github" / "workflows" / "audit.yml").read_text()
    assert "cron:" in text
    assert re.search(r"pip-audit==\d[\d.]+\n", text)
    assert "pip-audit --requirement constraints.txt" in text
