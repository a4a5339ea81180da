"""What every importer keeps to, as plain functions that take an `Importer` and an empty folder.

An importer is a way to write a good file and a way to take one in. Files are then spoilt in the ways of
`HARD`, and each must be taken as it was meant or refused in one sentence, with nothing left behind.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest

from store.errors import GeneArenaError
from store.home import Home, find_home

Content = Mapping[str, Any]
FRESH = "fresh"
"""The name that is imported under."""


@dataclass(frozen=True, eq=False)
class Importer:
    """One format in one role."""

    name: str
    content: Content
    """What is written, unless a test writes something else."""
    write: Callable[[Path, Content], Path]
    """Puts a good file, or folder of files, into an empty folder; its path."""
    take: Callable[[Path, Home], object]
    """Imports it as `FRESH`, and reads back what is kept, in a form that can be compared."""
    kind: Literal["table", "text", "binary"] = "table"
    """A delimited table, another text, or neither."""
    delimiter: str = ","
    member: str = ""
    """Of a folder: the file that is spoilt."""
    unlike: Mapping[str, str] = field(default_factory=dict)
    """Hard input -> how this format answers it, where that is not what `HARD` says."""
    kept: Content | None = None
    """What must be found in what is kept, if it is not what is written."""
    chooses: bool = True
    """Of labels: whether the format leaves names of genes and classes to whoever writes it."""

    def spoilt(self, path: Path) -> Path:
        """The file to spoil."""
        return path / self.member if self.member else path


Answer = Literal["taken", "refused", "either"]


@dataclass(frozen=True)
class Hard:
    """One way in which a file is not as it should be."""

    name: str
    answer: Answer
    """`taken`: as the good file; `either`: that, or refused."""
    spoil: Callable[[bytes, str], bytes]
    """The good file's bytes and its delimiter -> the spoilt bytes."""
    kinds: tuple[str, ...] = ("table", "text")


def _lines(end: bytes) -> Callable[[bytes, str], bytes]:
    return lambda good, _: good.replace(b"\r\n", b"\n").replace(b"\n", end)


def _every_line(good: bytes, more: bytes) -> bytes:
    return b"\n".join(line + more if line else line for line in good.replace(b"\r\n", b"\n").split(b"\n"))


def _zipped(*files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in enumerate(files):
            archive.writestr(f"{place}.csv", content)
    return packed.getvalue()


def _inside(good: bytes, more: bytes) -> bytes:
    """`more` in the middle of the last name or number of the file."""
    place = max(found.start() for found in re.finditer(rb"[A-Za-z0-9]{2}", good)) + 1
    return good[:place] + more + good[place:]


_ANY = ("table", "text", "binary")
_RANDOM = bytes((7 * place * place + 3) % 256 for place in range(3000))
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 12345\n"
_PAGE = b"<!DOCTYPE html>\n<html><head><title>404, not found</title></head>\n<body>Sorry.</body></html>\n"

HARD: tuple[Hard, ...] = (
    Hard("byte-order mark", "taken", lambda good, _: b"\xef\xbb\xbf" + good),
    Hard("CRLF", "taken", _lines(b"\r\n")),
    Hard("CR only", "taken", _lines(b"\r")),
    Hard("no last line end", "taken", lambda good, _: good.rstrip(b"\r\n")),
    Hard("blank lines at the end", "taken", lambda good, _: good + b"\n\n  \n"),
    Hard("gzip", "taken", lambda good, _: gzip.compress(good, mtime=0)),
    Hard("delimiters alone at the end", "taken", lambda g, mark: g + 3 * mark.encode() + b"\n", ("table",)),
    Hard("a column without name", "either", lambda g, mark: _every_line(g, mark.encode()), ("table",)),
    Hard("two such columns", "either", lambda g, mark: _every_line(g, 2 * mark.encode()), ("table",)),
    Hard("blanks behind every line", "either", lambda g, _: _every_line(g, b"  "), ("table",)),
    Hard("UTF-16", "taken", lambda good, _: good.decode().encode("utf-16")),
    Hard("bzip2", "taken", lambda good, _: bz2.compress(good)),
    Hard("Zstandard", "taken", lambda good, _: pa.compress(good, "zstd", asbytes=True)),
    Hard("xz", "taken", lambda good, _: lzma.compress(good)),
    Hard("a ZIP of one file", "taken", lambda good, _: _zipped(good)),
    Hard("a ZIP of two files", "refused", lambda good, _: _zipped(good, good)),
    Hard("a comment above", "either", lambda good, _: b"# made by hand, today\n" + good, ("table",)),
    Hard("UTF-16 without mark", "either", lambda good, _: good.decode().encode("utf-16-le")),
    Hard("bytes of no encoding", "refused", lambda good, _: _inside(good, b"\xe9\xff\x81")),
    Hard("a NUL byte", "refused", lambda good, _: _inside(good, b"\0")),
    Hard("gzip that ends early", "refused", lambda good, _: gzip.compress(good, mtime=0)[:-12]),
    Hard("gzip with a wrong byte", "refused", lambda good, _: _wrong(gzip.compress(good, mtime=0))),
    Hard("an open quotation mark", "refused", lambda g, m: b'"' + g.replace(b'"', b""), ("table",)),
    Hard("100,001 columns", "refused", lambda g, m: (m.join(map(str, range(100_001))) + "\n").encode() + g),
    Hard("a line of 17 MB", "refused", lambda good, _: b"x" * (17 << 20) + b"\n" + good),
    Hard("its header alone", "refused", lambda good, _: good.splitlines(keepends=True)[0], ("table",)),
    Hard("nothing", "refused", lambda good, _: b"", _ANY),
    Hard("a line end alone", "refused", lambda good, _: b"\n", _ANY),
    Hard("a byte-order mark alone", "refused", lambda good, _: b"\xef\xbb\xbf", _ANY),
    Hard(
        "random bytes", "refused", lambda good, _: bytes((7 * n * n + 3) % 256 for n in range(3000)), _ANY
    ),
    Hard("another file's bytes", "refused", lambda good, _: b"PK\x03\x04" + bytes(range(256)) * 4, _ANY),
    Hard("a web page", "refused", lambda good, _: _PAGE, _ANY),
    Hard("a pointer instead of the file", "refused", lambda good, _: _POINTER, _ANY),
    Hard("its first half", "refused", lambda good, _: good[: len(good) // 2], ("binary",)),
    Hard("terminal sequences alone", "refused", lambda good, _: b"\x1b]0;x\x07\x1b[31m" * 9, _ANY),
)


def _wrong(packed: bytes) -> bytes:
    """With another check sum: its last eight bytes are that and the length."""
    return packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]


def assert_refused_in_one_sentence(error: GeneArenaError, path: Path, importer: Importer) -> None:
    message = error.message
    where = (
        path.name.encode("unicode_escape").decode(),
        importer.spoilt(path).name,
        repr(FRESH),
        f"Task {FRESH}",
    )
    assert any(place in message for place in where), f"neither file nor task is named: {message!r}"
    assert message.isprintable(), f"more than text: {message!r}"
    assert error.hint.isprintable(), f"more than text: {error.hint!r}"
    assert message.endswith("."), f"no sentence: {message!r}"
    assert len(message) < 400 + len(str(path)), "longer than anybody reads"
    assert not re.search(r"Traceback|\w+Error\b|<class|object at 0x| {2}", message), (
        f"not plain: {message!r}"
    )


def files_of(home: Home) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.data.parent.rglob("*") if path.is_file()}


def taken(importer: Importer, path: Path, home: Home) -> object | None:
    """What is understood of the file at `path`; None if it is refused as it should be."""
    before = files_of(home)
    try:
        return importer.take(path, home)
    except GeneArenaError as error:
        assert_refused_in_one_sentence(error, path, importer)
        assert files_of(home) == before, "something is left of what was refused"
        return None
    except Exception as error:
        raise AssertionError(f"no sentence, but a bare {type(error).__name__}") from error


def good(importer: Importer, folder: Path, content: Content | None = None) -> tuple[Path, Home]:
    """A file of `importer`, and a home of its own."""
    place = folder / "given"
    place.mkdir(parents=True)
    path = importer.write(place, importer.content if content is None else content)
    return path, find_home(folder / "home").create()


Check = Callable[[Importer, Path], None]
CHECKS: list[Check] = []


def checked(check: Check) -> Check:
    """List `check` among those that every importer passes."""
    CHECKS.append(check)
    return check


def check_hard_input(importer: Importer, hard: Hard, folder: Path, right: Importer | None = None) -> None:
    """`right` tells what a good file means, if `importer` is not to be asked."""
    expected = _meant(right or importer)
    path, home = good(importer, folder / "hard")
    file = importer.spoilt(path)
    file.write_bytes(hard.spoil(file.read_bytes(), importer.delimiter))
    found = taken(importer, path, home)
    answer = importer.unlike.get(hard.name, hard.answer)
    if answer == "taken":
        assert found is not None, "it should be taken"
    if answer == "refused":
        assert found is None, "it should be refused"
    if found is not None:
        assert found == expected, "other data than the file holds"


@cache
def _meant(importer: Importer) -> object:
    """What is understood of the good file."""
    with tempfile.TemporaryDirectory() as folder:
        return importer.take(*good(importer, Path(folder)))


@checked
def check_all_that_is_written_is_taken(importer: Importer, folder: Path) -> None:
    found = importer.take(*good(importer, folder))
    words = repr(found)
    for value in _leaves(importer.kept or importer.content):
        assert value in words, f"{value!r} is lost"


def _leaves(content: Any) -> list[str]:
    if isinstance(content, Mapping):
        return [leaf for key, value in content.items() for leaf in (str(key), *_leaves(value))]
    if isinstance(content, list | tuple):
        return [leaf for value in content for leaf in _leaves(value)]
    return [str(content)]


@checked
def check_the_file_is_left_as_it_was(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    before = importer.spoilt(path).read_bytes()
    importer.take(path, home)
    assert importer.spoilt(path).read_bytes() == before


@checked
def check_a_file_that_is_not_there_is_told(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    assert taken(importer, path.with_name("gone.csv"), home) is None
    link = path.with_name("link.csv")
    link.symlink_to("nowhere")
    assert taken(importer, link, home) is None


@checked
def check_a_folder_in_place_of_a_file_is_told(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    file = importer.spoilt(path)
    file.unlink()
    file.mkdir()
    assert taken(importer, path, home) is None


@checked
def check_a_pipe_in_place_of_a_file_is_not_waited_for(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    file = importer.spoilt(path)
    file.unlink()
    os.mkfifo(file)
    assert taken(importer, path, home) is None


@checked
def check_a_file_without_permission_is_told(importer: Importer, folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path, home = good(importer, folder)
    importer.spoilt(path).chmod(0)
    assert taken(importer, path, home) is None


@checked
def check_control_characters_reach_no_sentence(importer: Importer, folder: Path) -> None:
    for place, name in enumerate(("\x1b[31mred", "two\nlines", "\u202eback", "\udcff")):
        path, home = good(importer, folder / str(place))
        odd = path.with_name(f"{name}{path.suffix}")
        path.rename(odd)
        importer.spoilt(odd).write_bytes(b"gene,label\n\x1b[2J\x9b,\x07\n")
        assert taken(importer, odd, home) is None


@checked
def check_a_name_that_is_taken_is_refused(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    first = importer.take(path, home)
    again = taken(importer, path, home)
    assert again is None or again == first, "what was there is another now"
