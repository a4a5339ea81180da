"""The one sanitiser: every string that comes from data, files, models or libraries passes `clean`."""

from __future__ import annotations

from store.visible import visible


def clean(value: object, limit: int = 200, *, lines: bool = False) -> str:
    r"""`value` as text that a terminal can only show, never obey.

    Args:
        value: anything; turned into text by `str`.
        limit: most characters kept; what is longer ends in an ellipsis. 0: no limit.
        lines: whether line feeds stay line feeds.

    Returns:
        The text with every steering character as a visible escape such as `\x1b` or `\u202e`.
    """
    text = str(value)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return visible(text, lines=lines)
