"""The ranked tables written down, so that who asks every second need not rank anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Final

from store.arm import Arm
from store.queries import named

if TYPE_CHECKING:
    import duckdb

PARTS: Final = tuple(part.name for part in fields(Arm))
"""The columns of an arm."""


def write_ranks(con: duckdb.DuckDBPyConnection, arms: Iterable[Arm]) -> None:
    """Rank these arms anew, in every set of tasks, and note what their tables mix."""
    for arm in map(asdict, sorted(arms)):
        for what in ("ranks", "mixed", "digests"):
            con.execute(named(f"forget_{what}"), arm)
            con.execute(named(f"write_{what}"), arm)
        con.execute(named("forget_beside"), arm)


def every_arm(con: duckdb.DuckDBPyConnection) -> set[Arm]:
    """The arms that have outcomes."""
    asked = f"SELECT DISTINCT {', '.join(PARTS)} FROM units"
    return {Arm(*place) for place in con.execute(asked).fetchall()}
