"""Pickles that would run programs, eat memory or tamper with the reader are refused; plain data is not."""

from __future__ import annotations

import builtins
import collections
import os
import pickle
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.files import unpickle
from engine.files.safe_pickle import read_lists, read_matrix
from store.errors import DataError

LISTS = {"yes": ["A", "B", "B"], "no": ["C"]}


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def exploits(mark: Path) -> dict[str, bytes]:
    """Name -> a pickle that makes the file `mark` when loaded carelessly."""
    shell = f"touch {mark}"
    code = f"open({str(mark)!r}, 'w').close()"
    return {
        "os.system": pickle.dumps(Calls(os.system, shell)),
        "eval": pickle.dumps(Calls(builtins.eval, code)),
        "Popen": pickle.dumps(Calls(subprocess.Popen, ["touch", str(mark)])),
        "getattr chain": b"\x80\x02cbuiltins\ngetattr\ncbuiltins\n__import__\n"
        + text("os") + b"\x85R" + text("system") + b"\x86R" + text(shell) + b"\x85R.",
        "INST": b"(S" + repr(shell).encode() + b"\nios\nsystem\n.",
        "OBJ": b"(cos\nsystem\n" + text(shell) + b"o.",
        "STACK_GLOBAL exec": b"\x80\x04" + text("builtins") + text("exec") + b"\x93"
        + text(code) + b"\x85R.",
    }  # fmt: skip


NAMES = tuple(exploits(Path("x")))


@pytest.mark.parametrize("name", NAMES)
def test_exploits_are_live_and_are_refused(name: str, tmp_path: Path) -> None:
    mark = tmp_path / "fired"
    content = exploits(mark)[name]
    loaded = pickle.loads(content)
    if isinstance(loaded, subprocess.Popen):
        loaded.wait()
    assert mark.exists(), "the exploit must be real for this test to mean anything"
    mark.unlink()
    path = tmp_path / "labels.pickle"
    path.write_bytes(content)
    for read in (read_lists, read_matrix):
        with pytest.raises(DataError) as refused:
            read(path)
        assert "\n" not in str(refused.value)
    assert not mark.exists()


def nested(depth: int) -> bytes:
    return b"\x80\x04" + b"]" * depth + b"a" * (depth - 1) + b"."


HOSTILE = {
    "numpy object array with a payload": pickle.dumps(np.array([Calls(os.getpid)], dtype=object)),
    "numpy object array of rows": pickle.dumps({"a": np.array([["x"]], dtype=object)}),
    "array larger than its bytes": pickle.dumps({"a": np.zeros(3)}).replace(b"K\x03\x85", b"K\x09\x85"),
    "huge memo index": b"\x80\x02}r\xff\xff\xff\x7f.",
    "huge length": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"abc.",
    "huge frame": b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}.",
    "huge long": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b".",
    "decimal of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "persistent id": b"Pname\n.",
    "binary persistent id": b"\x80\x02Nq\x00Q.",
    "extension": b"\x80\x02\x82\x01.",
    "out-of-band buffer": b"\x80\x05\x97.",
    "change a stand-in": b"\x80\x02cbuiltins\nset\n}" + text("_make") + b"Nsb.",
    "change a stand-in by slots": b"\x80\x02cbuiltins\nset\nN}" + text("_make") + b"Ns\x86b.",
    "new object of a stand-in": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "new object with keywords": b"\x80\x04cnumpy\nndarray\n)}\x92.",
    "attribute of a stand-in": b"\x80\x04" + text("builtins") + text("set.__class__") + b"\x93.",
    "dotted name": b"\x80\x04" + text("os") + text("path.join") + b"\x93.",
    "defaultdict with a factory to call": b"\x80\x02ccollections\ndefaultdict\ncos\nsystem\n\x85R.",
    "copyreg": b"\x80\x02ccopyreg\n_reconstructor\n.",
    "numpy reader": b"\x80\x02cnumpy\nload\n" + text("/etc/passwd") + b"\x85R.",
    "importlib": b"\x80\x02cimportlib\nimport_module\n" + text("os") + b"\x85R.",
    "nested reduce": pickle.dumps(Calls(list, Calls(os.getpid))),
    "deep nesting": nested(100_000),
    "list that holds itself": b"\x80\x02]q\x00h\x00a.",
    "dictionary of itself": b"\x80\x02}q\x00" + text("a") + b"h\x00s.",
    "stack underflow": b"\x80\x02R.",
    "no stop": b"\x80\x02}",
    "unknown opcode": b"\x80\x02\xf0.",
    "newer protocol": b"\x80\x09}.",
    "text": b"not a pickle at all",
    "bytes of a set": pickle.dumps({1, 2}),
    "nothing": b"",
    "empty dictionary": pickle.dumps({}),
    "numbers for genes": pickle.dumps({"a": [1, 2]}),
    "names that are none": pickle.dumps({1: ["A"]}),
    "quadratic copies": b"\x80\x02" + text("A" * 500_000) + b"q\x000("
    + (b"c_codecs\nencode\nh\x00" + text("latin1") + b"\x86R") * 3000 + b"l.",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pickle"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(DataError) as refused:
        read_lists(path)
    assert "\n" not in str(refused.value)
    assert "x.pickle" in refused.value.message
    assert len(refused.value.message) < 500


GOOD = {
    "lists": LISTS,
    "nested": {"a": [1, 2.5, None, True, ("x", b"y", [])], "b": {"c": {1, 2}}},
    "long": {"n": 2**200, "m": -(2**70), "f": float("inf")},
    "ordered": collections.OrderedDict(a=1, b=2),
    "default": collections.defaultdict(list, {"a": [1]}),
    "bytearray": bytearray(b"abc"),
    "empty": [(), [], {}, set(), b"", ""],
    "frozen": frozenset({"a"}),
    "text": "é\n\x00😀",
    "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "big endian": np.arange(4, dtype=">f8"),
    "column-major": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "integers": np.array([1, -2], dtype=np.int64),
    "booleans": np.array([True, False]),
    "texts": np.array(["TP53", "MYC"]),
    "byte texts": np.array([b"TP53"]),
    "scalar": np.float64(1.5),
    "no rows": np.zeros((0, 4), dtype=np.float32),
    "vectors": {"TP53": np.ones(3, np.float32), "MYC": [0.5, 1, 2]},
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", GOOD)
def test_plain_data_comes_back_equal(name: str, protocol: int) -> None:
    found = unpickle.loads(pickle.dumps(GOOD[name], protocol=protocol))
    expected = GOOD[name]
    if isinstance(expected, np.ndarray):
        assert found.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
        assert np.array_equal(found, expected)
    elif name == "vectors":
        assert np.array_equal(found["TP53"], expected["TP53"])  # type: ignore[index,call-overload]
        assert found["MYC"] == [0.5, 1, 2]
    else:
        assert found == expected


def test_arrays_pickled_by_the_older_numpy_are_known() -> None:
    content = pickle.dumps({"a": np.ones(3)}, protocol=2)
    older = content.replace(b"numpy._core", b"numpy.core")
    assert older != content
    assert np.array_equal(unpickle.loads(older)["a"], np.ones(3))


def test_shared_parts_are_visited_once() -> None:
    value: list[Any] = ["x"]
    for _ in range(40):
        value = [value, value]
    found = unpickle.loads(pickle.dumps(value))
    assert found[0] is found[1]


def test_the_stand_ins_survive_what_was_tried() -> None:
    for content in HOSTILE.values():
        if len(content) < 1000 and b"r\xff" not in content:
            with pytest.raises(unpickle.Refused):
                unpickle.lists_of(unpickle.loads(content))
    assert unpickle.loads(pickle.dumps({3})) == {3}


def test_lists_and_matrices_arrive(tmp_path: Path) -> None:
    path = tmp_path / "x.pickle"
    path.write_bytes(
        pickle.dumps({**LISTS, "array": np.array(["Z"]), "set": {"b", "a"}, "frozen": frozenset("dc")})
    )
    assert read_lists(path) == {**LISTS, "array": ["Z"], "set": ["a", "b"], "frozen": ["c", "d"]}
    path.write_bytes(pickle.dumps({"A": [1.0, 2.0], "B": np.array([3, 4])}))
    names, matrix = read_matrix(path)
    assert names == ["A", "B"]
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1, 2], [3, 4]]
    path.write_bytes(pickle.dumps({"A": [1.0, 2.0], "B": [3.0]}))
    with pytest.raises(DataError, match="different lengths"):
        read_matrix(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_lists(tmp_path / "none.pickle")
