"""Names that users give to what they import: each becomes a file, so none may lead elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from store.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: str, taken: Iterable[str]) -> None:
    """Refuse a name that is no plain file name, or taken in any spelling.

    Raises:
        UsageError: it is one of those.
    """
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise UsageError(
            f"{name[:80]!r} cannot be a name.",
            "Use up to 64 letters, digits, '-', '_' and '.', starting with a letter or digit.",
        )
    if name.casefold() in {other.casefold() for other in taken}:
        raise UsageError(f"The name {name!r} is taken.", "Choose another with --name.")


def plain_name(text: str) -> str:
    """The nearest to `text` that may be a name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:64].rstrip(".")
