"""The wheel is whole: what it holds is what the clone holds, and it works with the clone out of sight."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tui", "engine", "store", "sample_data")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel's content in a folder of its own."""
    built, folder = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("unpacked")
    pip = [sys.executable, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-w", built, ROOT], check=True, timeout=120)
    (wheel,) = built.glob("genearena-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def genearena(unpacked, home, *words):
    """What the unpacked wheel prints, started far from the clone."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "GENEARENA_HOME": str(home)}
    command = [sys.executable, "-P", "-c", "import genearena; genearena.main()", *words]
    done = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_every_file_of_the_packages_and_nothing_else(unpacked):
    def files(root):
        found = (path for name in PACKAGES for path in (root / name).rglob("*") if path.is_file())
        return {str(path.relative_to(root)) for path in found if "__pycache__" not in path.parts}

    assert files(unpacked) == files(ROOT)
    beside = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert beside == {"genearena.py", *PACKAGES}


def test_it_scores_and_ranks_the_sample_by_itself(unpacked, tmp_path):
    run = ("run", "--models", "length", "--tasks", "task1", "--protocols", "lr", "--seeds", "41-42")
    genearena(unpacked, tmp_path, *run, "--controls", "none")
    table = genearena(unpacked, tmp_path, "rank", "--protocol", "lr", "--tasks", "task1", "--format", "csv")
    assert "length" in table
    assert "OpenAI" in table
    assert str(ROOT) not in genearena(unpacked, tmp_path, "doctor")
