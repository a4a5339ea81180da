"""Reading outside pickles through a child process that can build plain data only (`unpickle.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from engine.files.outside import check_file
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


def read_matrix(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """A pickled dictionary of vectors (lists or numpy arrays), as names and float32[n, d].

    Raises:
        DataError: unreadable, damaged, unsafe, or something else.
    """
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="genearena-") as folder:
        output = Path(folder) / "vectors.npy"
        _open(path, "vectors", output)
        names = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
        return names, np.load(output, allow_pickle=False)


def _open(path: Path, what: Literal["lists", "vectors"], output: Path) -> None:
    check_file(path)
    size = path.stat().st_size
    if not 0 < size <= LARGEST:
        raise DataError(f"{path} holds {size:,} bytes, which no pickle of genes does.", _HINT)
    command = [sys.executable, "-I", str(_SCRIPT), what, str(path.absolute()), str(output)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120 + size / 1e6, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{path} takes far too long to open.", _HINT) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = (
            said[-1][:200] if said and done.returncode > 0 else "opening it needs too much memory or time"
        )
        raise DataError(f"{path} is not a pickle of plain lists and numbers: {reason}.", _HINT)
