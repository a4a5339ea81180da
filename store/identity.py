"""What a value is known by: its one JSON text, and the hash of that."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any, Final


def canonical_json(value: Any) -> str:
    """The one JSON text of `value`: sorted keys, NFC strings, integral floats as integers.

    Raises:
        ValueError: for NaN, infinities and anything JSON has no word for.
    """
    return _encode(_canonical(value))


# Made once: a plan of a million units asks for as many texts.
_encode: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def _canonical(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict | Mapping):
        return {_canonical(str(key)): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        kinds = set(map(type, value))  # a million texts or numbers, of a task, are not asked one by one
        if kinds == {str}:
            return list(map(partial(unicodedata.normalize, "NFC"), value))
        return list(value) if kinds == {int} else [_canonical(item) for item in value]
    raise ValueError(f"{type(value).__name__} cannot be part of a key")


def content_hash(value: Any) -> str:
    """SHA-256 (64 hex digits) of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
