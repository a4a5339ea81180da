"""Every parser of a format from outside, by name, and the cases that once broke one."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from engine.data.formats.choices import Choices
from engine.data.formats.condition import parse
from engine.data.formats.detect import read_raw
from engine.data.formats.gene_lists import read_genes_of
from engine.data.genes.descriptions import read_descriptions
from engine.data.genes.facts import read_gene2ensembl, read_gene_info, read_genes, read_hgnc
from engine.data.genes.meanings import read_meanings
from engine.data.tasks.folder import read_headings
from engine.files.h5ad import read_annotations
from engine.files.lists import read_list
from engine.files.tables import read_table
from engine.files.unpickle import Refused, lists_of, loads, matrix_of
from engine.files.vectors import read_vectors
from engine.files.vectors.formats.genept import NotStreamable, stream_vectors
from store.errors import GeneArenaError

FOUND = Path(__file__).with_name("found")
"""A folder for each parser with the contents that once broke it."""


def _unpickle(path: Path) -> None:
    value = loads(path.read_bytes())
    for shape in (lists_of, matrix_of):
        with contextlib.suppress(Refused):
            shape(value)


def _zipped(path: Path) -> None:
    content = path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", content)
    read_raw(path)


_CUT = Choices(label_from="label", threshold="<0.5")

PARSERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "table": ("x.csv", read_table),
    "labels": ("x.csv", read_raw),
    "labels, tab": ("x.tsv", read_raw),
    "labels, blanks": ("x.txt", read_raw),
    "labels, Parquet": ("x.parquet", read_raw),
    "labels, JSON": ("x.json", read_raw),
    "labels, gene sets": ("x.gmt", lambda path: read_raw(path, choices=Choices(sets=("a",)))),
    "labels, numbers": ("x.csv", lambda path: read_raw(path, choices=_CUT)),
    "labels, ZIP": ("x.zip", _zipped),
    "condition": ("x.txt", lambda path: parse(path.read_text("latin-1"), lambda _: 0)),
    "genes": ("genes.csv", read_genes),
    "gene_info": ("x.gz", read_gene_info),
    "gene2ensembl": ("x.gz", read_gene2ensembl),
    "hgnc": ("x.txt", read_hgnc),
    "meanings": ("identifiers.csv", read_meanings),
    "list": ("x.txt", read_list),
    "list of genes": ("x.txt", lambda path: read_genes_of(path, Choices())),
    "descriptions": ("x.csv", read_descriptions),
    "descriptions, JSON": ("x.json", read_descriptions),
    "descriptions, Parquet": ("x.parquet", read_descriptions),
    "headings": ("tasks.toml", lambda path: read_headings(path.parent)),
    "vectors": ("x.csv", read_vectors),
    "vectors, words": ("x.txt", read_vectors),
    "vectors, npy": ("x.npy", read_vectors),
    "vectors, npz": ("x.npz", read_vectors),
    "vectors, Parquet": ("x.parquet", read_vectors),
    "vectors, JSON": ("x.json", read_vectors),
    "vectors, JSON Lines": ("x.jsonl", read_vectors),
    "vectors, h5ad": ("x.h5ad", read_vectors),
    "annotations": ("x.h5ad", read_annotations),
    "pickle": ("x.pickle", _unpickle),
    "pickle, streamed": ("x.pickle", lambda path: stream_vectors(path, lambda _: True)),
}


def feed(parser: str, content: bytes) -> None:
    """Let a parser read `content`; only an error that is meant for people may come out, and is dropped."""
    name, read = PARSERS[parser]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        with contextlib.suppress(GeneArenaError, Refused, NotStreamable):
            read(path)
