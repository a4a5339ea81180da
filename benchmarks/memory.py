"""Peak memory: of the main job, and of bringing in a table of the size of GenePT's.

Each is a process of its own, whose peak resident memory the kernel tells.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks._home import fresh_home, sample_tasks
from benchmarks._terminal import ARENA, ROOT

Row = dict[str, Any]

NAMES: Final = 93_800
DISTINCT: Final = 33_230
"""Names of GenePT's dictionary, and vectors they share."""
WIDTH: Final = 1536
MIB: Final = 1 << 20


def main_job() -> list[Row]:
    """`genearena run` on the sample: one model, four tasks, the four classical protocols, ten seeds."""
    with fresh_home() as home:
        place = ["--home", str(home.data.parent)]
        peak = peak_bytes("-c", ARENA, *place, "run")
        command_line = peak_bytes("-c", ARENA, *place, "rank")
    torch = peak_bytes("-c", "import torch, transformers, sklearn.ensemble, duckdb, pyarrow")
    return [
        _row("genearena run, the sample's 160 units", "importing the libraries", torch, peak),
        _row("genearena rank after it", "importing the libraries", torch, command_line),
    ]


def genept_table() -> list[Row]:
    """Import of a pickled dict[str, list[float]] with 93,800 names, beside unpickling it."""
    with fresh_home() as home, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.pickle"
        write_pickle(path, names())
        size = path.stat().st_size
        place = ["--home", str(home.data.parent)]
        idle = peak_bytes("-c", ARENA, *place, "tasks")
        streamed = peak_bytes("-c", ARENA, *place, "import", "vectors", str(path), "--name", "large")
        loaded = peak_bytes("-c", "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))", str(path))
        with np.load(home.data / "vectors" / "large" / "vectors.npz") as kept:
            first = kept["vectors"][kept["genes"].tolist().index(names()[0])]
        equal = np.array_equal(first, next(vectors()).astype(np.float32))
    note = f"a file of {size / MIB:.0f} MiB; {idle / MIB:.0f} MiB are the command line's own"
    return [
        _row("import of a table of GenePT's size", "pickle.load", loaded, streamed)
        | {"equal": equal, "note": note},
        _row(
            "the same: memory beyond the command line's own",
            "the file's size",
            size,
            streamed - idle,
            "<= 1.5",
        ),
    ]


def names() -> list[str]:
    """The sample's genes first, made-up names after them."""
    genes = {gene for task in sample_tasks() for gene in task.genes}
    return [*sorted(genes), *(f"NAME{place}" for place in range(NAMES - len(genes)))]


def vectors() -> Iterator[NDArray[np.float64]]:
    """Made-up vectors without end, always the same."""
    chance = np.random.default_rng(0)
    while True:
        yield chance.normal(0, 0.03, WIDTH)


def write_pickle(path: Path, every: list[str]) -> None:
    """A pickle of {name: list of floats}, protocol 4, names sharing vectors as GenePT's aliases do.

    Written vector by vector: the dictionary itself would take 2 GB.
    """
    distinct = vectors()
    with path.open("wb") as file:
        file.write(b"\x80\x04}\x94")
        for place, name in enumerate(every):
            text = name.encode()
            file.write(b"(\x8c" + bytes([len(text)]) + text + b"\x94")
            if place < DISTINCT:
                file.write(b"]\x94(")
                for values in np.split(next(distinct), [1000]):
                    file.write(b"".join(b"G" + struct.pack(">d", value) for value in values))
                    file.write(b"e(" if len(values) == 1000 else b"e")
            else:
                file.write(b"j" + struct.pack("<I", _memo(place % DISTINCT)))
            file.write(b"u")
        file.write(b".")


def _memo(vector: int) -> int:
    """The memo's number of a vector: the dictionary is 0, then a name and a list in turns."""
    return 2 * vector + 2


def peak_bytes(*arguments: str) -> int:
    """Peak resident memory of `python arguments`, or of its largest child, whichever is more."""
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, *sys.argv[1:]], capture_output=True, text=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "sys.exit(done.stderr[-500:] if done.returncode else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return int(done.stdout) * (1024 if sys.platform == "linux" else 1)


def _row(work: str, what: str, reference: int, ours: int, limit: str = "") -> Row:
    return {
        "work": work,
        "reference": f"{what} {reference / MIB:.0f} MiB",
        "ours": f"peak {ours / MIB:.0f} MiB",
        "ratio": ours / reference,
        "equal": None,
        "limit": limit,
        "note": "",
    }


BENCHMARKS = {"main-job-memory": main_job, "genept-memory": genept_table}
