"""The genes of a task as one model's vectors place them: a dot for each, its error, and the genes nearest.

The functions take a read-only connection and give frozen values; they may block, and are for workers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from store.errors import UsageError, unknown
from store.records import EmbeddingOptions, Model
from tui.questions.genelist import UNTESTED, errors_of

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    from numpy.typing import NDArray

    from engine.cancel import Cancel
    from store.home import Home

AGREEING: Final = 5
"""Of so many of a gene's nearest it is said how many are of its class."""
CONFIDENTLY_WRONG: Final = 0.75
"""A gene with a mean error from here on is told to be what it is not, and surely."""

_USED: Final = """
    select model, preset, text, spec_model, embedding,
        arg_max(task_hash, finished_at) as task_hash, sum(n) as splits
    from (
        select distinct on (model, task, protocol, preset, text, scheme)
            model, task, preset, text, n, config
        from ranked where not control
    ) join (
        select config, any_value(spec->'model') as spec_model, any_value(spec->'embedding') as embedding,
            any_value(task_hash) as task_hash, max(finished_at) as finished_at
        from units where spec->>'embedding' <> '{}' group by config
    ) using (config)
    where task = ? and n > 0
    group by all order by splits desc, model, preset, text"""
"""Each way in which a model's vectors were used on a task, the one with most results first."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a map is of."""

    model: str
    task: str
    preset: str
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One gene on a map."""

    gene: str
    x: float
    y: float
    label: int
    """Its class, as an index into `GeneMap.classes`."""
    error: float | None
    """Mean distance of the true class's probability from 1; None if it was in no test set."""
    sd: float | None
    """Of that between tests; None with fewer than two."""
    tests: int
    agree: int
    """How many of its `AGREEING` nearest genes are of its class."""

    @property
    def wrong(self) -> bool:
        """Whether it is told to be of another class more often than not."""
        return self.error is not None and self.error > 0.5

    @property
    def surely_wrong(self) -> bool:
        """Whether that is told with much confidence."""
        return self.error is not None and self.error >= CONFIDENTLY_WRONG


@dataclass(frozen=True, slots=True)
class GeneMap:
    """The genes of a task by one model's vectors."""

    of: Mapped
    method: str
    """`pca`, `tsne` or `umap`."""
    protocol: str
    """Whose tests the errors are of; empty: all."""
    classes: Sequence[str]
    dots: Sequence[Dot]
    shares: tuple[float, float]
    """Of the variance, that each axis of a PCA has; 0 of other maps."""
    dimensions: int
    """Of the vectors, of which this is a flat view."""
    nearest: int
    """Of how many nearest genes `same` and `chance` are."""
    same: float
    """The share of the nearest genes that are of a gene's own class."""
    chance: float
    """What it would be if classes were dealt at random."""
    near: Sequence[Sequence[tuple[int, float]]]
    """For each dot its nearest others: place in `dots`, cosine."""
    without: int
    """Genes of the task that are not here, because their vector is not."""

    @property
    def meaning(self) -> str:
        """What the map is worth, in a sentence's words."""
        return f"{self.nearest} nearest share the class {self.same:.0%}, by chance {self.chance:.0%}"

    @property
    def axes(self) -> tuple[str, str]:
        """What stands at the two axes."""
        if self.method == "pca":
            first, second = self.shares
            return f"PC1 {first:.0%}", f"PC2 {second:.0%}"
        name = {"tsne": "t-SNE", "umap": "UMAP"}[self.method]
        return f"{name} 1", f"{name} 2"

    def find(self, gene: str) -> int | None:
        """The place of a gene in `dots`; None if it is not there."""
        return next((place for place, dot in enumerate(self.dots) if dot.gene == gene), None)


def agreement(agree: int, of: int = AGREEING) -> str:
    """`●●○○○`: how many of a gene's nearest are of its class."""
    return "●" * agree + "○" * (of - agree)


def mapped(con: duckdb.DuckDBPyConnection, task: str) -> list[Mapped]:
    """What a map of a task can be of, the one with most results first."""
    rows = con.execute(_USED, [task]).fetchall()
    return [Mapped(model, task, preset, text) for model, preset, text, *_ in rows]


def gene_map(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    wanted: Mapped,
    method: str = "pca",
    protocol: str = "",
    cancel: Cancel | None = None,
) -> GeneMap:
    """The map of a task's genes by one model's vectors that are on this machine; no model is loaded.

    Args:
        con: From `store.connect()`.
        home: Whose cached vectors; the map is kept beside them.
        wanted: One of `mapped`.
        method: `pca`, `tsne`, or `umap` where it is installed.
        protocol: Whose tests the errors are of; empty: all.
        cancel: Looked at between steps.

    Raises:
        UsageError: there are no such results, vectors, or method.
        ModelError, DataError: a model's table is gone or is another; fewer than three genes.
        Stopped: `cancel` was set.
    """
    import numpy as np

    from engine.maps.flat import check_method
    from engine.maps.made import gene_map as make

    chosen = check_method(method)
    classes, entries, vectors = _entries(con, home, wanted)
    there = [entry for entry in entries if entry.gene in vectors]
    if not there:
        raise UsageError(
            f"No vector of {wanted.model} for {wanted.task} is on this machine.",
            f"`genearena run --models {wanted.model} --tasks {wanted.task}` embeds its genes.",
        )
    cancel = cancel or threading.Event()
    labels = [entry.label for entry in there]
    matrix = np.stack([vectors[entry.gene] for entry in there])
    found = make(matrix, labels, home.maps, cancel, chosen)
    errors = errors_of(con, wanted.model, wanted.task, wanted.preset, wanted.text, protocol)
    agree = found.agree[:, :AGREEING].sum(axis=1).tolist()
    dots = [
        Dot(entry.gene, x, y, entry.label, *errors.get((entry.gene, entry.label), UNTESTED), agree=same)
        for entry, (x, y), same in zip(there, found.points.tolist(), agree, strict=True)
    ]
    near = [
        tuple(zip(places, cosines, strict=True))
        for places, cosines in zip(found.near.places.tolist(), found.near.cosines.tolist(), strict=True)
    ]
    return GeneMap(
        wanted,
        chosen,
        protocol,
        classes,
        dots,
        found.shares,
        found.dimensions,
        found.near.places.shape[1],
        found.same,
        found.chance,
        near,
        len(entries) - len(there),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    gene: str
    label: int
    text: str


def _entries(
    con: duckdb.DuckDBPyConnection, home: Home, wanted: Mapped
) -> tuple[Sequence[str], list[_Entry], Mapping[str, NDArray[np.float32]]]:
    """The classes of a task, its genes as they were used, and the vectors of those that have one."""
    from tui.questions.genes import Embedded
    from tui.questions.nearest import vectors_of

    uses = con.execute(_USED, [wanted.task]).fetchall()
    mine = [row for row in uses if row[:3] == (wanted.model, wanted.preset, wanted.text)]
    if not mine:
        models = sorted({row[0] for row in uses})
        if not models:
            raise UsageError(
                f"No model's vectors were used on {wanted.task} yet.",
                f"`genearena run --tasks {wanted.task}` does it.",
            )
        if wanted.model not in models:
            raise UsageError(*unknown(f"model with vectors of {wanted.task}", wanted.model, models))
        arms = ", ".join(f"preset {preset} with text {text}" for model, preset, text, *_ in uses)
        raise UsageError(
            f"{wanted.model} was not used on {wanted.task} with preset {wanted.preset} and text "
            f"{wanted.text}.",
            f"There are: {arms}.",
        )
    name, preset, text, model, embedding, task_hash, _ = mine[0]
    rows = con.execute(
        'select gene, label, class, text from task_genes where task_hash = ? order by "index"', [task_hash]
    ).fetchall()
    entries = [_Entry(gene, label, read) for gene, label, _, read in rows]
    classes = {label: called for _, label, called, _ in rows}
    embedded = Embedded(
        Model(name, **json.loads(model)),
        EmbeddingOptions(**json.loads(embedding)),
        preset,
        text,
        {entry.gene: entry.text for entry in entries},
        {},
    )
    names = [classes.get(label, "") for label in range(max(classes, default=-1) + 1)]
    return names, entries, vectors_of(embedded, home)
