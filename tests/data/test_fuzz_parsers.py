"""Whatever bytes a file holds, only a sentence for people may come out of a parser."""

from __future__ import annotations

import contextlib
import gzip
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.data.descriptions import read_descriptions
from engine.data.genept import NotStreamable, stream_vectors
from engine.data.genes import read_gene_info, read_genes, read_hgnc
from engine.data.house import read_headings, read_meanings
from engine.data.importers.detect import read_raw
from engine.data.importers.gene_lists import read_list
from engine.data.recipes import composer
from engine.data.tables import read_table
from engine.data.unpickle import Refused, lists_of, loads, matrix_of
from engine.data.vector_files import read_vectors
from store.errors import GeneArenaError

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

words = st.sampled_from(
    [
        "gene",
        "label",
        "description",
        "gene_id",
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
    texts, st.binary(max_size=200), texts.map(gzip.compress), texts.map(lambda raw: gzip.compress(raw)[:-9])
)

PARSERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "table": ("x.csv", read_table),
    "labels": ("x.csv", read_raw),
    "labels, tab": ("x.tsv", read_raw),
    "genes": ("genes.csv", read_genes),
    "gene_info": ("x.gz", read_gene_info),
    "hgnc": ("x.txt", read_hgnc),
    "meanings": ("identifiers.csv", read_meanings),
    "list": ("x.txt", read_list),
    "descriptions": ("x.csv", read_descriptions),
    "descriptions, JSON": ("x.json", read_descriptions),
    "descriptions, Parquet": ("x.parquet", read_descriptions),
    "headings": ("tasks.toml", lambda path: read_headings(path.parent)),
    "vectors": ("x.csv", read_vectors),
    "vectors, words": ("x.txt", read_vectors),
    "vectors, npy": ("x.npy", read_vectors),
    "vectors, npz": ("x.npz", read_vectors),
    "vectors, Parquet": ("x.parquet", read_vectors),
}


@pytest.mark.parametrize("parser", PARSERS)
@quick
@given(contents)
@example(b"\x1c")
def test_only_sentences_come_out(parser: str, content: bytes) -> None:
    name, read = PARSERS[parser]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        with contextlib.suppress(GeneArenaError):
            read(path)


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
    for shape in (lists_of, matrix_of):
        with contextlib.suppress(Refused):
            shape(loads(raw))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pickle"
        path.write_bytes(raw)
        with contextlib.suppress(GeneArenaError, NotStreamable):
            stream_vectors(path, lambda _: True)


@quick
@given(st.text(alphabet="{}!:.[]symbolname 0_", max_size=30))
def test_templates_are_taken_or_refused(template: str) -> None:
    with contextlib.suppress(GeneArenaError):
        composer(f"template:{template}")
