"""Make store/reference_scores.csv from the paper's AUC tables and the authors' own rerun.

    python tools/build_reference_scores.py auc_tables.csv published_tables.json

The first file is the paper's Tables 3-6 and 8 in long form; the second holds, under
`june_2025_rerun`, the means of the authors' rerun by short model name. The rerun's ranks are those
of its printed three digits, ties averaged, since nothing finer was published.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

TASKS = {
    "task1": "long-vs-short-tf",
    "task2": "dosage-sensitivity",
    "task3": "bivalent-vs-lys4",
    "task4": "bivalent-vs-no-methyl",
}
RERUN_NAMES = {
    "OpenAI": "OpenAI",
    "GIST-small": "GIST-small-Embedding-v0",
    "NoInstruct": "NoInstruct-small-Embedding-v0",
    "stella": "stella-base-en-v2",
    "e5-v2": "e5-small-v2",
    "MiniLM": "GIST-all-MiniLM-L6-v2",
    "gte-small": "gte-small",
    "bge": "bge-small-en-v1.5",
    "MedEmbed": "MedEmbed-small-v0",
    "gte-tiny": "gte-tiny",
    "e5": "e5-small",
}
RERUN_TABLE_3 = {("e5-small", "task3"): "0.933"}
"""The one cell of the rerun's Table 3 that is not the paper's."""

Row = tuple[str, str, str, str, str, str, str]


def paper_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (
                "paper",
                row["paper_table"],
                row["protocol"],
                row["model"],
                row["task"],
                row["auc"],
                row["rank"],
            )
            for row in csv.DictReader(file)
        ]


def rerun_rows(path: Path, paper: list[Row]) -> Iterator[Row]:
    rerun = json.loads(path.read_text(encoding="utf-8"))["june_2025_rerun"]
    tables: dict[str, dict[str, dict[str, str]]] = {"3": {}}
    for _, table, _, model, task, auc, _ in paper:
        if table == "3" and task in TASKS:
            tables["3"].setdefault(model, {})[task] = RERUN_TABLE_3.get((model, task), auc)
    for table in ("4", "5", "6", "8"):
        tables[table] = {
            RERUN_NAMES[short]: dict(zip(TASKS, (f"{auc:.3f}" for auc in aucs), strict=True))
            for short, aucs in rerun[table].items()
        }
    protocols = {row[1]: row[2] for row in paper}
    for table, models in tables.items():
        exact = {
            model: {task: Fraction(auc) for task, auc in cells.items()} for model, cells in models.items()
        }
        for task in (*TASKS, "mean"):
            column = {
                model: sum(cells.values()) / len(cells) if task == "mean" else cells[task]
                for model, cells in exact.items()
            }
            for model, auc in column.items():
                above = sum(other > auc for other in column.values())
                equal = sum(other == auc for other in column.values())
                rank = above + (equal + 1) / 2
                shown = f"{float(auc):.4f}" if task == "mean" else f"{float(auc):.3f}"
                yield "rerun-2025-06", table, protocols[table], model, task, shown, f"{rank:g}"


def main() -> None:
    tables, published = map(Path, sys.argv[1:])
    paper = paper_rows(tables)
    target = Path(__file__).resolve().parent.parent / "store" / "reference_scores.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("source", "paper_table", "protocol", "model", "task", "auc", "rank"))
        for source, table, protocol, model, task, auc, rank in [*paper, *rerun_rows(published, paper)]:
            writer.writerow((source, table, protocol, model, TASKS.get(task, task), auc, rank))


if __name__ == "__main__":
    main()
