"""What a person chooses about a label file, where its content leaves it open."""

from __future__ import annotations

from dataclasses import dataclass

from engine.data.genes.columns import Symbols, nothing_known


@dataclass(frozen=True, slots=True)
class Choices:
    """How a label file is to be read; what is not chosen is told by its content."""

    sheet: str = ""
    """Of a workbook, the first if empty; of vectors also which of several matrices."""
    gene_column: str = ""
    label_column: str = ""
    text_column: str = ""
    positive: str = ""
    """Which of two classes is the positive one."""
    sets: tuple[str, ...] = ()
    """Of a file of gene sets: two against each other, or one against the rest."""
    classes: tuple[str, ...] = ()
    """`NAME: CONDITION` on columns of numbers."""
    label_from: str = ""
    """A column of numbers to make classes of, by `threshold` or `quantiles`."""
    threshold: str = ""
    """`<0.05`: what the positive class is."""
    quantiles: float = 0.0
    """The share of genes in the lowest and in the highest class."""
    symbols: Symbols = nothing_known
    """What is known of genes, by which columns, titles and missing values are told."""

    @property
    def by_number(self) -> bool:
        """Whether the classes are made of numbers."""
        return bool(self.classes or self.label_from)
