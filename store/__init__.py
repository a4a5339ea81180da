"""What is remembered: records, journals and the DuckDB file. Imports neither `engine` nor `tui`.

`store.connect()` opens the results for reading, from a notebook or a script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store.database import connect as connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    if name == "connect":  # looked up when asked for: most importers of the package need no database
        from store.database import connect

        return connect
    raise AttributeError(f"module 'store' has no attribute {name!r}")
