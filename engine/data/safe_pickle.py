"""Reading outside pickles without letting them build anything but plain containers and numbers.

Nothing of numpy is called by the pickle either: arrays arrive as inert records, and are made here
after their shape, type and size have been checked.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.data.tables import read_bytes
from store.errors import DataError


class _Inert:
    """A stand-in for a name in a pickle: may be called as the name would be, never changed.

    An instance without `__dict__`, so that neither BUILD nor NEWOBJ finds anything to act on.
    """

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *args: Any) -> Any:
        return self._make(*args)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("it changes a name it has imported")

    __delattr__ = __setattr__  # type: ignore[assignment]
    __reduce__ = None  # type: ignore[assignment]


def _plain_bytes(*args: Any) -> bytes:
    match args:
        case ():
            return b""
        case (str() as text, "latin1" | "latin-1"):
            return text.encode("latin-1")
        case (bytes() | bytearray() as content,):
            return bytes(content)
        case (list() as numbers,):
            return bytes(numbers)
    raise pickle.UnpicklingError("it makes bytes in an unusual way")


def _plain_set(*args: Any) -> set[Any]:
    match args:
        case ():
            return set()
        case (list() | tuple() | set() as members,):
            return set(members)
    raise pickle.UnpicklingError("it makes a set in an unusual way")


def _plain_dict(*args: Any) -> dict[Any, Any]:
    match args:
        case () | (None,) | (_Inert(),):
            return {}
        case (list() as pairs,):
            return dict(pairs)
    raise pickle.UnpicklingError("it makes a dictionary in an unusual way")


_PLAIN: Final[Mapping[tuple[str, str], _Inert]] = {
    ("builtins", "set"): _Inert(_plain_set),
    ("builtins", "frozenset"): _Inert(_plain_set),
    ("builtins", "bytes"): _Inert(_plain_bytes),
    ("builtins", "bytearray"): _Inert(_plain_bytes),
    ("builtins", "list"): _Inert(lambda: []),
    ("builtins", "dict"): _Inert(lambda: {}),
    ("_codecs", "encode"): _Inert(_plain_bytes),
    ("collections", "OrderedDict"): _Inert(_plain_dict),
    ("collections", "defaultdict"): _Inert(_plain_dict),
}
_RENAMED: Final = {"__builtin__": "builtins"}
"""Module names of Python 2, which protocols 0 to 2 still write."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stand_in = _PLAIN.get((_RENAMED.get(module, module), name))
        if stand_in is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}"[:200])
        return stand_in

    def persistent_load(self, _identifier: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside itself")


def read_pickle(path: Path) -> Any:
    """The content of a pickle of dictionaries, lists, tuples, sets, texts and numbers.

    Raises:
        DataError: unreadable, damaged, or asks for anything else.
    """
    return parse_pickle(path, read_bytes(path))


def parse_pickle(path: Path, content: bytes) -> Any:
    """Like `read_pickle`, of bytes in memory; `path` only names them."""
    try:
        return _Reader(io.BytesIO(content)).load()
    except (
        pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, KeyError, IndexError,
        ImportError, MemoryError, OverflowError, RecursionError,
    ) as error:  # fmt: skip
        reason = str(error) or type(error).__name__
        raise DataError(
            f"{path} is not a pickle of plain lists and numbers: {reason}.",
            "Pickles can run programs when opened; ask for the data as CSV.",
        ) from error
