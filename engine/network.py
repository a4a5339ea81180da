"""When a connection may be opened, and when a server may be asked again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

OFFLINE: Final = "GENEARENA_OFFLINE"
"""The environment variable that `--offline` sets."""
LONGEST_PAUSE: Final = 60.0
"""Seconds that a server may ask for with Retry-After, at most."""
_OFF: Final = ("", "0", "false", "no", "off")


def offline(switch: str = OFFLINE) -> bool:
    """Whether an environment variable says that no socket may be opened; any word but a clear no does."""
    return os.environ.get(switch, "").strip().casefold() not in _OFF


def wanted_pause(response: httpx.Response) -> float:
    """Seconds that a server asks to be left alone; 0 if it names none."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else 0.0
