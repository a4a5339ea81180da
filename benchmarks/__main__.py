"""`python -m benchmarks [NAME ...]`: ratios against the reference, as a table and as results.json.

A benchmark is a function in the dict BENCHMARKS of a module in this folder; it returns rows:

- `work`: what was done; `reference`, `ours`: what each took, in words or numbers with a unit;
- `ratio`: a number, or None where there is none;
- `equal`: True or False, or the tolerance met, in words;
- `limit`: what the ratio must keep to, as ">= 8" or "<= 0.65" (a bare number is a least one), or ""
  for a row that only informs;
- `note`, if there is more to say: why it was skipped, what was scaled up.

NAME is a module or one of its benchmarks. The exit code is 1 if a limit is missed, numbers that
should be equal are not, or a benchmark fails.
"""

from __future__ import annotations

import argparse
import importlib
import json
import operator
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

Row = dict[str, Any]
Benchmark = Callable[[], list[Row]]

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"
COLUMNS: Final = ("work", "reference", "ours", "ratio", "equal", "limit", "ok")
KEYS: Final = ("work", "reference", "ours", "ratio", "equal", "limit", "note")
COMPARE: Final = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks asked for, or all of them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Ratios against the reference."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="modules or benchmarks; default: all")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="the same, as an option"
    )
    options = parser.parse_args(arguments)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    names = [*options.names, *options.only]
    chosen = dict(choose(names))
    if not chosen:
        print(f"There is no benchmark named {' or '.join(names)}.", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name, benchmark in chosen.items():
        rows += [{"benchmark": name, **row} for row in measure(name, benchmark)]
        save(rows, set(chosen), keep=bool(names))  # each time: an interruption loses only what it stops
    print_table(rows)
    return 0 if all(verdict(row) != "MISSED" for row in rows) else 1


def choose(names: Sequence[str]) -> Iterator[tuple[str, Benchmark]]:
    """The benchmarks of that name or of the module of that name; all of them without names."""
    modules = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    for module in modules if not set(names) & set(modules) else [m for m in modules if m in names]:
        try:
            found = getattr(importlib.import_module(f"benchmarks.{module}"), "BENCHMARKS", {})
        except ModuleNotFoundError as error:  # a box for the GPU rows alone has not all libraries
            print(f"{module} is left out: {error.name} is not installed.", file=sys.stderr)
            continue
        for name, benchmark in found.items():
            if not names or module in names or name in names:
                yield name, benchmark


def measure(name: str, benchmark: Benchmark) -> list[Row]:
    """The rows of one benchmark; if it fails, one row that says so."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        return benchmark()
    except Exception as error:  # noqa: BLE001 - one broken benchmark must not hide the others' results
        traceback.print_exc()
        sentence = f"failed: {type(error).__name__}: {error}"
        return [dict.fromkeys(KEYS) | {"work": name, "equal": False, "note": sentence}]


def verdict(row: Row) -> str:
    """`ok`, `MISSED`, or nothing where there is no limit to keep."""
    if row.get("equal") is False:
        return "MISSED"
    if row.get("ratio") is None or not row.get("limit"):
        return ""
    sign, number = f">= {row['limit']}".split()[-2:]
    return "ok" if COMPARE[sign](row["ratio"], float(number)) else "MISSED"


def save(rows: Sequence[Row], run: set[str], *, keep: bool) -> None:
    """Write results.json; rows of benchmarks that were not run stay if `keep`."""
    old = json.loads(RESULTS.read_text("utf-8")) if keep and RESULTS.exists() else []
    kept = [row for row in old if row["benchmark"] not in run]
    RESULTS.write_text(json.dumps([*kept, *rows], indent=1, ensure_ascii=False) + "\n", "utf-8")


def print_table(rows: Sequence[Row]) -> None:
    """The rows under each other, their notes below."""
    cells = [COLUMNS, *([_cell(row, column) for column in COLUMNS] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(COLUMNS))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    for row in rows:
        if row.get("note"):
            print(f"{row['work']}: {row['note']}")


def _cell(row: Row, column: str) -> str:
    if column == "ok":
        return verdict(row)
    value = row.get(column)
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "NO"
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main())
