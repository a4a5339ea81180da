"""Whether a file of a model can be what its name says, seen without reading all of it.

Gigabytes are hashed and loaded; a file that is cut, or that lies about its size, need not be.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from store.errors import ModelError

LONGEST_HEADER: Final = 100_000_000
"""Bytes; the limit of the safetensors library."""
LARGEST_TEXT: Final = 1 << 28
"""Bytes of a configuration or a tokenizer; the largest in use have 35 MB."""
_LENGTH: Final = 8
"""Bytes in which the length of the header stands."""


def check_model_file(path: Path) -> None:
    """Refuse a weight file that is not one, and other files of a model that are too large to be read.

    Raises:
        ModelError: it cannot be what its name says.
        OSError: it cannot be read.
    """
    if path.suffix == ".safetensors":
        problem = _safetensors(path)
    elif path.suffix == ".bin":
        problem = _pickled(path)
    else:
        size = path.stat().st_size
        problem = f"it has {size:,} bytes" if size > LARGEST_TEXT else ""
    if problem:
        raise ModelError(
            f"{path} is damaged: {problem}.", "Fetch the model again, or name a folder that is whole."
        )


def _safetensors(path: Path) -> str:
    """What contradicts what in a safetensors file; empty if nothing does."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        length = int.from_bytes(stream.read(_LENGTH), "little")
        room = size - _LENGTH - length
        if size < _LENGTH:
            return f"it has only {size} bytes"
        if length > LONGEST_HEADER or room < 0:
            return f"it claims a header of {length:,} bytes in a file of {size:,}"
        header = stream.read(length)
    try:
        tensors = {name: about for name, about in json.loads(header).items() if name != "__metadata__"}
        places = [about["data_offsets"] for about in tensors.values()]
        largest = max((end for start, end in places if 0 <= start <= end), default=0)
    except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
        return "its header does not describe tensors"
    return (
        "" if largest == room else f"its header describes {largest:,} bytes of tensors, but it has {room:,}"
    )


def _pickled(path: Path) -> str:
    """The same of weights as PyTorch writes them: a zip archive, or a pickle before version 1.6."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == b"PK\3\4":
        import zipfile

        return "" if zipfile.is_zipfile(path) else "its end is missing"
    return "" if start[:1] == b"\x80" else "it does not begin as weights do"
