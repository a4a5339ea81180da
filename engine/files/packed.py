"""What a file is packed in, told by its first bytes, and what a file is that no reader of text can use."""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
from bz2 import BZ2Decompressor
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, cast

from engine.files.streams import Streams, xz_stream
from store.errors import DataError

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HDF5: Final = b"\x89HDF\r\n\x1a\n"
PARQUET_START: Final = b"PAR1"
_PACKINGS: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    ZIP: "ZIP",
}
_HEAD: Final = 264
"""Bytes that tell one format from another; tar's mark stands at 257."""
_CHUNK: Final = 1 << 16
_NO_TEXT: Final = re.compile(rb"[\x80-\xff]{3}")
"""Western European texts have at most two accented letters in a row; other encodings have more."""

_R: Final = "In R, save it as CSV with write.csv(x, 'x.csv')."
_FEATHER: Final = "Save it as Parquet, in Python with pandas.read_feather(path).to_parquet('x.parquet')."
_FOREIGN: Final[tuple[tuple[bytes, str, str], ...]] = (
    (OLE, "an old Excel or Word file", "Save it as CSV."),
    (PARQUET_START, "a Parquet file", "Give it unpacked, under a name that ends in .parquet."),
    (b"RDX", "an RData file", _R),
    (b"RDA", "an RData file", _R),
    (b"X\n\0\0\0", "an rds file of R", _R),
    (b"A\n2\n", "an rds file of R", _R),
    (b"A\n3\n", "an rds file of R", _R),
    (HDF5, "an HDF5 file", "Save the table in it as CSV."),
    (b"%PDF", "a PDF", "Copy its table into a spreadsheet, and save that as CSV."),
    (b"\x80\x02", "a pickle", "Save it as CSV, or let its name end in .pkl."),
    (b"\x80\x03", "a pickle", "Save it as CSV, or let its name end in .pkl."),
    (b"\x80\x04", "a pickle", "Save it as CSV, or let its name end in .pkl."),
    (b"\x80\x05", "a pickle", "Save it as CSV, or let its name end in .pkl."),
    (b"\x93NUMPY", "a numpy array", "Import it as vectors, or save it as CSV."),
    (b"ARROW1", "an Arrow or Feather file", _FEATHER),
    (b"FEA1", "a Feather file", _FEATHER),
    (
        b"\xff\xff\xff\xff",
        "a stream of Arrow",
        "Save it as Parquet with pyarrow.ipc.open_stream(path).read_pandas().to_parquet('x.parquet').",
    ),
    (b"ORC", "an ORC file", "Save it as CSV or Parquet."),
    (b"Obj\x01", "an Avro file", "Save it as CSV or Parquet."),
    (b"MATLAB 5.0 MAT-file", "a file of MATLAB", "Save it as CSV with writetable or writematrix."),
    (b"$FL2", "a file of SPSS", "Save it as CSV."),
    (b"<stata_dta>", "a file of Stata", "Save it as CSV with export delimited."),
    (b"CDF\x01", "a NetCDF file", "Save the table in it as CSV."),
    (b"CDF\x02", "a NetCDF file", "Save the table in it as CSV."),
    (b"\x04\x22\x4d\x18", "an LZ4 archive", "Unpack it first."),
    (b"\x1f\x9d", "a compress archive", "Unpack it first."),
    (b"\x1f\x8b", "packed twice", "Unpack it first."),
    (b"\xfd7zXZ", "packed twice", "Unpack it first."),
    (b"BZh91AY&SY", "packed twice", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "packed twice", "Unpack it first."),
    (ZIP, "a workbook or another ZIP file that is packed once more", "Unpack it first."),
    (b"\xff\xfe\0\0", "UTF-32 text", "Save it with the encoding UTF-8."),
    (b"\0\0\xfe\xff", "UTF-32 text", "Save it with the encoding UTF-8."),
    (b"#1.2\n", "a GCT table of expression", "Save its third line and those below as TSV."),
    (b"#1.2\r\n", "a GCT table of expression", "Save its third line and those below as TSV."),
    (b"PK\x05\x06", "an empty ZIP file", "Pack it again."),
    (b"SQLite format 3", "an SQLite database", "Save one of its tables as CSV."),
    (b"{\\rtf", "a text of a word processor (RTF)", "Save it as plain text."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"\x89PNG", "a picture", "Give a table as CSV."),
    (b"\xff\xd8\xff", "a picture", "Give a table as CSV."),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS, not the file itself",
        "Fetch it with git lfs pull.",
    ),
)
_WEB_PAGE: Final = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
_HTML_TABLE: Final = re.compile(rb"\s*<(table|thead|tr|body|div)\b", re.IGNORECASE)
_WORD2VEC: Final = re.compile(rb"\d{1,9} \d{1,5}\r?\n\S+ ")
"""The start of its two counts and first name, which both forms have."""
_INSIDE_ZIP: Final[tuple[tuple[str, str, str], ...]] = (
    ("xl/", "an Excel workbook", "Save it as CSV."),
    ("content.xml", "a file of LibreOffice", "Save it as CSV."),
    ("word/", "a Word file", "Copy its table into a spreadsheet, and save that as CSV."),
    ("ppt/", "a PowerPoint file", "Copy its table into a spreadsheet, and save that as CSV."),
    ("genes.npy", "an archive of numpy's arrays", "Import it as vectors, or save it as CSV."),
    ("Index/", "a spreadsheet of Numbers", "Export it as CSV."),
)


def foreign(head: bytes) -> tuple[str, str] | None:
    """What a file that starts with `head` is, and the way out, if it is nothing that is read as text."""
    for start, what, hint in _FOREIGN:
        if head.startswith(start):
            return what, hint
    if (counts := _WORD2VEC.match(head)) and b"\0" in head[counts.end() :]:
        return "word2vec's binary form", "Save it as text, with binary=False."
    if head[257:262] == b"ustar":
        return "a tar archive", "Unpack it first."
    if _WEB_PAGE.match(head):
        return "a web page", "Download the file itself."
    if _HTML_TABLE.match(head):
        return "a table of HTML", "Open it in a spreadsheet, and save that as CSV."
    return None


def refuse_foreign(path: Path, content: IO[bytes]) -> None:
    """Name a format that is not text, before its bytes are taken for one.

    Raises:
        DataError: `content` starts like one.
    """
    if found := foreign(_peeked(content, _HEAD)):
        raise DataError(f"{path} is {found[0]}.", found[1])


def starts_with(path: Path, *starts: bytes) -> bool:
    """Whether the bytes of the file, packed as it is, start with one of these."""
    with path.open("rb") as stream:
        return stream.read(max(map(len, starts))).startswith(starts)


def zip_members(path: Path) -> list[str]:
    """The names in a ZIP file; none if it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return []


def packing(stream: BufferedReader) -> str:
    """What the content of `stream` is packed with; empty if it is not."""
    head = stream.peek(6)[:6]
    return next((name for start, name in _PACKINGS.items() if head.startswith(start)), "")


@contextmanager
def unpack(path: Path, stream: BufferedReader) -> Iterator[IO[bytes]]:
    """The content of `stream`: of gzip, bzip2, xz, Zstandard, or the only file in a ZIP; else itself.

    Raises:
        DataError: a ZIP of several files, with a password, or of a format that is named instead.
    """
    match packing(stream):
        case "gzip":
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
        case "bzip2":
            yield cast("IO[bytes]", BufferedReader(Streams(stream, BZ2Decompressor)))
        case "xz":
            yield cast("IO[bytes]", BufferedReader(Streams(stream, xz_stream)))
        case "Zstandard":
            import pyarrow as pa

            with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd") as content:
                yield cast("IO[bytes]", BufferedReader(content))
        case "ZIP":
            with zipfile.ZipFile(stream) as archive, archive.open(_only_member(path, archive)) as member:
                yield member
        case _:
            yield stream


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    for start, what, hint in _INSIDE_ZIP:
        if any(name.startswith(start) for name in archive.namelist()):
            raise DataError(f"{path} is {what}.", hint)
    members = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not PurePosixPath(info.filename).name.startswith(".")
        if not info.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        names = ", ".join(info.filename for info in members[:5]) + (", ..." if len(members) > 5 else "")
        raise DataError(
            f"{path} holds {len(members)} files{f': {names}' if names else ''}.",
            "Unpack it, and give one of them, or the folder if they are one list for each class.",
        )
    if members[0].flag_bits & 1 or members[0].compress_type not in (0, 8, 12, 14):
        raise DataError(f"{path} is packed with a password or a rare method.", "Unpack it first.")
    return members[0]


def recoded(content: IO[bytes], encoding: str = "") -> IO[bytes]:
    """`content` as UTF-8: from UTF-16, if it starts with its mark, or from `encoding`.

    Reading it raises UnicodeError where it is not of that encoding.
    """
    if not encoding:
        head = _peeked(content, 2)
        encoding = "utf-16" if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ""
    return cast("IO[bytes]", BufferedReader(_Recoded(content, encoding))) if encoding else content


def _peeked(content: IO[bytes], count: int) -> bytes:
    """The next bytes of any of the streams of `unpack`, which stay to be read."""
    return cast("BufferedReader", content).peek(count)[:count]


class _Recoded(RawIOBase):
    """A stream of another encoding, read as UTF-8."""

    def __init__(self, content: IO[bytes], encoding: str) -> None:
        super().__init__()
        self._content = content
        self._western = encoding == "cp1252"
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._waiting = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with some more bytes; 0 at the end.

        Raises:
            UnicodeError: they are not of the encoding.
        """
        while not self._waiting:
            chunk = self._content.read(_CHUNK)
            if self._western and _NO_TEXT.search(chunk):
                raise UnicodeError("is in no known encoding")
            self._waiting = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        size = min(len(buffer), len(self._waiting))
        buffer[:size], self._waiting = self._waiting[:size], self._waiting[size:]
        return size
