"""Whatever bytes a file holds, only a sentence for people may come out of a parser."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from parsers import FOUND, PARSERS, feed

from engine.data.tasks.recipes import composer
from store.errors import GeneArenaError

quick = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

words = st.sampled_from(
    [
        "gene",
        "label",
        "description",
        "gene_id",
        "# comment",
        "sep=;",
        "NA",
        '"NA"',
        '\\"',
        "#tax_id",
        "GeneID",
        "Summary",
        "Source",
        "assignment",
        "Yes",
        "1",
        "0.5",
        "-1",
        "nan",
        "ENSG00000128573",
        "['A', 'B']",
        "[" * 50,
        '"',
        "'",
        "\0",
        "\r",
        "\ufeff",
        "long-range TF",
        "9606",
        "identifier",
        "symbol",
        "step",
        "[[task]]",
        "é",
        "\u2028",
        "{",
        "}",
        "",
    ]
)
lines = st.lists(
    st.lists(words, max_size=5).flatmap(
        lambda row: st.sampled_from([",", "\t", ";", " "]).map(lambda d: d.join(row))
    ),
    max_size=8,
)
texts = lines.map("\n".join).map(str.encode)
contents = st.one_of(
    texts,
    st.binary(max_size=200),
    texts.map(gzip.compress),
    texts.map(lambda raw: gzip.compress(raw)[:-9]),
    texts.map(bz2.compress),
    texts.map(lzma.compress),
    texts.map(lambda raw: lzma.compress(raw)[:-9]),
    texts.map(lambda raw: raw.decode().encode("utf-16")),
    texts.map(lambda raw: pa.compress(raw, "zstd", asbytes=True)[:-1]),
)


@pytest.mark.parametrize("parser", PARSERS)
@quick
@given(contents)
@example(b"\x1c")
def test_only_sentences_come_out(parser: str, content: bytes) -> None:
    feed(parser, content)


@pytest.mark.parametrize(
    "found", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name} {path.name}"
)
def test_what_once_broke_a_parser_ends_in_a_sentence(found: Path) -> None:
    feed(found.parent.name, found.read_bytes())


genuine = [pickle.dumps({"a": ["X", "Y"], "b": ["Z"]}, protocol=protocol) for protocol in range(6)] + [
    pickle.dumps({"A": [0.5, 1.5], "B": [2.5, 3.5]}, protocol=protocol) for protocol in range(6)
]
# LONG_BINPUT makes the C unpickler take 4 GB for 12 bytes; the child's memory limit is what stops it,
# and test_unpickle.py proves that it does.
safe_bytes = st.integers(0, 255).filter(lambda value: value != ord("r"))


@quick
@given(
    st.sampled_from(genuine),
    st.lists(st.tuples(st.integers(0, 400), safe_bytes), max_size=4),
    st.integers(0, 400),
)
@example(b"", [], 0)
def test_mutated_pickles_are_read_or_refused(
    content: bytes, changes: list[tuple[int, int]], keep: int
) -> None:
    mutated = bytearray(content)
    for place, value in changes:
        if mutated:
            mutated[place % len(mutated)] = value
    raw = bytes(mutated[: keep or len(mutated)])
    feed("pickle", raw)
    feed("pickle, streamed", raw)


@quick
@given(st.text(alphabet="{}!:.[]symbolname 0_", max_size=30))
def test_templates_are_taken_or_refused(template: str) -> None:
    with contextlib.suppress(GeneArenaError):
        composer(f"template:{template}")
