"""Which column of a label file was taken as what, why, and what else it could be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.columns import LABELS, may_be_classes
from engine.data.formats.condition import cuts
from engine.data.formats.table import columns_of, text_column
from engine.data.genes.columns import gene_column, names_genes
from engine.data.preview.numbers import quantities
from engine.data.preview.told import Left, Taken
from engine.files.tables import Table
from engine.files.tables.missing import is_missing
from engine.files.tables.titles import is_gene_title, plain
from store.errors import GeneArenaError

BY_TITLE: Final = "by its title"
CHOSEN: Final = "it was chosen"
_LONG: Final = 20
"""Characters that the cells of a column of texts have on average."""


class Roles:
    """The columns of one table under some choices."""

    def __init__(self, table: Table, choices: Choices) -> None:
        """Tell them; what cannot be told is None."""
        self._table = table
        self._choices = choices
        self.gene: int | None = None
        self.label: int | None = None
        self.text: int | None = None
        try:
            self.gene = gene_column(table, choices.symbols, choices.gene_column)
            self.text = text_column(table, choices.text_column)
            if not choices.by_number:
                self.gene, self.label = columns_of(table, choices)
        except GeneArenaError:
            pass  # the same error is why the import would be refused
        apart = [place for place in (self.gene, self.text) if place is not None]
        self.quantities = quantities(table, [*apart, *self._naming])
        self.numbers = self._numbers()

    def taken(self) -> Iterator[Taken]:
        """What was taken as what."""
        chosen = self._choices
        genes = self._others(self.gene, self._naming)
        if self.gene is not None:
            by_content = (
                "most of its cells are known genes" if self._known(self.gene) else "the other is not"
            )
            by_title = BY_TITLE if is_gene_title(self._table.header[self.gene]) else by_content
            why = CHOSEN if chosen.gene_column else by_title
            yield Taken("genes", self._table.header[self.gene], why, genes, "--gene-column")
        if self.label is not None:
            title = self._table.header[self.label]
            by_title = BY_TITLE if plain(title) in LABELS else "no other column looks like classes"
            why = CHOSEN if chosen.label_column else by_title
            yield Taken("labels", title, why, self.labels(), "--label-column")
        for title in self.numbers:
            why = "a condition names it" if chosen.classes else CHOSEN
            option = "--class" if chosen.classes else "--label-from"
            others = tuple(other for other in self.quantities if other not in self.numbers)
            yield Taken("numbers", title, why, others, option)
        if self.text is not None:
            why = CHOSEN if chosen.text_column else BY_TITLE
            yield Taken("texts", self._table.header[self.text], why, self.texts(), "--text-column")

    def genes(self) -> tuple[str, ...]:
        """Columns that could name the genes."""
        return self._titles(self._naming)

    def labels(self) -> tuple[str, ...]:
        """Other columns that could be the classes."""
        places = [
            place
            for place, cells in enumerate(self._table.columns)
            if place not in (self.gene, self.text) and may_be_classes(cells)
        ]
        return self._others(self.label, places)

    def texts(self) -> tuple[str, ...]:
        """Other columns that could be the descriptions."""
        places = [place for place in self._rest() if self._is_long(place)]
        return self._others(self.text, places)

    def left_out(self) -> tuple[Left, ...]:
        """The columns that were taken as nothing, each with the reason."""
        return tuple(Left(self._table.header[place], self._reason(place)) for place in self._rest())

    def _rest(self) -> list[int]:
        used = {self.gene, self.label, self.text}
        places = range(len(self._table.header))
        return [p for p in places if p not in used and self._table.header[p] not in self.numbers]

    def _reason(self, place: int) -> str:
        cells = self._table.columns[place]
        if all(map(is_missing, cells)):
            return "being empty"
        if place in self._naming:
            return "naming the genes too"
        if self._table.header[place] in self.quantities:
            return "holding numbers (--label-from makes classes of them)"
        if may_be_classes(cells):
            return "holding few different values (--label-column takes them)"
        return "holding texts" if self._is_long(place) else "being neither genes nor labels"

    def _numbers(self) -> tuple[str, ...]:
        named = [column for text in self._choices.classes for column, _ in cuts(text.partition(":")[2])]
        places = map(self._table.find, [*named, self._choices.label_from])
        found = [self._table.header[place] for place in places if place is not None]
        return tuple(dict.fromkeys(title for title in found if title)) if self._choices.by_number else ()

    @cached_property
    def _naming(self) -> list[int]:
        titles = enumerate(self._table.header)
        return [place for place, title in titles if is_gene_title(title) or self._known(place)]

    def _known(self, place: int) -> bool:
        return names_genes(self._table.columns[place], self._choices.symbols)

    def _is_long(self, place: int) -> bool:
        some = [cell for cell in self._table.columns[place][:100] if not is_missing(cell)]
        return bool(some) and sum(map(len, some)) > _LONG * len(some)

    def _others(self, this: int | None, places: Sequence[int]) -> tuple[str, ...]:
        return self._titles([place for place in places if place != this])

    def _titles(self, places: Sequence[int]) -> tuple[str, ...]:
        return tuple(self._table.header[place] for place in places if self._table.header[place])
