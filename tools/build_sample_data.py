"""Makes `sample_data/`: the four tasks' labels and facts on their genes, from the original files.

    python tools/build_sample_data.py GENEFORMER_FOLDER NCBI_FOLDER [OUTPUT_FOLDER]

Labels come from Genecorpus-30M's pickles; facts from NCBI's gene_info. NCBI's summaries are not
copied.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.data.genes.facts import Gene, Genes, read_gene_info  # noqa: E402
from engine.data.genes.meanings import NOT_MAPPED, Meaning, Meanings  # noqa: E402
from engine.data.tasks.folder import Heading, LabelList, Rows, write_tasks_into  # noqa: E402
from engine.files.safe_pickle import read_lists  # noqa: E402

RETIRED: Final = {"ENSG00000267841": "GATA1", "ENSG00000269603": "ZBTB33"}
"""Withdrawn ids among the short-range TFs; Ensembl's present ids of the two genes are
ENSG00000102145 and ENSG00000177485."""

CORPUS: Final = (
    "Genecorpus-30M, example_input_files/gene_classification/{path} (Theodoris et al. 2023, Apache-2.0)"
)


@dataclass(frozen=True)
class Source:
    """One label file: its keys in the paper's order, class 1 first."""

    name: str
    title: str
    path: str
    keys: tuple[str, str]
    classes: tuple[str, str]
    paper_task: str


SOURCES: Final = (
    Source(
        "long-vs-short-tf",
        "Long-range vs short-range transcription factors",
        "tf_regulatory_range/tf_regulatory_range.pickle",
        ("long_range", "short_range"),
        ("long-range", "short-range"),
        "task1",
    ),
    Source(
        "dosage-sensitivity",
        "Dosage-sensitive vs dosage-insensitive transcription factors",
        "dosage_sensitive_tfs/dosage_sensitivity_TFs.pickle",
        ("Dosage-sensitive TFs", "Dosage-insensitive TFs"),
        ("dosage-sensitive", "dosage-insensitive"),
        "task2",
    ),
    Source(
        "bivalent-vs-lys4",
        "Bivalent vs Lys4-only-methylated promoters",
        "bivalent_promoters/bivalent_vs_lys4_only.pickle",
        ("bivalent", "lys4_only"),
        ("bivalent", "Lys4-only"),
        "task3",
    ),
    Source(
        "bivalent-vs-no-methyl",
        "Bivalent vs non-methylated promoters",
        "bivalent_promoters/bivalent_vs_no_methyl.pickle",
        ("bivalent", "no_methylation"),
        ("bivalent", "non-methylated"),
        "task4",
    ),
)


def read_source(folder: Path, source: Source) -> list[tuple[str, int]]:
    """(Ensembl id, label) of every entry, class 1 first, as the file has them."""
    lists = read_lists(folder / Path(source.path).name)
    positive, negative = source.keys
    return [(item, 1) for item in lists[positive]] + [(item, 0) for item in lists[negative]]


def read_gene_names(path: Path) -> dict[str, str]:
    """Ensembl id -> gene name, where the dosage labels' other edition gives one."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["ensembl_id"]: row["gene_name"] for row in csv.DictReader(stream)}


def resolve(identifiers: set[str], genes: dict[str, Gene], names: dict[str, str]) -> dict[str, Meaning]:
    """What each Ensembl id means, and by which step it was found."""
    by_id: dict[str, list[str]] = {}
    for gene in genes.values():
        for ensembl_id in gene.ensembl_ids:
            by_id.setdefault(ensembl_id, []).append(gene.symbol)
    meanings = {}
    for identifier in identifiers:
        if identifier in by_id:
            symbols, step = tuple(sorted(by_id[identifier])), "gene_info dbXrefs"
        elif names.get(identifier) in genes:
            symbols, step = (names[identifier],), "gene_name in dosage_sens_tf_labels.csv"
        elif identifier in RETIRED:
            symbols, step = (RETIRED[identifier],), "retired Ensembl id"
        else:
            symbols, step = (), NOT_MAPPED
        meanings[identifier] = Meaning(identifier, symbols, step)
    return meanings


def build(geneformer: Path, ncbi: Path, output: Path) -> None:
    """Write labels, facts and meanings into `output`."""
    genes = {gene.symbol: gene for gene in read_gene_info(ncbi / "Homo_sapiens.gene_info.gz")}
    names = read_gene_names(geneformer / "dosage_sens_tf_labels.csv")
    rows = {source: read_source(geneformer, source) for source in SOURCES}
    meanings = resolve({item for task in rows.values() for item, _ in task}, genes, names)
    tasks = tuple(
        LabelList(
            Heading(
                source.name,
                source.title,
                (source.classes[1], source.classes[0]),
                CORPUS.format(path=source.path),
                source.paper_task,
            ),
            Rows.of(task),
            Meanings(meanings),
            Genes(genes),
        )
        for source, task in rows.items()
    )
    write_tasks_into(output, tasks)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    places = [Path(argument) for argument in sys.argv[1:]]
    build(places[0], places[1], places[2] if len(places) == 3 else ROOT / "sample_data")
