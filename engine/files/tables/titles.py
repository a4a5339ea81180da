"""What tables call the column that names the gene, and what stands above their header."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
HGNC_TITLES: Final = ("hgncid", "hgnc")
"""Those of columns whose bare numbers are HGNC's."""


def plain(title: str) -> str:
    """A title's small letters and digits."""
    return re.sub(r"[^a-z0-9]", "", title.casefold())


def is_gene_title(title: str) -> bool:
    """Whether a column of that title names genes."""
    return plain(title) in GENE_TITLES


def prefixed(title: str, names: Sequence[str]) -> list[str]:
    """`names`, of which plain numbers under a title of HGNC ids are such ids: NCBI has other genes so."""
    if plain(title) not in HGNC_TITLES:
        return list(names)
    return [f"HGNC:{number}" if (number := name.removesuffix(".0")).isdecimal() else name for name in names]


TITLES: Final = 20
"""Rows among which a table's title stands."""


def titles_above(rows: Sequence[Sequence[str]]) -> list[str]:
    """The titles that stand above the header, as in a supplementary table: a row each, and nothing beside.

    Args:
        rows: The first of the table that are not blank.
    """
    found: list[str] = []
    for row in rows:
        filled = [cell for cell in row if cell.strip()]
        if len(filled) > 1:
            # Of one word, it may be a name that lacks what belongs to it.
            sure = all(" " in title for title in found) or any(map(is_gene_title, filled))
            return found if sure else []
        if not filled or filled[0] is not row[0] or is_gene_title(filled[0]):
            return []
        found.append(filled[0].strip())
    return []


def said_of_titles(titles: Sequence[str]) -> tuple[str, ...]:
    """A sentence on what was taken for titles."""
    if not titles:
        return ()
    return (f"What stands above the header was left out: {', '.join(title[:80] for title in titles)}.",)
