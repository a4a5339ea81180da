"""Garbage is collected in full while nobody types: that holds a key up for a tenth of a second."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.terminal.typeahead import TypeAhead

REST: Final = 1.0
"""Seconds since the last key after which nobody types."""
EVERY: Final = 10.0
"""Seconds between looks whether there is something to collect."""
_DUE: Final = 10
"""Collections of the young after which one in full is due, as by Python's own rule."""
_NEVER: Final = 1_000_000


def collect_at_leisure() -> None:
    """Leave it to `tidy` when garbage is collected in full; the young is, as before, by the interpreter."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)


def tidy(app: TypeAhead) -> None:
    """Collect all garbage of this process if that is due and nobody types."""
    if time.monotonic() - app.typed_at > REST and gc.get_count()[2] >= _DUE:
        gc.collect()
