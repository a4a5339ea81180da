"""Unpacking xz and bzip2 to the last stream in bounded memory, which Python's own files do not.

`lzma.open` grants the 4 GB that a header may ask for; `BZ2File` ends at a damaged stream without a word.
"""

from __future__ import annotations

import lzma
from bz2 import BZ2Decompressor
from collections.abc import Callable
from io import RawIOBase
from typing import IO, Any, Final

MEMORY: Final = 128 << 20
"""Bytes that unpacking may take, as Zstandard has it, too; what `xz -9` has packed takes 65 MiB."""
_CHUNK: Final = 1 << 16


class Streams(RawIOBase):
    """What is packed in one stream of xz or bzip2, or in several behind one another."""

    def __init__(
        self, packed: IO[bytes], new_stream: Callable[[], lzma.LZMADecompressor | BZ2Decompressor]
    ) -> None:
        super().__init__()
        self._new_stream = new_stream
        self._packed = packed
        self._waiting = packed.read(_CHUNK)
        self._stream = new_stream()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with some more bytes; 0 at the end.

        Raises:
            LZMAError: as xz, it is damaged, or would take more memory.
            OSError: as bzip2, it is damaged.
            EOFError: it ends early.
        """
        some = b""
        while not some:
            if self._stream.eof and not self._found_another():
                break
            if self._stream.needs_input and not self._more():
                raise EOFError("it ends early")
            some, self._waiting = self._stream.decompress(self._waiting, len(buffer)), b""
        buffer[: len(some)] = some
        return len(some)

    def _found_another(self) -> bool:
        """Whether there is a stream behind the last one and the zeros that may stand there."""
        self._waiting = self._stream.unused_data.lstrip(b"\0")
        while not self._waiting:
            if not self._more():
                return False
            self._waiting = self._waiting.lstrip(b"\0")
        self._stream = self._new_stream()
        return True

    def _more(self) -> bool:
        self._waiting = self._waiting or self._packed.read(_CHUNK)
        return bool(self._waiting)


def xz_stream() -> lzma.LZMADecompressor:
    """What unpacks one stream of xz."""
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MEMORY)
