"""Every format in every role: how a good file of it is written, and how it is imported.

To add a format of label files, write a function that puts `{class: [gene, ...]}` into a folder, and name
it in `LABELS`; a test tells which format is missing. The other roles have a list each, below.
"""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable, Iterable
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from imports_checks import FRESH, Content, Importer

from engine.data.formats import moesm4
from engine.data.genes.descriptions import read_descriptions
from engine.data.genes.facts import read_genes
from engine.data.importers import import_descriptions, import_genes, import_task
from engine.data.importers.gene_tables import _READERS
from engine.data.importers.vectors import import_vectors
from engine.data.load import load_task
from engine.data.tasks.shelf import SAMPLE
from engine.files.vectors import read_vectors
from store.home import Home

GENES = tuple(gene for gene in read_genes(SAMPLE / "genes.csv") if gene.ncbi_id and gene.ensembl_ids)[:26]
"""Known to a fresh home; the first half in one class."""
CLASSES = ("control group", "case group")


def two_classes(
    names: Iterable[str] = CLASSES, called: Callable[[Any], str] = lambda gene: gene.symbol
) -> Content:
    """The genes in two classes, under the names that `called` gives them."""
    first, second = names
    return {
        first: [called(gene) for gene in GENES[:13]],
        second: [called(gene) for gene in GENES[13:]],
    }


def pairs(content: Content) -> list[tuple[str, str]]:
    return [(gene, label) for label, genes in content.items() for gene in genes]


def write_rows(path: Path, rows: Iterable[Iterable[Any]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


def write_table(folder: Path, content: Content, name: str = "labels.csv", delimiter: str = ",") -> Path:
    return write_rows(folder / name, [("gene", "label"), *pairs(content)], delimiter)


def write_literals(folder: Path, content: Content) -> Path:
    return write_rows(
        folder / "labels.csv", [("gene_id", "label"), *((n, str(list(g))) for n, g in content.items())]
    )


def write_moesm4(folder: Path, content: Content) -> Path:
    rows = ((gene, "0.5", label) for gene, label in pairs(content))
    return write_rows(folder / "labels.csv", [("", "score", "assignment"), *rows])


def write_marks(folder: Path, content: Content) -> Path:
    rows = ((gene, *("Yes" if name == label else "" for name in content)) for gene, label in pairs(content))
    return write_rows(folder / "labels.csv", [("gene_symbol", *content), *rows])


def write_columns(folder: Path, content: Content) -> Path:
    rows = zip_longest(*content.values(), fillvalue="")
    return write_rows(folder / "labels.csv", [tuple(content), *rows])


def write_pickle(folder: Path, content: Content) -> Path:
    path = folder / "labels.pickle"
    path.write_bytes(pickle.dumps({name: list(genes) for name, genes in content.items()}))
    return path


def write_texts(folder: Path, content: Content) -> Path:
    path = folder / "labels"
    path.mkdir()
    for name, genes in content.items():
        (path / f"{name}.txt").write_text("".join(f"{gene}\n" for gene in genes), encoding="utf-8")
    return path


def write_benchmark(folder: Path, content: Content) -> Path:
    path = folder / "labels"
    path.mkdir()
    write_rows(path / "entities.csv", [("symbol",), *((gene,) for gene, _ in pairs(content))])
    write_rows(path / "outcomes.csv", [("Outcomes",), *((label,) for _, label in pairs(content))])
    return path


def write_gmt(folder: Path, content: Content) -> Path:
    path = folder / "labels.gmt"
    rows = ("\t".join((name, "a set", *genes)) for name, genes in content.items())
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def write_label_parquet(folder: Path, content: Content) -> Path:
    genes, labels = zip(*pairs(content), strict=True)
    return write_parquet(folder / "labels.parquet", {"gene": genes, "label": labels})


def write_label_object(folder: Path, content: Content, by_class: bool = False) -> Path:
    path = folder / "labels.json"
    both = content.items() if by_class else pairs(content)  # in which a gene may stand twice
    members = ",\n".join(f"{json.dumps(name)}: {json.dumps(what)}" for name, what in both)
    path.write_text(f"{{\n{members}\n}}", encoding="utf-8")
    return path


def take_labels(path: Path, home: Home) -> object:
    """Which genes are used in which class."""
    import_task(path, FRESH, home)
    task = load_task(FRESH, home)
    return frozenset(zip(task.genes, (task.classes[label] for label in task.labels), strict=True))


def by_ensembl(gene: Any) -> str:
    return str(gene.ensembl_ids[0])


LABELS: dict[str, tuple[Importer, ...]] = {
    "table": (
        Importer("table", two_classes(), write_table, take_labels),
        Importer(
            "tabbed table",
            two_classes(),
            partial(write_table, name="labels.tsv", delimiter="\t"),
            take_labels,
            delimiter="\t",
        ),
        Importer("Parquet table", two_classes(), write_label_parquet, take_labels, "binary"),
        Importer("JSON of labels", two_classes(), write_label_object, take_labels, "text"),
        Importer(
            "JSON of lists", two_classes(), partial(write_label_object, by_class=True), take_labels, "text"
        ),
    ),
    "lists": (Importer("list literals", two_classes(), write_literals, take_labels),),
    "moesm4": (Importer("moesm4", two_classes(moesm4.CLASSES), write_moesm4, take_labels, chooses=False),),
    "columns": (
        Importer("marked columns", two_classes(), write_marks, take_labels),
        Importer(
            "columns of ids",
            two_classes(called=by_ensembl),
            write_columns,
            take_labels,
            kept=two_classes(),
            chooses=False,
        ),
    ),
    "pickle": (Importer("pickle", two_classes(), write_pickle, take_labels, "binary"),),
    "texts": (
        Importer("text files", two_classes(), write_texts, take_labels, "text", member="case group.txt"),
    ),
    "gmt": (Importer("gene sets", two_classes(), write_gmt, take_labels, "text", chooses=False),),
    "gene-benchmark": (
        Importer("gene-benchmark", two_classes(), write_benchmark, take_labels, member="outcomes.csv"),
    ),
}
"""Format -> its ways of writing."""

TEXTS: Content = {
    gene.symbol: f'{gene.symbol} encodes "a" kinase, of {place} domains.'
    for place, gene in enumerate(GENES)
}


def write_text_table(folder: Path, content: Content) -> Path:
    return write_rows(folder / "texts.csv", [("gene", "description"), *content.items()])


def write_json(folder: Path, content: Content) -> Path:
    path = folder / "texts.json"
    path.write_text(json.dumps(dict(content), indent=1), encoding="utf-8")
    return path


def write_summary(folder: Path, content: Content) -> Path:
    rows = [f"9606\t{gene}\tRefSeq\t{text}\n" for gene, text in content.items()]
    path = folder / "gene_summary.txt"
    path.write_text("".join(["#tax_id\tGeneID\tSource\tSummary\n", *rows]), encoding="utf-8")
    return path


def write_text_parquet(folder: Path, content: Content) -> Path:
    return write_parquet(folder / "texts.parquet", {"gene": list(content), "text": list(content.values())})


def take_texts(path: Path, home: Home) -> object:
    return dict(read_descriptions(Path(import_descriptions(path, FRESH, home).path)).texts)


BY_NUMBER: Content = {gene.ncbi_id: TEXTS[gene.symbol] for gene in GENES}
DESCRIPTIONS = (
    Importer("table of texts", TEXTS, write_text_table, take_texts),
    Importer("JSON of texts", TEXTS, write_json, take_texts, "text"),
    Importer("gene_summary", BY_NUMBER, write_summary, take_texts, delimiter="\t"),
    Importer("Parquet of texts", TEXTS, write_text_parquet, take_texts, "binary"),
)

FACTS: Content = {gene.symbol: (gene.ncbi_id, gene.ensembl_ids[0]) for gene in GENES}


def write_gene_info(folder: Path, content: Content) -> Path:
    titles = (
        "#tax_id", "GeneID", "Symbol", "LocusTag", "Synonyms", "dbXrefs", "chromosome", "map_location",
        "description", "type_of_gene", "Symbol_from_nomenclature_authority",
        "Full_name_from_nomenclature_authority",
    )  # fmt: skip
    rows = [
        ("9606", number, symbol, "-", "-", f"Ensembl:{ensembl}", "1", "1q1", "A gene", "protein-coding",
         symbol, "A gene")
        for symbol, (number, ensembl) in content.items()
    ]  # fmt: skip
    return write_rows(folder / "gene_info.txt", [titles, *rows], "\t")


def write_gene2ensembl(folder: Path, content: Content) -> Path:
    titles = ("#tax_id", "GeneID", "Ensembl_gene_identifier", "RNA_nucleotide_accession.version")
    rows = [("9606", number, ensembl, "-") for number, ensembl in content.values()]
    return write_rows(folder / "gene2ensembl.txt", [titles, *rows], "\t")


def write_hgnc(folder: Path, content: Content) -> Path:
    titles = (
        "hgnc_id", "symbol", "name", "locus_group", "status", "location", "alias_symbol", "prev_symbol",
        "entrez_id", "ensembl_gene_id", "omim_id",
    )  # fmt: skip
    rows = [
        (f"HGNC:{n}", s, "A gene", "protein-coding gene", "Approved", "1q1", "", "", number, ensembl, "")
        for n, (s, (number, ensembl)) in enumerate(content.items(), start=1)
    ]
    return write_rows(folder / "hgnc.txt", [titles, *rows], "\t")


def take_genes(path: Path, home: Home) -> object:
    """What the table says, read from where it is kept."""
    report = import_genes(path, home)
    read = next(read for _, name, read in _READERS.values() if name == report.name)
    return read(Path(report.path))


GENE_TABLES = (
    Importer("gene_info", FACTS, write_gene_info, take_genes, delimiter="\t"),
    Importer(
        "gene2ensembl",
        dict(FACTS.values()),
        lambda folder, content: write_gene2ensembl(folder, dict(enumerate(content.items()))),
        take_genes,
        delimiter="\t",
        # Some gigabytes of lines, of which only the human ones are taken for text.
        unlike={"CR only": "refused"},
    ),
    Importer("hgnc", FACTS, write_hgnc, take_genes, delimiter="\t"),
)

NUMBERS: Content = {
    gene.symbol: tuple(float(number) for number in row)
    for gene, row in zip(
        GENES, np.random.default_rng(2).normal(size=(len(GENES), 4)).astype(np.float32), strict=True
    )
}


def write_vectors(folder: Path, content: Content, form: str) -> Path:
    path, names, matrix = folder / f"vectors.{form}", list(content), np.array(list(content.values()))
    match form:
        case "csv":
            return write_rows(path, [("gene", *"abcd"), *((name, *content[name]) for name in names)])
        case "vec":
            lines = (" ".join(map(str, (name, *content[name]))) for name in names)
            path.write_text("\n".join([f"{len(names)} 4", *lines, ""]))
        case "npz":
            np.savez(path, genes=np.array(names), vectors=matrix.astype(np.float32))
        case "npy":
            np.save(path, matrix.astype(np.float32))
        case "pickle":
            path.write_bytes(pickle.dumps({name: list(row) for name, row in content.items()}, protocol=4))
        case "json":
            path.write_text(json.dumps({name: list(row) for name, row in content.items()}, indent=0))
        case "jsonl":
            lines = (json.dumps({"gene": name, "vector": list(row)}) for name, row in content.items())
            path.write_text("\n".join([*lines, ""]))
        case "h5ad":
            with h5py.File(path, "w") as file:
                file.create_group("var").attrs["_index"] = "_index"
                file["var/_index"], file["varm/vectors"] = names, matrix.astype(np.float32)
        case "parquet":
            write_parquet(path, {"gene": names, **{f"d{place}": matrix[:, place] for place in range(4)}})
        case "txt":
            write_rows(path, content.values())
    return path


def take_vectors(path: Path, home: Home, listed: bool = False) -> object:
    genes = None
    if listed:
        genes = path.with_name("genes.txt")
        genes.write_text("\n".join(NUMBERS))
    kept = read_vectors(Path(import_vectors(path, FRESH, home, genes).path))
    rows = (tuple(map(float, row)) for row in kept.matrix)
    return dict(zip(kept.genes, rows, strict=True))


VECTORS = (
    Importer("table of vectors", NUMBERS, partial(write_vectors, form="csv"), take_vectors),
    Importer("word2vec", NUMBERS, partial(write_vectors, form="vec"), take_vectors, "text"),
    Importer("npz", NUMBERS, partial(write_vectors, form="npz"), take_vectors, "binary"),
    Importer(
        "npy", NUMBERS, partial(write_vectors, form="npy"), partial(take_vectors, listed=True), "binary"
    ),
    Importer("pickle of vectors", NUMBERS, partial(write_vectors, form="pickle"), take_vectors, "binary"),
    Importer("Parquet of vectors", NUMBERS, partial(write_vectors, form="parquet"), take_vectors, "binary"),
    Importer("JSON of vectors", NUMBERS, partial(write_vectors, form="json"), take_vectors, "text"),
    Importer("JSON Lines of vectors", NUMBERS, partial(write_vectors, form="jsonl"), take_vectors, "text"),
    Importer("h5ad of vectors", NUMBERS, partial(write_vectors, form="h5ad"), take_vectors, "binary"),
    Importer("matrix", NUMBERS, partial(write_vectors, form="txt"), partial(take_vectors, listed=True)),
)

ALL = (*(one for ways in LABELS.values() for one in ways), *DESCRIPTIONS, *GENE_TABLES, *VECTORS)
