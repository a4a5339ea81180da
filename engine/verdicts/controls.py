"""The controls beside the contestants of a ranked table, and how these stand to TF-IDF."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.catalog.presets import RELEVANT
from engine.catalog.protocols import PROTOCOLS
from store.arm import Arm, Table

if TYPE_CHECKING:
    import duckdb

    from store.queries import Rankings

STAND_IN: Final = "lr"
"""What controls are scored with beside fine-tuning: they have nothing to fine-tune."""


def borrowed(table: Table) -> Table | None:
    """The table whose controls stand in this one too; None: it has its own.

    Beside fine-tuning it is that of logistic regression, with what of the preset means anything to it.
    """
    protocol = PROTOCOLS.get(table.arm.protocol)
    if protocol is None or not protocol.finetunes:
        return None
    preset, *words = table.arm.preset.split()
    kept = [word for word in words if word.partition("=")[0] in RELEVANT[PROTOCOLS[STAND_IN].axes]]
    arm = Arm(STAND_IN, " ".join([preset, *kept]), table.arm.text, table.arm.scheme)
    return replace(table, arm=arm)


def with_controls(con: duckdb.DuckDBPyConnection, table: Table, references: bool = True) -> Rankings:
    """One ranked table as `store.queries.rankings` has it; of fine-tuning with the controls of `lr`."""
    from store.queries import rankings

    found = rankings(con, table, references)
    other = borrowed(table)
    own = [row for row in found.rows if row.source == "own"]
    if other is None or not own:
        return found
    controls = [
        replace(row, protocol=STAND_IN, mean=_mean([row.auc.get(task) for task in found.tasks]))
        for row in rankings(con, other, references=False).rows
        if row.control
    ]
    published = [row for row in found.rows if row.source != "own"]
    return replace(found, rows=(*own, *controls, *published))


def _mean(aucs: list[float | None]) -> float | None:
    known = [auc for auc in aucs if auc is not None]
    return round(sum(known) / len(known), 9) if known and len(known) == len(aucs) else None
