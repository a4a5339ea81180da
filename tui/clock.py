"""Times as the user's own clock has them, with the zone named where it could be taken for another.

What is stored is UTC, in ISO 8601; what has no zone of its own is taken for that.
"""

from __future__ import annotations

from datetime import UTC, datetime


def local(moment: str) -> datetime:
    """A stored time in the zone of this machine.

    Raises:
        ValueError: it is no time.
    """
    found = datetime.fromisoformat(moment)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone()


def hour(moment: datetime) -> str:
    """`13:04 CET`."""
    return f"{moment:%H:%M %Z}"


def in_full(moment: str) -> str:
    """`2026-01-02 13:04:09 CET`; as it stands if it is no time."""
    try:
        return f"{local(moment):%Y-%m-%d %H:%M:%S %Z}"
    except ValueError:
        return moment
