"""What may give a task's labels away, as a screen asks for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.cancel import Progress
    from engine.leaks.finding import Finding
    from engine.plan.selection import Selection
    from store.home import Home


def leaks(
    home: Home, task: str, selection: Selection, cancel: threading.Event, progress: Progress
) -> Sequence[Finding]:
    """What the auditor says of a task as `selection` would use it.

    Raises:
        UsageError, DataError: the task cannot be used, or not be split.
        Stopped: `cancel` was set.
    """
    from engine.catalog.presets import axes_for
    from engine.data.outline import Reading
    from engine.leaks.kept import leaks_of

    axes = axes_for(selection.preset, selection.axes)
    reading = Reading(axes.labels, selection.text, axes.provenance, selection.descriptions)
    return leaks_of(task, home, reading, cancel, progress)
