"""Reading files from outside: plain or packed, as bytes, text or lines, within limits, in bounded memory.

Whatever is wrong with a file becomes one sentence that names it.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gzip import GzipFile
from io import BufferedReader, StringIO
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final

from engine.files.packed import packing, recoded, refuse_foreign, unpack
from engine.files.streams import MEMORY
from store.errors import DataError

MAX_BYTES: Final = 1 << 29
"""Of one file, after decompression; NCBI's full gene_summary is about 90 MB."""
MAX_LINE: Final = 1 << 24
"""Bytes of one line; a vector of 20,000 numbers takes half a million."""
_GREEDY: Final = ("Memory usage limit exceeded", "Frame requires too much memory")
"""What lzma and Zstandard say of a file that takes more memory to unpack than the limit."""
_BOM: Final = b"\xef\xbb\xbf"


@contextmanager
def outside_file(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into one sentence."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(
            f"{path} cannot be read: {reason}.", "Check the name and the permissions."
        ) from error


def check_file(path: Path) -> None:
    """Refuse what is not a plain file, a pipe or a device among them, before anything waits for it.

    Raises:
        DataError: there is no such file, or it may not be looked at.
    """
    with outside_file(path):
        if not path.is_file():
            what = (
                "is a folder" if path.is_dir() else "is not a file" if path.exists()
                else "is a link that leads to no file" if path.is_symlink() else "does not exist"
            )  # fmt: skip
            raise DataError(f"{path} {what}.", "Give the path of a file that can be read.")


def refuse_packed(path: Path, but: str = "") -> None:
    """Refuse a packed file of a format that is read as it lies on the disk.

    Args:
        path: A file that is there.
        but: The packing that belongs to the format, if one does.

    Raises:
        DataError: it is packed otherwise.
    """
    with outside_file(path), path.open("rb") as stream:
        packed = packing(stream)
    if packed not in ("", but):
        raise DataError(f"{path} is packed with {packed}.", "Unpack it first.")


class OtherEncoding(DataError):
    """A text that is not UTF-8."""


@contextmanager
def unpacked(path: Path, encoding: str = "") -> Iterator[IO[bytes]]:
    """The content of a plain, gzip, bzip2, xz or Zstandard file or of a ZIP of one, as a stream.

    What starts with the mark of UTF-16, and what is of another `encoding`, is read as UTF-8.

    Raises:
        DataError: missing, not a plain file, or damaged.
    """
    check_file(path)
    with outside_file(path):
        stream = path.open("rb")
    with stream:
        packed = ""
        try:
            packed = packing(stream)
            with unpack(path, stream) as content:
                refuse_foreign(path, content)
                yield recoded(content, encoding)
        except NotImplementedError as error:
            raise DataError(f"{path} is a ZIP file of a rare kind: {error}.", "Unpack it first.") from error
        except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
            raise _not_unpacked(path, packed, str(error)) from error
        except UnicodeError as error:
            if isinstance(error, UnicodeDecodeError) and error.encoding.startswith("utf-16"):
                raise DataError(
                    f"{path} is damaged UTF-16 text: {error.reason}.",
                    "Fetch it again, or save it in UTF-8.",
                ) from error
            raise _not_text(path) from error
        except OSError as error:
            said = error.strerror or str(error).splitlines()[0].rstrip(".")
            if packed and not error.errno:
                raise _not_unpacked(path, packed, said) from error
            raise DataError(f"{path} cannot be read: {said}.") from error


def _not_unpacked(path: Path, packed: str, said: str) -> DataError:
    if any(words in said for words in _GREEDY):
        return DataError(
            f"{path} asks for more than {MEMORY >> 20} MiB of memory to unpack.",
            "Pack it with gzip, `xz -9` or `zstd -19`.",
        )
    return DataError(f"{path} is a damaged {packed} file: {said}.", "Fetch it again.")


def _not_text(path: Path) -> OtherEncoding:
    return OtherEncoding(f"{path} is in no known encoding.", "Save it with the encoding UTF-8.")


def first_bytes(path: Path, count: int) -> bytes:
    """The first `count` bytes of the content, without byte-order mark; fewer if it is shorter.

    Raises:
        DataError: as `unpacked`.
    """
    with unpacked(path) as stream:
        return stream.read(len(_BOM) + count).removeprefix(_BOM)[:count]


def read_text(path: Path, limit: int) -> str:
    """The text of a UTF-8 file of at most `limit` bytes, without byte-order mark.

    Raises:
        DataError: as `unpacked`; also empty, too large, a NUL byte, or bytes that are not UTF-8.
    """
    with unpacked(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise too_large(path, limit)
    if not content or content.isspace():
        raise DataError(f"{path} is empty.")
    return _decode(path, content.removeprefix(_BOM), 0, 1)


def read_lines(path: Path, limit: int = MAX_BYTES, encoding: str = "") -> Iterator[str]:
    """The lines of a UTF-8 file with their ends, one at a time; or of one of another `encoding`.

    Raises:
        OtherEncoding: bytes that are not of the encoding.
        DataError: as `read_text`, when it comes to that; also a line of more than `MAX_LINE` bytes.
    """
    size, number = 0, 1
    with unpacked(path, encoding) as stream:
        while content := stream.readline(MAX_LINE + 1):
            if len(content) > MAX_LINE:
                raise DataError(
                    f"{path} has a line of more than {MAX_LINE >> 20} MB, line {number}.",
                    "Keep one row per gene.",
                )
            content += _whole_lines(stream)
            if size + len(content) > limit:
                raise too_large(path, limit)
            text = _decode(path, content.removeprefix(_BOM) if number == 1 else content, size, number)
            whole = StringIO(text, newline="\n")
            yield from chain.from_iterable(map(_pieces, whole)) if "\r" in text else whole
            number += content.count(b"\n")
            size += len(content)


def _whole_lines(stream: IO[bytes]) -> bytes:
    """What else is in the buffer, up to its last whole line: a line at a time is slow."""
    waiting = stream.peek(1) if isinstance(stream, BufferedReader | GzipFile) else b""
    return stream.read(waiting.rfind(b"\n") + 1)


def text_of(path: Path, content: bytes) -> str:
    """A text that `path` holds as bytes.

    Raises:
        DataError: they are not UTF-8.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        shown = content[max(0, error.start - 20) : error.start + 20]
        raise DataError(
            f"{path} has {shown!r}, which is not UTF-8.", "Write its texts as UTF-8."
        ) from error


def one_line(text: str) -> str:
    """`text` with one blank for each stretch of them; itself if it is so, which saves a million copies."""
    line = " ".join(text.split())
    return text if line == text else line


def check_characters(path: Path, texts: Iterable[str]) -> None:
    """Refuse halves of surrogate pairs, which JSON and pickles can hold and no file of text can.

    Raises:
        DataError: one of `texts`, which were read from `path`, has such a half.
    """
    texts = iter(texts)
    while some := list(islice(texts, 10_000)):
        try:
            "".join(some).encode()
        except UnicodeEncodeError:
            _name_half(path, some)


def _name_half(path: Path, texts: Iterable[str]) -> None:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            shown = text[max(0, error.start - 20) : error.start + 1]
            raise DataError(f"{path} has half a character in {shown!r}.", "Write it again.") from error


def too_large(path: Path, limit: int) -> DataError:
    """The error of a file of more than `limit` bytes."""
    return DataError(f"{path} holds more than {limit >> 20} MB.", "Give a smaller table.")


def _pieces(line: str) -> list[str]:
    """`line`, in parts where a carriage return alone ends one, as old spreadsheets write it."""
    if "\r" not in line.rstrip("\r\n"):
        return [line]
    *parts, last = line.split("\r")
    return [*(f"{part}\r" for part in parts), *filter(None, [last])]


def _decode(path: Path, content: bytes, before: int, number: int) -> str:
    """`content`, which starts after `before` bytes at line `number`, as text."""
    nul = content.find(b"\0")
    if nul >= 0:
        line = number + content.count(b"\n", 0, nul)
        raise DataError(
            f"{path} has a NUL byte at byte {before + nul}, line {line}.", "Save it as plain UTF-8 text."
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = number + content.count(b"\n", 0, error.start)
        raise OtherEncoding(
            f"{path} is not UTF-8 at byte {before + error.start}, line {line}.",
            "Save it with the encoding UTF-8.",
        ) from error
