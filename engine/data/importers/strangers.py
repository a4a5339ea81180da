"""Names that are no human gene, or not written as one: what they look like, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from engine.data.genes.index import OLD_IN_OTHER_CASE, OTHER_CASE
from engine.data.genes.meanings import Meaning
from engine.data.importers.names import first_names
from store.errors import DataError

_MAP: Final = "Give the human gene of each, as Ensembl's BioMart maps them."
_KINDS: Final[tuple[tuple[str, str, str], ...]] = (
    (r"[NX][MRP]_\d+(\.\d+)?", "accessions of RefSeq", _MAP),
    (r"ENST\d{11}(\.\d+)?", "transcripts of Ensembl", _MAP),
    (r"(9606\.)?ENSP\d{11}(\.\d+)?", "proteins of Ensembl", _MAP),
    (r"ENS(?!G\d)[A-Z]{3,6}\d{11}(\.\d+)?", "ids of another species", _MAP),
    (r"Y[A-P][LR]\d{3}[WC](-[A-Z])?|FBgn\d+|WBGene\d+|MGI:\d+", "ids of another species", _MAP),
    (r"\d+(_[a-z])*_at|ILMN_\d+|A_\d+_P\d+|cg\d{8}|TC\d{6,}\S*", "probes of an array", _MAP),
    (
        r"[OPQ]\d[A-Z\d]{3}\d(-\d+)?|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2}(-\d+)?|[A-Z\d]{1,11}_HUMAN",
        "proteins of UniProt",
        "Give the gene of each, as UniProt's ID mapping does.",
    ),
    (r"\d{1,3}(,\d{3})+", "numbers with commas between thousands", "Write NCBI's numbers without them."),
    (
        r"[^\s,;/|]+(\s*(;|,|/+|\|)\s*[^\s,;/|]+)+[;,]?",
        "several genes in a cell",
        "Give each gene a row.",
    ),
)
"""What all of a name is like, what that is, and the way out."""
_MOUSE: Final = re.compile(r"[A-Z][a-z0-9-]*[a-z][a-z0-9-]*")
"""How symbols of mice and rats are written: Brca1."""
_JUDGED: Final = 1000
"""Names by which it is told whether a file is of mice."""


def looks_like(names: Sequence[str]) -> str:
    """What most of these unknown names look like and the way out, as sentences; "" if like nothing."""
    for form, what, way in _KINDS:
        if 2 * sum(1 for name in names if re.fullmatch(form, name.strip())) > len(names):
            return f"They look like {what}. {way}"
    return ""


def like_mice(names: Iterable[str], resolve: Callable[[str], Meaning]) -> tuple[str, ...]:
    """A sentence where most names are written as those of mice, and are human ones in other case alone."""
    some = list(islice(dict.fromkeys(filter(None, names)), _JUDGED))
    written_so = [name for name in some if _MOUSE.fullmatch(name)]
    if 2 * len(written_so) > len(some):
        taken = [name for name in written_so if resolve(name).step in (OTHER_CASE, OLD_IN_OTHER_CASE)]
        if 2 * len(taken) > len(some):
            shown = first_names(taken, 3)
            same = "are read as the human genes of the same letters"
            return (f"Most names look like mouse symbols and {same}: {shown}.",)
    return ()


def no_gene_known(path: object, what: str, names: Sequence[str], way: str = "") -> DataError:
    """The error of a file that has a `what` for no known gene.

    Args:
        path: The file.
        what: A vector, or a text.
        names: What it has one for.
        way: A better way out than what the names look like, if there is one.
    """
    return DataError(
        f"{path} has a {what} for no known gene: its keys look like {first_names(names, 3)}.",
        way
        or looks_like(names)
        or "Genes may be named by symbol or by NCBI, HGNC or Ensembl id. If they are those of a task "
        "of yours, import that one first, with --keep-unmapped.",
    )
