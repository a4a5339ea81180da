"""A task of a million genes: bringing it in and planning it, beside reading its file into a dictionary.

Each is a process of its own, whose CPU time and peak memory the kernel tells.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks._home import fresh_home
from benchmarks._terminal import ARENA, ROOT

Row = dict[str, Any]

GENES: Final = 1_000_000
READ: Final = "import csv, sys; print(len({row[0]: row for row in csv.reader(open(sys.argv[1]))}))"
_MEASURE: Final = (
    "import json, resource, subprocess, sys\n"
    "done = subprocess.run([sys.executable, *sys.argv[1:]], capture_output=True, text=True)\n"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
    "print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))\n"
    "sys.exit(done.stderr[-500:] if done.returncode else 0)"
)


def million_genes() -> list[Row]:
    """Import and dry run, with and without descriptions of its own."""
    rows: list[Row] = []
    for described in (False, True):
        with fresh_home() as home, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "genes.csv"
            write_task(path, described)
            place = ["--home", str(home.data.parent)]
            what = "a million genes with texts" if described else "a million genes"
            read = measured("-c", READ, str(path))
            taking = ("import", "task", str(path), "--name", "big", "--keep-unmapped")
            taken = measured("-c", ARENA, *place, *taking)
            plan = ("-c", ARENA, *place, "run", "--tasks", "big", "--protocols", "lr", "--dry-run")
            planned = measured(*plan)
            shutil.rmtree(home.cache / "outlines")
            anew = measured(*plan)
        rows += [
            _row(f"import of {what}", read, taken, "<= 11"),
            _row(f"dry run of {what}", read, planned, "<= 1"),
            _row(f"dry run of {what}, read in another way than before", read, anew, "<= 10"),
        ]
    return rows


def write_task(path: Path, described: bool) -> None:
    """A label file of made-up genes in two classes."""
    with path.open("w") as file:
        file.write("gene,label,description\n" if described else "gene,label\n")
        for number in range(GENES):
            text = f",It takes part in process {number % 997} of the cell as number {number}." * described
            file.write(f"SYN{number},{('down', 'up')[number * 7 % 13 < 6]}{text}\n")


def measured(*arguments: str) -> tuple[float, int]:
    """CPU seconds and peak KiB of `python arguments`."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def _row(work: str, reference: tuple[float, int], ours: tuple[float, int], limit: str) -> Row:
    return {
        "work": work,
        "reference": f"csv.reader and dict {reference[0]:.2f} CPU s, {reference[1] >> 10} MiB",
        "ours": f"{ours[0]:.1f} CPU s, {ours[1] >> 10} MiB",
        "ratio": ours[0] / reference[0],
        "equal": None,
        "limit": limit,
        "note": "",
    }


BENCHMARKS = {"million-genes": million_genes}
