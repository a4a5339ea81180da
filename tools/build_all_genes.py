"""Makes `sample_data/all_genes.csv.gz`: the facts of all human genes, from NCBI's gene_info.

    python tools/build_all_genes.py HOMO_SAPIENS_GENE_INFO [OUTPUT_FOLDER]

Regulatory regions, which gene_info holds among the genes, are left out; pseudogenes are in, since lists
of Ensembl ids are full of them. The same table makes the same bytes.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.data.genes.facts import Genes, read_gene_info, write_genes  # noqa: E402
from engine.data.genes.identifiers import BOX  # noqa: E402


def build(gene_info: Path, output: Path) -> None:
    """Write the genes of `gene_info` into `output`, in its order."""
    genes = read_gene_info(gene_info)
    # By number, since a few symbols are those of several records.
    by_number = Genes({gene.ncbi_id: gene for gene in genes})
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "genes.csv"
        write_genes(plain, by_number, list(by_number))
        packed = gzip.compress(plain.read_bytes(), mtime=0)
    (output / BOX).write_bytes(packed)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT / "sample_data")
