"""Opens one outside pickle in a process of its own, which may build plain containers, numbers and
numpy arrays and nothing else, in limited memory and time.

Run as a script, in isolated mode: `python -I unpickle.py lists|names|vectors PATH OUTPUT`. It imports
nothing of this project. Names in a pickle are answered by inert stand-ins; arrays are made here,
after their type, shape and size have been checked.
"""

from __future__ import annotations

import io
import json
import math
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

SPARE: Final = 256 << 20
"""Memory for a small file, in bytes."""
PER_BYTE: Final = 8
"""Further memory for each byte of the file; a list of floats takes 32 bytes for 9 in the file."""
MOST: Final = 1 << 30
"""Further memory in all; numpy arrays take three times their file."""
SECONDS: Final = 60
"""CPU time for a small file; one second more for each 4 MB."""
DEEPEST: Final = 50
"""Containers inside containers."""

GREEDY: Final = "it needs far more memory than its size explains"

Refused = pickle.UnpicklingError


class Inert:
    """A stand-in for a name in a pickle: may be called as the name would be, never changed.

    An instance without `__dict__`, so that neither BUILD nor NEWOBJ finds anything to act on.
    """

    __slots__ = ("_make",)
    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *args: Any) -> Any:
        """What the name would make, out of plain values."""
        return self._make(*args)

    def __setattr__(self, name: str, value: Any) -> None:
        raise Refused("it changes a name it has imported")

    def __delattr__(self, name: str) -> None:
        raise Refused("it changes a name it has imported")


class ArrayRecord:
    """What a pickle says an array is; `array_of` checks it and makes the array."""

    __slots__ = ("dtype", "fortran", "raw", "shape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, *state: Any) -> None:
        self.shape, self.dtype, self.fortran, self.raw = state or ((), None, False, b"")

    def __setstate__(self, state: Any) -> None:
        match state:
            case (
                int(),
                tuple() as shape,
                DtypeRecord() as dtype,
                bool() | int() as fortran,
                bytes() | list() as raw,
            ):
                self.shape, self.dtype, self.fortran, self.raw = shape, dtype, bool(fortran), raw
            case _:
                raise Refused("it holds an array of objects, or a damaged one")


class DtypeRecord:
    """What a pickle says a type of numbers is: code such as `f8`, and byte order."""

    __slots__ = ("code", "order")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, code: Any, *_flags: Any) -> None:
        if not isinstance(code, str) or len(code) > 8:
            raise Refused("it holds an array of an unusual type")
        self.code, self.order = code, "<"

    def __setstate__(self, state: Any) -> None:
        match state:
            case (int(), "<" | ">" | "|" | "=" as order, None, None, None, *_):
                self.order = order
            case _:
                raise Refused("it holds an array of records")


def array_of(record: ArrayRecord) -> Any:
    """The numpy array that `record` describes.

    Raises:
        Refused: not numbers or texts, or the bytes are not as many as the shape says.
    """
    import numpy as np

    if not isinstance(record.dtype, DtypeRecord):
        raise Refused("it holds an array without a type")
    try:
        dtype = np.dtype(record.dtype.code).newbyteorder(">" if record.dtype.order == ">" else "<")
    except TypeError as error:
        raise Refused("it holds an array of an unusual type") from error
    if dtype.kind not in "fiubUS" or not dtype.itemsize:
        raise Refused("it holds an array of objects")
    shape = record.shape
    if len(shape) > 2 or not all(type(side) is int and side >= 0 for side in shape):
        raise Refused("it holds an array of an unusual shape")
    if math.prod(shape) * dtype.itemsize != len(record.raw):
        raise Refused("it holds a damaged array")
    return np.frombuffer(record.raw, dtype).reshape(shape, order="F" if record.fortran else "C")


def objects_of(record: ArrayRecord, members: list[Any]) -> Any:
    """What an array of Python objects holds: a list in one dimension, the object itself in none.

    Raises:
        Refused: other shapes, or the objects are not as many as the shape says.
    """
    if not isinstance(record.dtype, DtypeRecord) or not record.dtype.code.startswith("O"):
        raise Refused("it holds a damaged array")
    if record.shape == () and len(members) == 1:
        return members[0]
    if record.shape != (len(members),):
        raise Refused("it holds an array of objects of an unusual shape")
    return members


def _empty_array(*_arguments: Any) -> ArrayRecord:
    return ArrayRecord()


def _buffered_array(buffer: Any, dtype: Any, shape: Any, order: Any) -> ArrayRecord:
    if not isinstance(buffer, bytes | bytearray) or not isinstance(shape, tuple):
        raise Refused("it holds a damaged array")
    return ArrayRecord(shape, dtype, order == "F", bytes(buffer))


def _scalar(dtype: Any, raw: Any) -> ArrayRecord:
    if not isinstance(raw, bytes):
        raise Refused("it holds a number that is none")
    return ArrayRecord((), dtype, False, raw)


def _bytes(*arguments: Any) -> bytes:
    match arguments:
        case ():
            return b""
        case (str() as text, "latin1" | "latin-1"):
            return text.encode("latin-1")
        case (bytes() | bytearray() as content,):
            return bytes(content)
        case (list() as numbers,):
            return bytes(numbers)
    raise Refused("it makes bytes in an unusual way")


def _set(*arguments: Any) -> set[Any]:
    match arguments:
        case ():
            return set()
        case (list() | tuple() as members,):
            return set(members)
    raise Refused("it makes a set in an unusual way")


def _dict(*arguments: Any) -> dict[Any, Any]:
    match arguments:
        case () | (None,) | (Inert(),):
            return {}
        case (list() as pairs,):
            return dict(pairs)
    raise Refused("it makes a dictionary in an unusual way")


def _allowed() -> dict[tuple[str, str], Inert]:
    names: dict[tuple[str, str], Callable[..., Any]] = {
        ("builtins", "set"): _set,
        ("builtins", "frozenset"): _set,
        ("builtins", "bytes"): _bytes,
        ("builtins", "bytearray"): _bytes,
        ("builtins", "list"): lambda: [],
        ("builtins", "dict"): _dict,
        ("_codecs", "encode"): _bytes,
        ("collections", "OrderedDict"): _dict,
        ("collections", "defaultdict"): _dict,
        ("numpy", "ndarray"): _empty_array,
        ("numpy", "dtype"): DtypeRecord,
    }
    for package in ("numpy.core", "numpy._core"):
        names[f"{package}.multiarray", "_reconstruct"] = _empty_array
        names[f"{package}.multiarray", "scalar"] = _scalar
        names[f"{package}.numeric", "_frombuffer"] = _buffered_array
    return {name: Inert(make) for name, make in names.items()}


ALLOWED: Final[Mapping[tuple[str, str], Inert]] = _allowed()
_RENAMED: Final = {"__builtin__": "builtins"}
"""Module names of Python 2, which protocols 0 to 2 still write."""


class Reader(pickle.Unpickler):
    """An unpickler that knows the names of `ALLOWED` and no others."""

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for `module.name`; refused if there is none."""
        stand_in = ALLOWED.get((_RENAMED.get(module, module), name))
        if stand_in is None:
            raise Refused(f"it asks for {module}.{name}"[:120])
        return stand_in

    def persistent_load(self, _identifier: Any) -> Any:
        """Refused: a reference to something outside."""
        raise Refused("it refers to something outside itself")


def loads(content: bytes) -> Any:
    """The plain content of a pickle: containers, texts, numbers and numpy arrays.

    Raises:
        Refused: it is damaged, or asks for anything else.
    """
    try:
        value = Reader(io.BytesIO(content)).load()
        return _finished(value, {}, 0)
    except Refused:
        raise
    # A damaged pickle can make any of the unpickler's own operations fail.
    except (
        ArithmeticError, AttributeError, EOFError, ImportError, LookupError, RecursionError,
        TypeError, ValueError,
    ) as error:  # fmt: skip
        raise Refused(str(error)[:120] or type(error).__name__) from error
    except MemoryError as error:
        raise Refused(GREEDY) from error


def _finished(value: Any, done: dict[int, Any], depth: int) -> Any:
    """`value` with arrays for records; what is shared is visited once."""
    if isinstance(value, str | bytes | int | float | bool | None):
        return value
    if depth > DEEPEST:
        raise Refused("it nests too deeply, or contains itself")
    if id(value) in done:
        return done[id(value)]
    result: Any
    if isinstance(value, ArrayRecord) and isinstance(value.raw, list):
        result = objects_of(value, [_finished(item, done, depth + 1) for item in value.raw])
    elif isinstance(value, ArrayRecord):
        array = array_of(value)
        result = array if value.shape else array[()]
    elif isinstance(value, dict):
        pairs = value.items()
        result = {_finished(key, done, depth + 1): _finished(item, done, depth + 1) for key, item in pairs}
    elif isinstance(value, list | tuple | set | frozenset | bytearray):
        members = [_finished(item, done, depth + 1) for item in value]
        result = members if isinstance(value, list) else type(value)(members)
    else:
        raise Refused(f"it holds a {type(value).__name__}")
    done[id(value)] = result
    return result


def lists_of(value: Any) -> dict[str, list[str]]:
    """`value` if it is one list of texts for each name.

    Raises:
        Refused: it is anything else.
    """
    if not isinstance(value, dict) or not value:
        raise Refused("it does not hold one list of genes for each class")
    lists: dict[str, list[str]] = {}
    for name, members in value.items():
        plain = members.tolist() if type(members).__name__ == "ndarray" else members
        unordered = isinstance(plain, set | frozenset) and all(isinstance(m, str) for m in plain)
        ordered = sorted(plain) if unordered else plain
        if not isinstance(name, str) or not isinstance(ordered, list | tuple):
            raise Refused("it does not hold one list of genes for each class")
        if not all(isinstance(member, str) for member in ordered):
            raise Refused("it does not hold one list of genes for each class")
        lists[name] = list(ordered)
    return lists


def matrix_of(value: Any) -> tuple[list[str], Any]:
    """(names, float32[n, d]) of `value`, if it maps names to vectors of one width.

    Raises:
        Refused: it is anything else.
    """
    import numpy as np

    if not isinstance(value, dict) or not value or not all(isinstance(name, str) for name in value):
        raise Refused("it does not map genes to vectors")
    vectors = [np.asarray(vector) for vector in value.values()]
    if any(vector.ndim != 1 or vector.dtype.kind not in "fiu" for vector in vectors):
        raise Refused("it does not map genes to vectors")
    if len({len(vector) for vector in vectors}) > 1:
        raise Refused("its vectors are of different lengths")
    # Too large for float32 becomes infinite, and is told with the gene's name by who reads it.
    with np.errstate(over="ignore"):
        return list(value), np.array(vectors, dtype=np.float32)


def names_of(value: Any) -> list[str]:
    """`value` if it is a list of texts, in which None stands for a missing one.

    Raises:
        Refused: it is anything else.
    """
    if not isinstance(value, list) or not all(isinstance(name, str | None) for name in value):
        raise Refused("it does not hold one name for each row")
    return [name or "" for name in value]


def limit(size: int) -> None:
    """Bound this process's memory and CPU time for a file of `size` bytes, where the system can."""
    try:
        import resource
    except ImportError:
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    base = pages * resource.getpagesize() or SPARE
    for what, most in (
        (resource.RLIMIT_AS, base + SPARE + min(PER_BYTE * size, MOST)),
        (resource.RLIMIT_CPU, SECONDS + size // (4 << 20)),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))


def main(what: str, path: Path, output: Path) -> None:
    """Write what `path` holds to `output`: JSON, or an .npy matrix with its names beside it."""
    if what == "vectors":
        import numpy as np
    limit(path.stat().st_size)
    try:
        value = loads(path.read_bytes())
        if what != "vectors":
            shaped = lists_of(value) if what == "lists" else names_of(value)
            output.write_text(json.dumps(shaped), encoding="utf-8")
            return
        names, matrix = matrix_of(value)
        np.save(output, matrix, allow_pickle=False)
        output.with_suffix(".json").write_text(json.dumps(names), encoding="utf-8")
    except Refused as error:
        sys.exit(str(error) or "it is damaged")
    except MemoryError:
        sys.exit(GREEDY)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
