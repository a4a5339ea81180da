"""What tables call the column that names the gene."""

from __future__ import annotations

import re
from typing import Final

GENE_TITLES: Final = (
    "gene", "genes", "identifier", "ensemblid", "ensemblgeneid", "ensembl", "geneid", "geneids",
    "symbol", "symbols", "genesymbol", "genesymbols", "genename", "genenames", "ncbiid", "entrezid",
    "hgncid", "hgncsymbol", "hugosymbol", "approvedsymbol", "officialsymbol", "officialgenesymbol",
    "genestableid", "genestableidversion", "ensemblgeneidversion", "ensemblgene", "externalgenename",
    "associatedgenename", "entrezgene", "entrezgeneid", "entrez", "ncbigeneid", "ncbigene",
    "ncbigeneformerlyentrezgeneid", "geneidentifier", "geneshortname", "featurename", "hgnc", "ensg",
    "ensgid", "ensgeneid",
)  # fmt: skip
"""As `plain` has them; of several, the first."""


def plain(title: str) -> str:
    """A title's small letters and digits."""
    return re.sub(r"[^a-z0-9]", "", title.casefold())


def is_gene_title(title: str) -> bool:
    """Whether a column of that title names genes."""
    return plain(title) in GENE_TITLES
