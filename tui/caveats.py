"""What a reader of a ranked table must know about its numbers, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.quantities import count

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow


def caveats(table: Rankings) -> list[str]:
    """Missing and failed splits, and what keeps own rows from being compared; none if all is well."""
    found = []
    own = [row for row in table.rows if row.source == "own"]
    missing = sum(table.expected - row.n.get(task, 0) for row in own for task in table.tasks)
    failed = sum(sum(row.failed.values()) for row in own)
    if missing:
        tail = f", {failed} of them failed" if failed else ""
        found.append(f"{count(missing, 'split')} missing{tail}; means are over those there are.")
    if table.environments > 1:
        found.append(f"Numbers from {table.environments} environments (versions, devices or hosts).")
    for names, what in (
        (table.unlike.texts, "Other genes, labels or texts for some rows of"),
        (table.unlike.splits, "Other splits for some rows of"),
        (table.unlike.models, "Several revisions in the row of"),
        (table.unlike.protocols, "Several revisions of the protocol"),
    ):
        if names:
            found.append(f"{what} {', '.join(names)}; run the older again to compare.")
    return found


def incomplete(table: Rankings, row: RankRow, task: str) -> bool:
    """Whether splits are missing in a cell of one's own."""
    return row.source == "own" and row.n.get(task, 0) < table.expected
