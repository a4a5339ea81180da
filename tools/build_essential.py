"""Makes `sample_data/essentiality/`: essential and non-essential genes, from the Hart lab's two lists.

    python tools/build_essential.py GENE_LISTS_FOLDER [OUTPUT_FOLDER]

The lists are CEGv2.txt and NEGv1.txt of hart-lab/bagel; what is known of the genes comes from
`sample_data/all_genes.csv.gz`. Each row names a gene by symbol, HGNC id and NCBI id: where these disagree,
the gene is listed as not mapped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.data.genes.facts import Genes, read_genes  # noqa: E402
from engine.data.genes.identifiers import BOX, GeneTable, Resolver  # noqa: E402
from engine.data.genes.meanings import Meanings  # noqa: E402
from engine.data.tasks.folder import Heading, LabelList, Rows, write_tasks_into  # noqa: E402

TASK: Final = Heading(
    "essential",
    "Essential vs non-essential genes in cell lines",
    ("non-essential", "essential"),
    "hart-lab/bagel @53388ad, CEGv2.txt and NEGv1.txt (Hart et al. 2014 and 2017, MIT)",
)
LISTS: Final = (("CEGv2.txt", 1), ("NEGv1.txt", 0))


def read_list(path: Path) -> list[tuple[str, str]]:
    """(symbol, symbol and ids as one id) of each row."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]
    return [(row[0], "|".join(row)) for row in rows]


def build(lists: Path, output: Path) -> None:
    """Write labels, facts and meanings into `output`."""
    resolver = Resolver([GeneTable("gene_info", read_genes(ROOT / "sample_data" / BOX))])
    rows: list[tuple[str, int]] = []
    meanings = Meanings()
    for name, label in LISTS:
        for symbol, several in read_list(lists / name):
            rows.append((symbol, label))
            _, symbols, step = resolver.resolve(several)
            meanings.add(symbol, symbols, step)
    genes = Genes({symbol: resolver.genes[symbol] for symbol in meanings.symbols(meanings)})
    output.mkdir(parents=True, exist_ok=True)
    write_tasks_into(output, (LabelList(TASK, Rows.of(rows), meanings, genes),))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build(
        Path(sys.argv[1]),
        Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT / "sample_data" / "essentiality",
    )
