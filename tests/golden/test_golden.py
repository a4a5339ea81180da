"""What must not change by accident: unit keys, splits, the journal's lines, the shapes of `--json`.

Written anew with `GENEARENA_GOLDEN=write pytest tests/golden`; a change of keys or of the journal is
a promise broken to those who have results, so look at the difference and name it in CHANGELOG.md.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import small_home
from click.testing import CliRunner
from workbench import FakeCompute, write_task

from engine.catalog.presets import PRESETS
from engine.catalog.protocols import PROTOCOLS
from engine.catalog.schemes import SCHEMES
from engine.data.load import load_task
from engine.data.tasks.splits import make_split
from engine.plan.launch import Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.runner import run
from engine.run.steering import Steering
from engine.run.threads import ThreadExecutor
from store.home import find_home
from store.journal import Entry, read_journals
from store.records import content_hash
from store.store import Store
from tui.cli import cli

HERE = Path(__file__).parent
SEEDS = (41, 42, 43)
OVERRIDES = (
    {"axes": {"scaling": "standard"}},
    {"params": {"epochs": 2}, "protocols": ("finetune",)},
    {"params": {"C": 0.5}, "protocols": ("lr",)},
    {"text": "symbol"},
)
MASKED = {
    "started_at", "finished_at", "measured_at", "host", "pid", "python", "platform", "cpu", "threads",
    "versions", "environment", "seconds", "id", "kernels",
}  # fmt: skip
"""Members of a record that differ from one machine, day or process to the next."""


def compare(name: str, found: str) -> None:
    path = HERE / name
    if os.environ.get("GENEARENA_GOLDEN") == "write":
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


def test_unit_keys(home):
    """All protocols, presets and tasks of the sample, and some settings of one's own."""
    base = Selection((small_home.MODEL,), small_home.TASKS, tuple(PROTOCOLS), SEEDS)
    chosen = [{"preset": preset} for preset in PRESETS] + list(OVERRIDES)
    lines = []
    for changes in chosen:
        selection = Selection(**{**base.to_json(), **changes})
        for unit in build_plan(selection, home, {}).units:
            lines.append(f"{unit.task}\t{unit.protocol}\t{unit.preset}\t{unit.seed}\t{unit.key}\n")
    compare("keys.tsv", "".join(lines))


def test_splits(home):
    """Who is tested, of every scheme and task of the sample: a digest of each ten splits."""
    lines = []
    for scheme in SCHEMES.values():
        for task in (load_task(name, home) for name in small_home.TASKS):
            for first in scheme.seeds[::10]:
                hashes = [make_split(task, scheme.name, seed).hash for seed in range(first, first + 10)]
                digest = content_hash(hashes)
                lines.append(f"{scheme.name}\t{task.name}\t{first}-{first + 9}\t{digest}\n")
    compare("splits.tsv", "".join(lines))


def masked(line: bytes, folder: Path) -> str:
    """A journal line byte for byte, but for its checksum and what differs from one machine to the next."""
    text = line.decode().replace(str(folder), "TMP")
    text = re.sub(r'^{"crc":"[0-9a-f]{8}"', '{"crc":"*"', text)
    text = re.sub(r'"traceback":"(?:[^"\\]|\\.)*"', '"traceback":"*"', text)
    value = r'(?:"(?:[^"\\]|\\.)+"|\{[^{}]*\}|[0-9.e+-]+)'
    text = re.sub(rf'"({"|".join(sorted(MASKED))})":{value}', r'"\1":"*"', text)
    return re.sub(r'("kind":"(?:environment|run|run_end|measurement)","key":)"[^"]*"', r'\1"*"', text)


def test_journal_lines(home, tmp_path):
    """One run of each family, with one failure, through the real runner and a stand-in for the work."""
    tasks = (write_task(tmp_path, "one"),)
    selection = Selection((small_home.MODEL,), tasks, ("lr", "finetune"), (41, 42))

    def behave(unit, cancel):
        if unit.protocol == "lr" and unit.seed == 42:
            raise ValueError("It broke.")

    store = Store(home)
    plan = build_plan(selection, home, {})
    executor = ThreadExecutor(home, Options(workers=1), FakeCompute(behave))
    list(run(plan, store, Steering(), executor))
    store.close()
    entries = list(read_journals(home.journals, {}))
    assert all(isinstance(entry, Entry) for entry in entries)
    compare("journal.txt", "".join(masked(entry.line, tmp_path) for entry in entries))


def shape(value):
    """Types and names, not values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        kinds = {json.dumps(shape(item), sort_keys=True): shape(item) for item in value}
        return [kinds[key] for key in sorted(kinds)]
    return type(value).__name__


COMMANDS = (
    "rank --all", "models", "tasks", "tasks dosage-sensitivity", "status", "times", "doctor",
    "run --dry-run", "sql FROM(scores)", "sets",
)  # fmt: skip


def test_json_shapes(home):
    small_home.fill(home)
    said = {}
    for command in COMMANDS:
        arguments = ["--home", str(home.data.parent), *command.split(), "--json"]
        result = CliRunner().invoke(cli, arguments)
        said[command] = shape(json.loads(result.stdout)) if result.stdout.startswith(("{", "[")) else "none"
    compare("shapes.json", json.dumps(said, indent=1) + "\n")
