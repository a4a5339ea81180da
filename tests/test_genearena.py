"""Other packages of the names `tui`, `engine` and `store` are neither used nor a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import genearena

ROOT = Path(genearena.__file__).parent
FOREIGN = "open({marker!r}, 'w').close()\n"
SCRIPT = ("-P", "-c", "import sys; from genearena import main; sys.exit(main())")
"""What the installed command does."""
STARTS = {"script": SCRIPT, "module": ("-P", "-m", "tui"), "module here": ("-m", "tui")}


def start(how, folder, *path, **extra):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, *STARTS[how], "--home", str(folder / "home"), "status"]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, **extra
    )


def packages(folder: Path, name: str, code: str) -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(code)
    return folder


def module(folder: Path, name: str, code: str) -> Path:
    folder.mkdir()
    (folder / f"{name}.py").write_text(code)
    return folder


def zipped(folder: Path, name: str, code: str) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(folder / "them.zip", "w") as file:
        file.writestr(f"{name}/__init__.py", code)
    return folder / "them.zip"


@pytest.mark.parametrize("kind", [packages, module, zipped], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", genearena.PACKAGES)
@pytest.mark.parametrize("how", STARTS)
def test_what_hides_the_own_packages_is_refused_and_never_run(tmp_path, how, name, kind):
    if name == "tui" and how != "script":
        pytest.skip("Python itself was asked for that one")
    marker = tmp_path / "it ran"
    place = kind(tmp_path / "theirs\x1b[2J", name, FOREIGN.format(marker=str(marker)))
    done = start(how, tmp_path, place, ROOT)
    assert done.returncode == 2
    assert (done.stdout, len(done.stderr.splitlines())) == ("", 1)
    assert f"in place of genearena's own package {name!r}" in done.stderr
    assert r"theirs\x1b[2J" in done.stderr
    assert not marker.exists()


def test_neither_is_what_lies_where_the_user_stands(tmp_path):
    marker = tmp_path / "it ran"
    (tmp_path / "store.py").write_text(FOREIGN.format(marker=str(marker)))
    done = start("module here", tmp_path, ROOT)
    assert (done.returncode, marker.exists()) == (2, False)
    # With the script's way of starting, that folder is not looked at.
    assert start("script", tmp_path, ROOT).returncode == 0


@pytest.mark.parametrize("how", STARTS)
def test_what_does_not_hide_them_is_no_matter(tmp_path, how):
    for name in genearena.PACKAGES:
        packages(tmp_path / "behind", name, "raise SystemExit(7)")
        (tmp_path / "bare" / name).mkdir(parents=True)  # without an __init__.py it gives way
    done = start(how, tmp_path, tmp_path / "bare", ROOT, tmp_path / "behind")
    assert done.returncode == 0, done.stderr


def test_a_library_that_cannot_be_imported_is_a_sentence(tmp_path):
    module(tmp_path / "theirs", "click", "raise AttributeError('\\x1b[2J')")
    done = start("script", tmp_path, tmp_path / "theirs", ROOT)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert r"cannot be loaded (AttributeError: '\x1b[2J')" in line
    assert "env -u PYTHONPATH" in line


def test_folders_mean_the_same_to_processes_that_start_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"lib::/usr/lib{os.pathsep}../up")
    genearena._make_absolute("PYTHONPATH")
    wanted = [f"{tmp_path}/lib", f"{tmp_path}", "/usr/lib", f"{tmp_path.parent}/up"]
    assert os.environ["PYTHONPATH"].split(os.pathsep) == wanted


def test_this_is_the_installed_command_and_comes_with_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["scripts"] == {"genearena": "genearena:main"}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert {"genearena.py", *genearena.PACKAGES} < set(wheel)
