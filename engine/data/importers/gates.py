"""What is asked of a task before it is kept: most identifiers known, most genes with a text."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Final

from engine.data.genes.meanings import KEPT
from engine.data.importers.names import first_names
from engine.data.importers.strangers import looks_like
from engine.data.tasks.audit import NO_TEXT, Audited
from engine.data.tasks.folder import LabelList
from store.errors import DataError

ENOUGH: Final = 0.8
"""The share of a task's identifiers that must be known genes, and of its genes that must have a text."""


def check_mapped(task: LabelList) -> None:
    """Refuse a task of which too few identifiers can be used.

    Raises:
        DataError: fewer than `ENOUGH` of them mean a gene or have a description of their own.
    """
    lost = sorted(item.identifier for item in task.meanings.others() if not item.symbols)
    if too_few(lost, task.meanings):
        raise DataError(
            f"{len(lost)} of the {len(task.meanings)} identifiers in {task.heading.source} "
            f"are not known genes: {first_names(lost)}.",
            (looks_like(lost) or "`genearena fetch ncbi` gets the newest table of human genes;")
            + " `genearena import task FILE --keep-unmapped` keeps unknown names as they are.",
        )


def check_texts(task: LabelList, audited: Audited) -> None:
    """Refuse a task of which too few genes have a text, those aside that are kept without being known.

    Raises:
        DataError: fewer than `ENOUGH` of them have one.
    """
    kept = task.meanings.own(KEPT)
    if len(kept) == len(task.meanings):
        return
    genes = set(audited.symbols).difference(kept)
    named = (item.symbol for item in audited.words if item.reason == NO_TEXT)
    bare = sorted(genes.intersection(chain(named, (symbol for symbol, _ in audited.bare))))
    if too_few(bare, genes):
        raise DataError(
            f"{len(bare)} of the {len(genes)} genes in {task.heading.source} have no text: "
            f"{first_names(bare)}.",
            "Fill in the column of descriptions, or leave it out: "
            "texts are then made of what is known of each gene.",
        )


def too_few(lost: Collection[str], everything: Collection[str]) -> bool:
    """Whether without those `lost` there are fewer than `ENOUGH` of `everything`."""
    return len(everything) - len(lost) < ENOUGH * len(everything)
