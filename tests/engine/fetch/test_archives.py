from __future__ import annotations

import io
import random
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cancel import Stopped
from engine.fetch.archives import MOST_FILES, unpack
from store.errors import DataError, GeneArenaError, StoreError

NEVER = threading.Event()


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, *items: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for item, content in items:
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    item = tarfile.TarInfo(name)
    item.type = kind
    item.linkname = link
    return item


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "room" / "out"
    folder.mkdir(parents=True)
    return folder


def files_outside(place: Path) -> list[Path]:
    return [
        path for path in place.parents[1].rglob("*") if path.is_file() and not path.is_relative_to(place)
    ]


def test_members_come_out(tmp_path: Path, place: Path) -> None:
    archive = make_zip(tmp_path / "a", {"x/one.txt": b"1", "two.txt": b"2", "dir/": b""})
    found = unpack(archive, place, cancel=NEVER)
    assert {name: path.read_bytes() for name, path in found.items()} == {"x/one.txt": b"1", "two.txt": b"2"}
    chosen = unpack(archive, place / "some", ["two.txt"], cancel=NEVER)
    assert list(chosen) == ["two.txt"]
    assert not (place / "some" / "x").exists()


def test_a_tar_comes_out(tmp_path: Path, place: Path) -> None:
    archive = make_tar(tmp_path / "a", (entry("d/one"), b"1"), (entry("two"), b"2"))
    found = unpack(archive, place, cancel=NEVER)
    assert {name: path.read_bytes() for name, path in found.items()} == {"d/one": b"1", "two": b"2"}


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "C:\\evil", "..\\evil", "\\evil"])
def test_nothing_of_a_zip_lies_outside(tmp_path: Path, place: Path, name: str) -> None:
    archive = make_zip(tmp_path / "a.zip", {"good": b"1", name: b"evil"})
    with pytest.raises(DataError, match="outside its folder"):
        unpack(archive, place, cancel=NEVER)
    assert files_outside(place) == [archive]


def test_a_zip_with_a_link_is_refused(tmp_path: Path, place: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="holds a link"):
        unpack(tmp_path / "a.zip", place, cancel=NEVER)


@pytest.mark.parametrize(
    "item",
    [
        entry("../evil"),
        entry("/evil"),
        entry("link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("link", tarfile.SYMTYPE, "../../evil"),
        entry("link", tarfile.SYMTYPE, "good"),
        entry("link", tarfile.LNKTYPE, "../evil"),
        entry("link", tarfile.LNKTYPE, "good"),
        entry("pipe", tarfile.FIFOTYPE),
        entry("device", tarfile.CHRTYPE),
    ],
)
def test_a_hostile_tar_is_refused(tmp_path: Path, place: Path, item: tarfile.TarInfo) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", (entry("good"), b"1"), (item, b""))
    with pytest.raises(DataError) as caught:
        unpack(archive, place, cancel=NEVER)
    assert "\n" not in caught.value.message
    assert files_outside(place) == [archive]
    assert not any(path.is_symlink() for path in place.rglob("*"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_bomb_stops_at_the_limit(tmp_path: Path, place: Path, kind: str) -> None:
    content = bytes(50_000_000)
    if kind == "zip":
        archive = make_zip(tmp_path / "bomb", {"zeros": content})
    else:
        archive = make_tar(tmp_path / "bomb", (entry("zeros"), content))
    assert archive.stat().st_size < 100_000
    with pytest.raises(DataError, match="more than 10,000,000 bytes"):
        unpack(archive, place, cancel=NEVER, most_bytes=10_000_000)
    assert sum(path.stat().st_size for path in place.rglob("*")) < 12_000_000


def test_a_size_that_the_archive_lies_about_is_counted_all_the_same(tmp_path: Path, place: Path) -> None:
    archive = make_zip(tmp_path / "bomb.zip", {"zeros": bytes(20_000_000)})
    content = archive.read_bytes().replace((20_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(content)
    with pytest.raises(DataError):
        unpack(archive, place, cancel=NEVER, most_bytes=1_000_000)
    assert sum(path.stat().st_size for path in place.rglob("*")) < 3_000_000


def test_too_many_files_are_refused(tmp_path: Path, place: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {str(number): b"" for number in range(MOST_FILES + 1)})
    with pytest.raises(DataError, match="more than"):
        unpack(archive, place, cancel=NEVER)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    middle = len(content) // 3
    return (
        content[:middle]
        + bytes(byte ^ 255 for byte in content[middle : middle + 40])
        + content[middle + 40 :]
    )


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("zip", cut),
        ("zip", flip),
        ("zip", lambda content: b""),
        ("tar", cut),
        ("tar", lambda content: b"hello"),
    ],
)
def test_a_damaged_archive_is_told(
    tmp_path: Path, place: Path, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    content = bytes(range(256)) * 500
    if kind == "zip":
        archive = make_zip(tmp_path / "a", {"x": content})
    else:
        archive = make_tar(tmp_path / "a", (entry("x"), content))
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(DataError, match="damaged archive"):
        unpack(archive, place, cancel=NEVER)


def test_an_archive_of_a_rare_kind_or_out_of_reach_is_not_called_damaged(
    tmp_path: Path, place: Path
) -> None:
    archive = make_zip(tmp_path / "a.zip", {"x": b"content"})
    content = archive.read_bytes()
    method = content.index(b"PK\1\2") + 10
    archive.write_bytes(content[:method] + b"\x63" + content[method + 1 :])
    with pytest.raises(DataError, match="cannot be unpacked: That compression method") as raised:
        unpack(archive, place, cancel=NEVER)
    assert raised.value.hint == "Is it the right archive?"
    with pytest.raises(DataError, match=r"gone\.zip cannot be read: No such file"):
        unpack(tmp_path / "gone.zip", place, cancel=NEVER)


@pytest.mark.parametrize("kind", ["tar:gz", "tar:bz2", "tar:xz", "zip:8", "zip:12", "zip:14"])
def test_whatever_is_damaged_is_a_sentence(tmp_path: Path, place: Path, kind: str) -> None:
    what, _, way = kind.partition(":")
    whole = io.BytesIO()
    text = random.Random(kind).randbytes(3000)
    if what == "tar":
        with tarfile.open(fileobj=whole, mode=f"w:{way}") as archive:
            item = tarfile.TarInfo("é/x")
            item.size = len(text)
            archive.addfile(item, io.BytesIO(text))
    else:
        with zipfile.ZipFile(whole, "w", int(way)) as archive:
            archive.writestr("é/x", text)
    chance = random.Random(way)
    told: list[str] = []
    for _ in range(200):
        content = bytearray(whole.getvalue())
        for _ in range(chance.randint(1, 4)):
            content[chance.choice([chance.randrange(len(content)), -chance.randint(1, 90)])] ^= 255
        (tmp_path / "a").write_bytes(content)
        try:
            unpack(tmp_path / "a", place, cancel=NEVER)
        except GeneArenaError as error:
            told.append(str(error))
    assert len(told) > 10
    assert not any("\n" in sentence for sentence in told)


@pytest.mark.parametrize("names", [["a", "a/b"], ["a/b", "a"], ["x" * 300], [f"{'a' * 300}/b"]])
def test_names_that_cannot_be_written_are_told(tmp_path: Path, place: Path, names: list[str]) -> None:
    archive = make_zip(tmp_path / "a", dict.fromkeys(names, b"x"))
    with pytest.raises(StoreError, match="cannot be written"):
        unpack(archive, place, cancel=NEVER)


def test_a_missing_member_is_told(tmp_path: Path, place: Path) -> None:
    with pytest.raises(DataError, match="no member 'two'"):
        unpack(make_zip(tmp_path / "a", {"one": b""}), place, ["two"], cancel=NEVER)


def test_unpacking_is_cancelled(tmp_path: Path, place: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Stopped):
        unpack(make_zip(tmp_path / "a", {"one": b"1"}), place, cancel=cancel)
