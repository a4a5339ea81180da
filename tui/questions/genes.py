"""What the Genes screen asks: the hardest genes, one in full, those it compares with.

A gene stands in the tasks that can be chosen now and in those the database has, each in its newest
version. The functions take a read-only connection, or None while nothing was saved, and give frozen values.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from store.arm import Arm
from store.errors import DataError
from store.records import EmbeddingOptions, Model, Task

if TYPE_CHECKING:
    import duckdb

    from store.home import Home

_RANKED: Final = "semi join ranked using (model, task, protocol, preset, text, scheme, config)"
"""To the configuration that counts: not those of an earlier revision, or of a task before it was edited."""

_TESTS: Final = f"""
    select gene, task, model, protocol, preset, text, scheme, units.control,
        predictions.scores[label + 1] as chance
    from predictions join units using (key) {_RANKED}"""
"""Every test of every gene in a ranked cell, with the probability of its true class."""

_NEWEST: Final = """
    select task, text as recipe, arg_max(task_hash, finished_at) as task_hash, max(finished_at) as used_at
    from units group by all"""
"""The newest version of each task that was run, one for each kind of text."""

_LABELLED: Final = f"""
    select task, gene, class
    from task_genes join (
        select task, arg_max(task_hash, used_at) as task_hash from ({_NEWEST}) group by task
    ) using (task_hash)"""
"""Every gene of each task that was run, as its newest version labels it."""

_USES: Final = """
    select model, preset, text, spec_model, embedding,
        sum(n) as splits, list(task_hash order by used_at) as hashes
    from (
        select task, model, preset, text, spec->'model' as spec_model, spec->'embedding' as embedding,
            sum(n) as n, arg_max(used.task_hash, finished_at) as task_hash, max(finished_at) as used_at
        from (select distinct on (model, task, protocol, preset, text, scheme) * from ranked) join (
            select config, any_value(spec) as spec, any_value(task_hash) as task_hash
            from units group by config
        ) as used using (config)
        where n > 0 and spec->>'embedding' <> '{}' group by all
    ) group by all"""
"""Each model that makes vectors, once for each way of using it and kind of text, with the newest version
it has of each task, the latest last."""


@dataclass(frozen=True, slots=True)
class GeneRow:
    """A gene in the list: where it is labelled and how well it is told apart."""

    gene: str
    tasks: int
    tests: int
    """Test scores in all ranked cells, whatever the contestant and the table."""
    error: float | None
    """Mean distance of the true class's probability from 1."""


@dataclass(frozen=True, slots=True)
class GeneScore:
    """How well one ranked cell tells a gene."""

    task: str
    model: str
    arm: Arm
    score: float
    """Mean probability of the true class."""
    tests: int


@dataclass(frozen=True, slots=True)
class GeneDetail:
    """One gene in full."""

    gene: str
    labels: Sequence[tuple[str, str]]
    """Task, class."""
    texts: Sequence[str]
    """Each once, first those it has in the tasks that can be chosen."""
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


def chosen_from(home: Home) -> Iterator[Task]:
    """Every task that can be chosen and used, with the text recipe that is chosen at first."""
    from engine.data.load import load_task
    from engine.data.tasks.shelf import list_tasks

    for task in list_tasks(home):
        with contextlib.suppress(DataError):
            yield load_task(task.name, home)


def genes(con: duckdb.DuckDBPyConnection | None, tasks: Collection[Task]) -> list[GeneRow]:
    """Every gene of `tasks`, and of others that were run, the worst told apart first."""
    stands_in = Counter(gene for task in tasks for gene in set(task.genes))
    tests: dict[str, tuple[int, float]] = {}
    if con is not None:
        others = f"""
            select gene, count(distinct task) from ({_LABELLED})
            where not list_contains(?::varchar[], task) group by gene"""
        for gene, number in con.execute(others, [[task.name for task in tasks]]).fetchall():
            stands_in[gene] += number
        query = f"select gene, count(*), avg(1 - chance) from ({_TESTS}) where not control group by gene"
        asked = con.execute(query)
        tests = {gene: (number, error) for gene, number, error in asked.fetchall()}
    rows = [GeneRow(gene, number, *tests.get(gene, (0, None))) for gene, number in stands_in.items()]
    return sorted(rows, key=lambda row: (row.error is None, -(row.error or 0.0), row.gene))


def gene_detail(con: duckdb.DuckDBPyConnection | None, gene: str, tasks: Collection[Task]) -> GeneDetail:
    """Labels, texts and test scores of one gene."""
    here = [
        (task, task.classes[label], text)
        for task in tasks
        for symbol, label, text in zip(task.genes, task.labels, task.texts, strict=True)
        if symbol == gene
    ]
    labels = {(task.name, label) for task, label, _ in here}
    texts = [text for _, _, text in here]
    if con is None:
        return GeneDetail(gene, sorted(labels), list(dict.fromkeys(texts)), [])
    labels |= _saved_labels(con, gene, {task.name for task in tasks})
    texts += _saved_texts(con, gene, {(task.name, task.recipe) for task in tasks})
    scores = con.execute(
        f"""select task, model, protocol, preset, text, scheme, avg(chance) as score, count(*)
        from ({_TESTS}) where gene = ? group by all order by task, score""",
        [gene],
    ).fetchall()
    means = [
        GeneScore(task, model, Arm(*place), score, tests) for task, model, *place, score, tests in scores
    ]
    return GeneDetail(gene, sorted(labels), list(dict.fromkeys(texts)), means)


def _saved_labels(
    con: duckdb.DuckDBPyConnection, gene: str, without: Collection[str]
) -> set[tuple[str, str]]:
    """(task, class) in the tasks that were run, but those named."""
    rows = con.execute(f"select task, class from ({_LABELLED}) where gene = ?", [gene]).fetchall()
    return {(task, label) for task, label in rows if task not in without}


def _saved_texts(
    con: duckdb.DuckDBPyConnection, gene: str, without: Collection[tuple[str, str]]
) -> list[str]:
    """The texts in the tasks that were run, but those of the (task, recipe) named; the latest first."""
    rows = con.execute(
        f"""select task, recipe, text from task_genes join ({_NEWEST}) using (task_hash)
        where gene = ? order by used_at desc, task""",
        [gene],
    ).fetchall()
    return [text for task, recipe, text in rows if (task, recipe) not in without]


def embedded_genes(con: duckdb.DuckDBPyConnection, gene: str, model: str = "") -> Embedded | None:
    """The genes to compare with `gene`, by `model`, else by that with most results on its tasks, if any."""
    best = con.execute(
        f"""select model, preset, text, spec_model, embedding, hashes from ({_USES})
        where exists (from task_genes where gene = ? and list_contains(hashes, task_hash))
        order by model = ? desc, splits desc, model, preset, text limit 1""",
        [gene, model],
    ).fetchone()
    if best is None:
        return None
    name, preset, text, spec, embedding, hashes = best
    rows = con.execute(
        """select gene, arg_max(text, list_position(?, task_hash)),
            string_agg(distinct class, ', ' order by class)
        from task_genes where list_contains(?, task_hash) group by gene""",
        [hashes, hashes],
    ).fetchall()
    return Embedded(
        Model(name, **json.loads(spec)),
        EmbeddingOptions(**json.loads(embedding)),
        preset,
        text,
        {symbol: text for symbol, text, _ in rows},
        {symbol: labels for symbol, _, labels in rows},
    )
