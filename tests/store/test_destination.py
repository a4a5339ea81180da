"""`store.destination`: where a user may have something written, and how it comes to be there."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.destination import check_destination, destination
from store.errors import DataError, UsageError
from store.home import find_home


@pytest.fixture
def home(tmp_path):
    home = find_home(tmp_path / "home").create()
    home.database.write_text("the results")
    (home.journals / "a.jsonl").write_text("a line")
    home.config_file.write_text("")
    return home


def write(home, path, text="new", *, replace=True, **more):
    with destination(home, path, replace=replace, **more) as fresh:
        fresh.write_text(text)


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------ the home's own files


@pytest.mark.parametrize(
    "name",
    [
        "data/journal/a.jsonl",
        "data/journal/b.jsonl",
        "data/arena.duckdb",
        "data/arena.duckdb.wal",
        "data/runner/runner.lock",
        "data/new.csv",
        "config/config.toml",
        "cache/embeddings.csv",
        "log/runner.out",
        "data",
        "data/journal/../format",
        "elsewhere/../data/format",
        "link.csv",
        "link-to-a-link.csv",
        "folder/a.jsonl",
        "hard.csv",
        "/dev/fd/{}",
    ],
)
def test_the_homes_own_files_are_refused_whatever_they_are_called(home, tmp_path, name):
    root = home.data.parent
    (root / "elsewhere").mkdir()
    (root / "link.csv").symlink_to("data/arena.duckdb")
    (root / "link-to-a-link.csv").symlink_to(root / "link.csv")
    (root / "folder").symlink_to(home.journals)
    (root / "hard.csv").hardlink_to(home.journals / "a.jsonl")
    before = everything(root)
    with (home.journals / "a.jsonl").open("ab") as stream:
        path = name.format(stream.fileno()) if name[0] == "/" else str(root / name)
        with pytest.raises(UsageError, match="among the files that genearena itself keeps"):
            write(home, path)
    assert everything(root) == before


def test_parts_of_the_home_that_lie_elsewhere_are_its_own_too(home, tmp_path):
    far = tmp_path / "far"
    far.mkdir()
    (far / "vectors").mkdir()
    home.embeddings.symlink_to(far / "vectors")
    home.database.rename(far / "results")
    home.database.symlink_to(far / "results")
    for path in (far / "vectors" / "x.csv", far / "results"):
        with pytest.raises(UsageError, match="itself keeps"):
            check_destination(home, path, replace=True)
    write(home, far / "x.csv")


def test_a_folder_of_the_home_that_is_not_made_yet_is_kept_free(tmp_path):
    home = find_home(tmp_path)
    with pytest.raises(UsageError, match="itself keeps"):
        check_destination(home, tmp_path / "data", replace=True)


def test_what_lies_beside_the_homes_folders_is_anybodys(home):
    root = home.data.parent
    write(home, root / "data.csv")
    assert (root / "data.csv").read_text() == "new"


# ------------------------------------------------------------------------------ files and links


def test_a_file_is_replaced_whole_with_its_mode(home, tmp_path):
    path = tmp_path / "kept.csv"
    path.write_text("old")
    path.chmod(0o640)
    other = tmp_path / "other.csv"
    other.hardlink_to(path)
    write(home, path)
    assert (path.read_text(), other.read_text()) == ("new", "old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_block_that_breaks_changes_nothing(home, tmp_path):
    for name in ("kept.csv", "absent.csv"):
        path = tmp_path / name
        if name == "kept.csv":
            path.write_text("old")
        before = everything(tmp_path)
        with contextlib.suppress(RuntimeError), destination(home, path, replace=True) as fresh:
            fresh.write_text("half")
            raise RuntimeError("in the middle")
        assert everything(tmp_path) == before


def test_a_file_that_is_to_stay_is_refused_at_once(home, tmp_path):
    path = tmp_path / "kept.csv"
    path.write_text("old")
    with pytest.raises(UsageError, match="is there already"):
        write(home, path, replace=False)
    assert path.read_text() == "old"
    write(home, tmp_path / "fresh.csv", replace=False)


@pytest.mark.parametrize("there", [True, False])
def test_through_a_link_its_target_is_written_and_the_link_stays(home, tmp_path, there):
    target, link, second = tmp_path / "target.csv", tmp_path / "link.csv", tmp_path / "second.csv"
    if there:
        target.write_text("old")
    link.symlink_to("target.csv")
    second.symlink_to(link)
    write(home, second)
    assert second.readlink() == link
    assert link.readlink() == Path("target.csv")
    assert not target.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", "folder is a folder"),
        ("folder/", "folder/ is a folder"),
        ("fresh/", "fresh/ is a folder"),
        ("..", "is a folder"),
        ("", "is a folder"),
        ("no/where.csv", "there is no folder"),
        ("file/in.csv", "Not a directory"),
        ("loop", "Too many levels of symbolic links"),
        ("x" * 300, "File name too long"),
        ("a\0b", "null"),
        ("~nobody-of-that-name/x.csv", "there is no folder"),
        ("socket", "neither a file nor a pipe"),
        ("/proc/new.csv", "cannot be written"),
        ("/dev/fd/987", "cannot be written"),
        ("/dev/full", "No space left"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(home, tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    Path("loop").symlink_to("loop")
    before = everything(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(DataError, match=words):
            write(home, name)
    assert everything(tmp_path) == before
    assert not Path("fresh").exists()


def test_a_name_with_a_newline_is_a_name(home, tmp_path):
    write(home, tmp_path / "a\nb.csv")
    assert (tmp_path / "a\nb.csv").read_text() == "new"


NOT_OURS = """
import os, sys
from store.destination import destination
from store.errors import DataError
os.chdir("/")
for path in sys.argv[1:]:
    try:
        with destination(None, path, replace=True) as fresh:
            fresh.write_text("new")
    except DataError as error:
        print(error.message)
"""


def test_what_is_write_protected_or_somebody_elses_is_left_alone(tmp_path):
    protected, folder = tmp_path / "protected.csv", tmp_path / "folder"
    protected.write_text("old")
    protected.chmod(0o444)
    folder.mkdir(mode=0o755)
    (folder / "kept.csv").write_text("old")
    (folder / "kept.csv").chmod(0o666)
    folder.chmod(0o555)
    for above in (tmp_path, *tmp_path.parents[:3]):
        if above.stat().st_uid == os.geteuid():
            above.chmod(0o755)
    paths = [str(protected), str(folder / "kept.csv"), str(folder / "fresh.csv")]
    other = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*other, sys.executable, "-c", NOT_OURS, *paths]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, env={"PYTHONPATH": str(root)}, capture_output=True, text=True)
    folder.chmod(0o755)
    if other and done.returncode:
        pytest.skip(f"nobody else can run Python here: {done.stderr[-200:]}")
    assert "protected.csv cannot be written: it is write-protected." in done.stdout
    assert done.stdout.count("folder cannot be written.") == 2
    assert protected.read_text() == (folder / "kept.csv").read_text() == "old"


# ------------------------------------------------------------------------------ pipes and devices


def test_a_pipe_is_written_into_and_stays_one(home, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link"
    link.symlink_to(pipe)
    for path in (pipe, link):
        came: list[bytes] = []
        reader = threading.Thread(target=lambda: came.append(pipe.read_bytes()))  # noqa: B023
        reader.start()
        write(home, path, "x" * 200_000, replace=False)
        reader.join()
        assert came == [b"x" * 200_000]
        assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_whose_reader_has_left_is_one_sentence(home):
    read, wrote = os.pipe()
    os.close(read)
    with pytest.raises(DataError, match="Broken pipe"):
        write(home, f"/dev/fd/{wrote}")
    os.close(wrote)


def test_a_device_stays_one(home):
    write(home, "/dev/null", replace=False)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_an_open_file_is_gone_on_with(home, tmp_path, name):
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as stream:
        stream.write(b"before ")
        write(home, name.format(stream.fileno()), replace=False)
        stream.write(b" after")
    assert path.read_bytes() == b"before new after"


@pytest.mark.parametrize("name", ["pipe", "/dev/null", "/dev/stdout"])
def test_where_nothing_could_end_the_waiting_only_files_are_written(home, tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is not a file"):
        write(home, tmp_path / name, streams=False)
