"""Reading outside pickles through a child process that can build plain data only (`unpickle.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from engine.files.outside import check_file, refuse_packed
from store.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST: Final = 300 << 20
"""Largest pickle opened, in bytes: numpy vectors of 1,536 dimensions for 33,000 genes take 204 MB.
GenePT's dictionaries of lists are streamed, whatever their size."""
PICKLES: Final = (".pickle", ".pkl")
"""Endings of pickles."""
_SCRIPT: Final = Path(__file__).with_name("unpickle.py")
_HINT: Final = "Pickles can run programs when opened, so only plain data is read; ask for a CSV."


def read_lists(path: Path) -> dict[str, list[str]]:
    """A pickled dict[str, list[str]], such as Geneformer's label files.

    Raises:
        DataError: unreadable, damaged, unsafe, or something else.
    """
    with tempfile.TemporaryDirectory(prefix="genearena-") as folder:
        output = Path(folder) / "lists.json"
        _open(path, "lists", output)
        lists: dict[str, list[str]] = json.loads(output.read_text(encoding="utf-8"))
    return lists


def read_matrix(path: Path, content: bytes | None = None) -> tuple[list[str], NDArray[np.float32]]:
    """A pickled dictionary of vectors (lists or numpy arrays), as names and float32[n, d].

    Args:
        path: The file.
        content: The pickle, if it is a part of that file.

    Raises:
        DataError: unreadable, damaged, unsafe, or something else.
    """
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="genearena-") as folder:
        output = Path(folder) / "vectors.npy"
        part = None
        if content is not None:
            part = Path(folder) / "part.pickle"
            part.write_bytes(content)
        _open(path, "vectors", output, part)
        names = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
        return names, np.load(output, allow_pickle=False)


def read_names(path: Path, content: bytes) -> list[str]:
    """The names in a pickled array of texts that is a part of the file at `path`; "" for None.

    Raises:
        DataError: damaged, unsafe, or something else.
    """
    with tempfile.TemporaryDirectory(prefix="genearena-") as folder:
        part, output = Path(folder) / "part.pickle", Path(folder) / "names.json"
        part.write_bytes(content)
        _open(path, "names", output, part)
        names: list[str] = json.loads(output.read_text(encoding="utf-8"))
    return names


def _open(
    path: Path, what: Literal["lists", "names", "vectors"], output: Path, part: Path | None = None
) -> None:
    """Let the child read `part` of the file at `path`, or all of it."""
    source = part or path
    check_file(source)
    if part is None:
        refuse_packed(path)
    size = source.stat().st_size
    if not 0 < size <= LARGEST:
        raise DataError(f"{path} holds {size:,} bytes, which no pickle of genes does.", _HINT)
    command = [sys.executable, "-I", str(_SCRIPT), what, str(source.absolute()), str(output)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120 + size / 1e6, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{path} takes far too long to open.", _HINT) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = "opening it needs too much memory or time"
        if said and done.returncode > 0:
            reason = said[-1][:200].rstrip(".")
        raise DataError(f"{path} is not a pickle of plain lists and numbers: {reason}.", _HINT)
