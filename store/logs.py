"""The rotating logs: what is written there tells no secret and cannot steer the terminal that shows it."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from store.visible import visible
from store.withheld import withheld


def rotating_log(path: Path, largest: int, kept: int) -> RotatingFileHandler:
    """A handler that appends to `path`.

    Args:
        path: in a folder that is there.
        largest: bytes after which another file is begun.
        kept: earlier files that are kept.

    Raises:
        OSError: the file cannot be opened.
    """
    handler = RotatingFileHandler(
        path, maxBytes=largest, backupCount=kept, encoding="utf-8", errors="backslashreplace"
    )
    handler.setFormatter(_Harmless("%(asctime)s %(levelname)s %(message)s"))
    return handler


class _Harmless(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(withheld(super().format(record)), lines=True)
