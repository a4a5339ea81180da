"""How far tests of genes are off, by task and model: the hardest genes of a task, one gene everywhere.

Errors are those of contestants: a control that is meant to know nothing says nothing of a gene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.questions.maps import CONFIDENTLY_WRONG

if TYPE_CHECKING:
    import duckdb

_ERRORS: Final = """
    select gene, label, task, model, 1 - predictions.scores[label + 1] as error
    from predictions join units using (key)
    semi join ranked using (model, task, protocol, preset, text, scheme, config)
    where not units.control and (protocol = $protocol or $protocol = '')"""
"""Every test of every gene by a contestant, and how far it was off."""


@dataclass(frozen=True, slots=True)
class Tests:
    """What tests of one gene in one class say."""

    error: float
    """Mean distance of the true class's probability from 1."""
    sd: float | None
    """Between tests; None with one."""
    tests: int

    @property
    def verdict(self) -> str:
        """In a word or two."""
        if self.error >= CONFIDENTLY_WRONG:
            return "surely wrong"
        return "wrong" if self.error > 0.5 else "right"


@dataclass(frozen=True, slots=True)
class HardGene:
    """One gene of a task."""

    gene: str
    called: str
    """Its class."""
    tests: Tests
    models: int
    """How many models were tested on it."""
    wrong: int
    """How many of them are wrong about it on average."""


@dataclass(frozen=True, slots=True)
class ModelTests:
    """What one model says of a gene in a task."""

    task: str
    called: str
    """Its class."""
    model: str
    tests: Tests


def hardest(con: duckdb.DuckDBPyConnection, task: str, protocol: str = "") -> list[HardGene]:
    """The tested genes of a task, the worst told apart first.

    Args:
        con: From `store.connect()`.
        task: Its name.
        protocol: Only tests by this one; empty: all.
    """
    rows = con.execute(
        f"""with told as (
            select gene, label, model, avg(error) as mean, list(error) as errors
            from ({_ERRORS} and task = $task) group by all
        ) select gene, label, avg(error), stddev_samp(error), count(*),
            count(distinct model), count(distinct model) filter (mean > 0.5)
        from (select gene, label, model, mean, unnest(errors) as error from told)
        group by gene, label order by 3 desc, gene""",
        {"task": task, "protocol": protocol},
    ).fetchall()
    classes = _classes(con, task)
    return [
        HardGene(gene, classes.get(label, ""), Tests(error, sd, tests), models, wrong)
        for gene, label, error, sd, tests, models, wrong in rows
    ]


def told_of(con: duckdb.DuckDBPyConnection, gene: str, protocol: str = "") -> list[ModelTests]:
    """What each model says of a gene, by task, the model that is worst with it first."""
    rows = con.execute(
        f"""select task, label, model, avg(error), stddev_samp(error), count(*)
        from ({_ERRORS} and gene = $gene) group by all order by task, 4 desc, model""",
        {"gene": gene, "protocol": protocol},
    ).fetchall()
    classes = {task: _classes(con, task) for task in {row[0] for row in rows}}
    return [
        ModelTests(task, classes[task].get(label, ""), model, Tests(error, sd, tests))
        for task, label, model, error, sd, tests in rows
    ]


def tested_tasks(con: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """The tasks that have tests."""
    return [task for (task,) in con.execute("select distinct task from units order by task").fetchall()]


def _classes(con: duckdb.DuckDBPyConnection, task: str) -> dict[int, str]:
    """Label -> class, as the task's newest version that was run has it."""
    found = con.execute(
        """select distinct label, class from task_genes where task_hash = (
            select arg_max(task_hash, finished_at) from units where task = ?)""",
        [task],
    ).fetchall()
    return dict(found)
