"""Importing a file of descriptions, so that it can be named instead of found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from engine.data.genes.descriptions import keep_descriptions, kept_descriptions, read_descriptions
from engine.data.genes.identifiers import Resolver, make_resolver
from engine.data.importers.names import check_name, first_names
from engine.data.importers.strangers import like_mice, no_gene_known
from engine.data.load import find_label_list
from engine.data.tasks.shelf import SAMPLE, list_tasks
from engine.digests import sha256_of
from store.errors import DataError
from store.home import Home
from store.tombstones import note_restored
from store.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class DescriptionsReport:
    """What an import made of a file of descriptions."""

    name: str
    path: str
    """The file that is kept."""
    genes: int
    empty: int
    """Genes in the file without a text."""
    nameless: tuple[int, ...] = ()
    """Where in the file stand the rows left out because they name no gene."""
    unit: str = "line"
    """What that counts: lines, rows or entries."""
    unknown: tuple[str, ...] = ()
    """Names that are no known gene; their texts are for those of a task of one's own."""
    read_as: tuple[str, ...] = ()
    """How the file was read, where that is not plain from it."""

    @property
    def sentence(self) -> str:
        """What there is now."""
        return f"{self.name} is here: descriptions of {self.genes} genes."

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        without = "gene in the file has" if self.empty == 1 else "genes in the file have"
        where = f"{self.unit} {first_names([str(line) for line in self.nameless])}"
        told = (
            (self.empty, f"{self.empty} {without} no text."),
            (
                self.nameless,
                f"Rows left out for naming no gene: {len(self.nameless)}, {where}.",
            ),
            (
                self.unknown,
                f"Names that are not known genes: {len(self.unknown)}: {first_names(self.unknown)}.",
            ),
        )
        return (*self.read_as, *(sentence for there, sentence in told if there))


@uncollected()
def import_descriptions(path: Path, name: str, home: Home, sheet: str = "") -> DescriptionsReport:
    """Keep the descriptions in `path` as `name`, which `load_task(descriptions=...)` then takes.

    Args:
        path: The file.
        name: Its name from now on.
        home: Where to keep it.
        sheet: Of a workbook; its first if empty.

    Raises:
        UsageError: a name that is taken or unusable, or no such sheet.
        DataError: the file cannot be read, or holds no text for any gene.
        StoreError: it cannot be written.
    """
    check_name(name, kept_descriptions(home))
    resolver = make_resolver(home, SAMPLE)
    found = read_descriptions(path, lambda name: resolver.resolve(name).symbols, sheet)
    texts = {key: text for key, text in found.texts.items() if key and text}
    if not texts:
        raise DataError(f"{path} has no text for any gene.", "Each row needs a gene and its text.")
    unknown = unknown_among(path, texts, home, resolver)
    kept = keep_descriptions(texts, name, home)
    note_restored(home, "descriptions", name, lambda: sha256_of(kept))
    empty = len(found.texts) - len(texts)
    read_as = (*found.notes, *like_mice(texts, resolver.resolve))
    return DescriptionsReport(
        name, str(kept), len(texts), empty, found.nameless, found.unit, unknown, read_as
    )


def unknown_among(path: Path, texts: Iterable[str], home: Home, resolver: Resolver) -> tuple[str, ...]:
    """Those of the names in `path` that have a text and do not name a known gene.

    Raises:
        DataError: all of them are, and none is a gene of a task in `home`.
    """
    names = tuple(texts)
    unknown = tuple(name for name in names if not resolver.resolve(name).symbols)
    if len(unknown) == len(names) and _own(home).isdisjoint(names):
        raise no_gene_known(path, "text", unknown)
    return unknown


def _own(home: Home) -> set[str]:
    """The genes of all tasks, known ones or not."""
    names = [info.name for info in list_tasks(home) if not info.problem]
    return set(chain.from_iterable(find_label_list(name, home).genes for name in names))
