"""A ranked table in words: what it is of, and what its reader must know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from engine.catalog.controls import title_of
from engine.catalog.schemes import SCHEMES
from tui.quantities import count

if TYPE_CHECKING:
    from store.arm import Arm, Table
    from store.queries import Rankings, RankRow

SOURCES: Final = {"own": "", "paper": " (paper)", "rerun": " (rerun)"}
"""What stands behind a model's name, by where its numbers come from."""


def caveats(table: Rankings) -> list[str]:
    """Missing and failed splits, and what keeps own rows from being compared; none if all is well."""
    found = []
    scheme = SCHEMES.get(table.arm.scheme)
    if scheme and (part := scheme.part(table.expected)):
        found.append(f"So far {part}.")
    own = [row for row in table.rows if row.contestant]
    missing = sum(table.expected - row.n[task] for row in own for task in table.tasks if task in row.n)
    lacking = {row.model: [task for task in table.tasks if task not in row.auc] for row in own}
    failed = sum(sum(row.failed.values()) for row in own)
    if any(lacking.values()):
        found.append(f"No mean and no overall rank without every task: {_lacking(lacking)}.")
    if missing:
        tail = f", {failed} of them failed" if failed else ""
        found.append(f"{count(missing, 'split')} missing{tail}; means are over those there are.")
    if table.environments > 1:
        found.append(f"Numbers from {table.environments} environments (versions, devices or hosts).")
    if table.older:
        found.append(f"Several configurations of {', '.join(table.older)}; the current one is shown.")
    if table.conflicts:
        splits = count(table.conflicts, "split")
        found.append(
            f"{splits} gave another number when run again; the earliest is shown (table conflicts)."
        )
    for names, what in (
        (table.unlike.texts, "Other genes, labels or texts for some rows of"),
        (table.unlike.splits, "Other splits for some rows of"),
        (table.unlike.models, "Several revisions in the row of"),
        (table.unlike.protocols, "Several revisions of the protocol"),
        (table.unlike.families, "Gene families of several sources in the splits:"),
    ):
        if names:
            found.append(f"{what} {', '.join(names)}; run the older again to compare.")
    return found


_NAMED: Final = 3
"""Models of which it is said what they lack; of more, how many."""


def _lacking(tasks: Mapping[str, list[str]]) -> str:
    parts = [f"{model} lacks {', '.join(missing)}" for model, missing in tasks.items() if missing]
    more = [f"and {count(len(parts) - _NAMED, 'model')} more"] if len(parts) > _NAMED else []
    return "; ".join(parts[:_NAMED] + more)


def incomplete(table: Rankings, row: RankRow, task: str) -> bool:
    """Whether splits are missing in a cell of one's own."""
    return row.source == "own" and row.n.get(task, 0) < table.expected


def row_name(row: RankRow) -> str:
    """What people read at the beginning of a row."""
    if row.control:
        return f"{title_of(row.model)}{f' ({row.protocol})' if row.protocol else ''}"
    return f"{row.model}{SOURCES[row.source]}"


def narrowing(table: Rankings) -> str:
    """What the means and ranks of a table with fewer tasks or models are of; empty if it is whole."""
    parts = []
    if table.left_out:
        every = len(table.tasks) + len(table.left_out)
        parts.append(f"means are over {len(table.tasks)} of the set's {every} tasks")
    if table.hidden:
        parts.append(
            f"{len(table.rows)} of {len(table.rows) + table.hidden} rows, with the ranks among all"
        )
    return "; ".join(parts)


def mean_name(table: Rankings) -> str:
    """The title of the column of means."""
    return f"mean of {len(table.tasks)}" if table.left_out else "mean"


def title(table: Rankings) -> str:
    """The table's heading."""
    return table_title(table.table)


def table_title(table: Table) -> str:
    """What a ranked table is of."""
    from engine.catalog.protocols import PROTOCOLS

    arm = table.arm
    known = PROTOCOLS.get(arm.protocol)
    name = f"{known.title} ({arm.protocol})" if known else arm.protocol
    return f"{name}, set {table.task_set}, {details(arm)}"


def details(arm: Arm) -> str:
    """What is ranked beside the protocol; the split scheme only where it is not the paper's."""
    splits = "" if arm.scheme == "paper" else f", splits {arm.scheme}"
    return f"preset {arm.preset}, text {arm.text}{splits}"
