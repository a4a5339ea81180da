"""What the Genes screen asks of the database: the hardest genes, one in full, those it compares with.

Each takes a read-only connection and gives frozen values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from store.records import EmbeddingOptions, Model
from tui.lookups import RANKED

if TYPE_CHECKING:
    import duckdb

_TESTS: Final = f"""
    select gene, task, model, protocol, preset, text, predictions.scores[label + 1] as chance
    from predictions join units using (key) {RANKED}"""
"""Every test of every gene in a ranked cell, with the probability of its true class."""

_USES: Final = """
    select model, preset, text, spec->'model' as spec_model, spec->'embedding' as embedding,
        sum(n) as splits, list(used.task_hash order by finished_at) as hashes
    from ranked join (
        select config, any_value(spec) as spec, any_value(task_hash) as task_hash from units group by config
    ) as used using (config)
    where n > 0 and spec->>'embedding' <> '{}' group by all"""
"""Each model that makes vectors, once for each way of using it and kind of text, with its tasks by age."""


@dataclass(frozen=True, slots=True)
class GeneRow:
    """A gene in the list: where it is labelled and how well it is told apart."""

    gene: str
    tasks: int
    tests: int
    """Test scores in all ranked cells, whatever the model, protocol, preset and texts."""
    error: float | None
    """Mean distance of the true class's probability from 1."""


@dataclass(frozen=True, slots=True)
class GeneScore:
    """How well one ranked cell tells a gene."""

    task: str
    model: str
    protocol: str
    preset: str
    text: str
    score: float
    """Mean probability of the true class."""
    tests: int


@dataclass(frozen=True, slots=True)
class GeneDetail:
    """One gene in full."""

    gene: str
    labels: Sequence[tuple[str, str, str]]
    """Task, class, text."""
    scores: Sequence[GeneScore]
    """By task, the worst first."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Genes whose vectors may be compared: of one model, used in one way, on one kind of text."""

    model: Model
    """As it was when it embedded them."""
    options: EmbeddingOptions
    preset: str
    text: str
    texts: Mapping[str, str]
    """Gene -> the text that was embedded."""
    labels: Mapping[str, str]
    """Gene -> its classes in one phrase."""

    @property
    def name(self) -> str:
        """The model and what it read."""
        return f"{self.model.name} on {self.text}, {self.preset}"


def genes(con: duckdb.DuckDBPyConnection) -> list[GeneRow]:
    """Every gene of every task that was run, the worst told apart first."""
    rows = con.execute(
        f"""with labelled as (
            select gene, count(distinct name) as tasks
            from task_genes join tasks on tasks.hash = task_hash group by gene
        ), tested as (
            select gene, count(*) as tests, avg(1 - chance) as error from ({_TESTS}) group by gene
        )
        select gene, tasks, coalesce(tests, 0), error
        from labelled left join tested using (gene) order by error desc nulls last, gene"""
    ).fetchall()
    return [GeneRow(*row) for row in rows]


def gene_detail(con: duckdb.DuckDBPyConnection, gene: str) -> GeneDetail:
    """Labels, texts and test scores of one gene."""
    labels = con.execute(
        """select distinct name, class, text from task_genes join tasks on tasks.hash = task_hash
        where gene = ? order by name, class""",
        [gene],
    ).fetchall()
    scores = con.execute(
        f"""select task, model, protocol, preset, text, avg(chance) as score, count(*)
        from ({_TESTS}) where gene = ? group by all order by task, score""",
        [gene],
    ).fetchall()
    return GeneDetail(gene, labels, [GeneScore(*row) for row in scores])


def embedded_genes(con: duckdb.DuckDBPyConnection, gene: str) -> Embedded | None:
    """The genes to compare with `gene`, by the model with most results on its tasks, if any."""
    best = con.execute(
        f"""select model, preset, text, spec_model, embedding, hashes from ({_USES})
        where exists (from task_genes where gene = ? and list_contains(hashes, task_hash))
        order by splits desc, model, preset, text limit 1""",
        [gene],
    ).fetchone()
    if best is None:
        return None
    name, preset, text, model, embedding, hashes = best
    rows = con.execute(
        """select gene, arg_max(text, list_position(?, task_hash)),
            string_agg(distinct class, ', ' order by class)
        from task_genes where list_contains(?, task_hash) group by gene""",
        [hashes, hashes],
    ).fetchall()
    return Embedded(
        Model(name, **json.loads(model)),
        EmbeddingOptions(**json.loads(embedding)),
        preset,
        text,
        {symbol: text for symbol, text, _ in rows},
        {symbol: labels for symbol, _, labels in rows},
    )
