"""Importing a table of vectors: read, name its genes, report what it covers, keep it as one .npz."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.catalog.adopt import adopt_model, check_model_name
from engine.data.genes.identifiers import IDS, Resolver, make_resolver
from engine.data.genes.meanings import Meaning
from engine.data.importers.names import check_name
from engine.data.importers.reports import report_text
from engine.data.importers.strangers import like_mice, no_gene_known
from engine.data.importers.vector_report import Coverage, VectorReport
from engine.data.load import find_label_list
from engine.data.tasks.folder import LabelList
from engine.data.tasks.shelf import SAMPLE, list_tasks
from engine.digests import sha256_of
from engine.files.safe_pickle import PICKLES
from engine.files.vectors import Vectors, Wanted, read_vectors
from store.errors import DataError, StoreError
from store.home import Home
from store.tombstones import note_restored

if TYPE_CHECKING:
    from numpy.typing import NDArray

_JUDGED: Final = 100
"""Titles by which it is told whether columns are genes."""


def adopt_vectors(
    path: Path, name: str, home: Home, genes: Path | None = None, key: str = ""
) -> VectorReport:
    """Import the vectors in `path`, and list them as a model from now on; see `import_vectors`.

    Raises:
        UsageError: a name that is taken or unusable, or the config file cannot be read as models.
        DataError: the file cannot be used.
        StoreError: it cannot be written.
    """
    check_model_name(home, name)
    report = import_vectors(path, name, home, genes, key)
    adopt_model(home, {"name": name, "kind": "vectors", "source": report.path})
    return report


def import_vectors(
    path: Path, name: str, home: Home, genes: Path | None = None, key: str = ""
) -> VectorReport:
    """Keep the vectors in `path` as `name`; Ensembl and NCBI ids become symbols.

    Of a pickle, only the genes that are known here (or listed in `genes`) are kept, since GenePT's
    hold 93,800 names, aliases among them.

    Args:
        path: A file of one of the formats of `read_vectors`.
        name: Its name from now on.
        home: Where to keep it.
        genes: One gene a line; see `read_vectors`.
        key: Which of several matrices; see `read_vectors`.

    Raises:
        UsageError: a name that is taken or unusable.
        DataError: the file cannot be used.
        StoreError: it cannot be written.
    """
    folder = home.data / "vectors" / name
    check_name(name, [item.name for item in folder.parent.iterdir()] if folder.parent.is_dir() else [])
    vectors, names, report = read_for_import(path, name, home, genes, key)
    _keep(folder, names, vectors.matrix, report)
    note_restored(home, "vectors", name, lambda: sha256_of(folder / "vectors.npz"))
    return report


def read_for_import(
    path: Path,
    name: str,
    home: Home,
    genes: Path | None = None,
    key: str = "",
    *,
    first: bool = False,
    resolver: Resolver | None = None,
) -> tuple[Vectors, tuple[str, ...], VectorReport]:
    """The vectors in `path`, the names of their genes from now on, and what there is to report.

    Args:
        path: As of `import_vectors`.
        name: As of `import_vectors`.
        home: As of `import_vectors`.
        genes: As of `import_vectors`.
        key: As of `import_vectors`.
        first: Whether the first rows of a large table are enough.
        resolver: By which the genes are named, if there is one already.

    Raises:
        DataError: the file cannot be used.
    """
    resolver = resolver or make_resolver(home, SAMPLE)
    tasks = tuple(_tasks(home))
    wanted: Wanted | None = None
    if genes is None and path.name.casefold().rstrip(".").endswith(PICKLES):
        known = set(resolver.genes).union(*(task.genes for task in tasks))

        def wanted(gene: str) -> bool:
            return gene in known or bool(_by_id(resolver.resolve(gene)))

    vectors = read_vectors(path, genes, wanted, key, first=first)
    names, renamed = _symbols(path, vectors, resolver)
    unknown = _unknown(path, names, vectors, tasks, resolver)
    report = VectorReport(
        name=name,
        path=str(home.data / "vectors" / name / "vectors.npz"),
        total=vectors.total,
        genes=len(names),
        dimension=vectors.matrix.shape[1],
        repeated=vectors.repeated,
        zero=vectors.zero,
        shared=vectors.shared,
        renamed=renamed,
        unknown=unknown,
        coverage=tuple(_coverage(tasks, set(names))),
        first=vectors.titles[0] if vectors.titles else "",
        last=vectors.titles[-1] if vectors.titles else "",
        left_out=vectors.left_out,
        nameless=vectors.nameless,
        unit=vectors.unit,
        read_as=(*vectors.notes, *like_mice(vectors.genes, resolver.resolve)),
    )
    return vectors, names, report


def _tasks(home: Home) -> Iterator[LabelList]:
    for info in list_tasks(home):
        if not info.problem:
            yield find_label_list(info.name, home)


def _symbols(path: Path, vectors: Vectors, resolver: Resolver) -> tuple[tuple[str, ...], int]:
    """The genes by symbol: of those that an id means, and of others that no row is named by.

    A name that means no gene, several, or one that has a row already stays: GenePT's tables have other
    vectors under a gene's aliases.
    """
    meanings = {
        place: resolver.resolve(gene)
        for place, gene in enumerate(vectors.genes)
        if not resolver.unheard_of(gene)
    }
    names = list(vectors.genes)
    places: dict[str, int] = {}
    for place, meaning in meanings.items():
        symbol = names[place] = _by_id(meaning) or names[place]
        before = places.setdefault(symbol, place)
        if before != place and not np.array_equal(vectors.matrix[before], vectors.matrix[place]):
            raise DataError(
                f"{path} has different vectors for {vectors.genes[before]} and {vectors.genes[place]}, "
                f"which are one gene, {symbol}.",
                "Keep one of them.",
            )
        if before != place:
            names[place] = vectors.genes[place]
    claims = Counter(meaning.symbols for meaning in meanings.values())
    for place, meaning in meanings.items():
        if len(meaning.symbols) == 1 and meaning.symbols[0] not in places and claims[meaning.symbols] == 1:
            names[place] = meaning.symbols[0]
    renamed = sum(1 for symbol, gene in zip(names, vectors.genes, strict=True) if symbol != gene)
    return tuple(names), renamed


def _by_id(meaning: Meaning) -> str:
    """The symbol of an id that means one gene, else ""."""
    by_id = meaning.step.startswith(IDS)
    return meaning.symbols[0] if by_id and len(meaning.symbols) == 1 else ""


def _unknown(
    path: Path,
    names: tuple[str, ...],
    vectors: Vectors,
    tasks: tuple[LabelList, ...],
    resolver: Resolver,
) -> tuple[str, ...]:
    """The names that are no gene, neither of a task nor any other; a table of nothing else is refused."""
    own = set(chain.from_iterable(task.genes for task in tasks))
    unknown = tuple(name for name in names if name not in own and not resolver.gene(name))
    if len(unknown) < len(names):
        return unknown
    titles = vectors.titles[:_JUDGED]
    turned = 2 * sum(1 for title in titles if resolver.resolve(title).symbols) > len(titles)
    way = f"Its columns are genes, such as {titles[0]!r}: turn the table, so that each gene is a row."
    raise no_gene_known(path, "vector", names, way if turned else "")


def _coverage(tasks: tuple[LabelList, ...], genes: set[str]) -> Iterator[Coverage]:
    for task in tasks:
        for label, name in enumerate(task.heading.classes):
            members = {
                symbol
                for identifier, place in task.rows
                if place == label
                for symbol in task.meanings[identifier].symbols
            }
            yield Coverage(task.heading.name, name, len(members), len(members & genes))


def _keep(folder: Path, genes: tuple[str, ...], matrix: NDArray[np.float32], report: VectorReport) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            np.savez(fresh / "vectors.npz", genes=np.array(genes), vectors=matrix)
            (fresh / "report.json").write_text(report_text(report), encoding="utf-8")
            os.rename(fresh, folder)  # noqa: PTH104 - fails if `folder` exists and is not empty
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error
