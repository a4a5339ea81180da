"""Importing a file of descriptions, so that it can be named instead of found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.data.genes.descriptions import keep_descriptions, kept_descriptions, read_descriptions
from engine.data.importers.names import check_name
from engine.digests import sha256_of
from store.errors import DataError
from store.home import Home
from store.tombstones import note_restored


@dataclass(frozen=True, slots=True)
class DescriptionsReport:
    """What an import made of a file of descriptions."""

    name: str
    path: str
    """The file that is kept."""
    genes: int
    empty: int
    """Genes in the file without a text."""

    @property
    def sentence(self) -> str:
        """What there is now."""
        return f"{self.name} is here: descriptions of {self.genes} genes."

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        return (f"{self.empty} genes in the file have no text.",) if self.empty else ()


def import_descriptions(path: Path, name: str, home: Home) -> DescriptionsReport:
    """Keep the descriptions in `path` as `name`, which `load_task(descriptions=...)` then takes.

    Raises:
        UsageError: a name that is taken or unusable.
        DataError: the file cannot be read, or holds no text.
        StoreError: it cannot be written.
    """
    check_name(name, kept_descriptions(home))
    found = read_descriptions(path)
    texts = {key: text for key, text in found.texts.items() if key and text}
    if not texts:
        raise DataError(f"{path} has no text for any gene.", "Each row needs a gene and its text.")
    kept = keep_descriptions(texts, name, home)
    note_restored(home, "descriptions", name, lambda: sha256_of(kept))
    return DescriptionsReport(name, str(kept), len(texts), len(found.texts) - len(texts))
