"""The genes of one task as one contestant tells them: name, class, error and how many tests it rests on.

The functions take a read-only connection and give frozen values; they may block, and are for workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from store.errors import GeneArenaError

if TYPE_CHECKING:
    import duckdb

    from store.home import Home

Error = tuple[float | None, float | None, int]
"""Mean, sd over tests, and how many there were."""
UNTESTED: Final[Error] = (None, None, 0)

_CONTESTANTS: Final = """
    select task, model, preset, text, bool_or(control),
        bool_or(spec->>'embedding' <> '{}' and not control), arg_max(task_hash, finished_at),
        sum(n) as splits, avg(auc) as mean
    from (
        select distinct on (model, task, protocol, preset, text, scheme)
            model, task, preset, text, n, auc, config, control
        from ranked
    ) join (
        select config, any_value(spec) as spec, any_value(task_hash) as task_hash,
            max(finished_at) as finished_at
        from units group by config
    ) using (config)
    where n > 0
    group by task, model, preset, text
    order by task, bool_or(control), 6 desc, splits desc, round(mean, 9) desc, model, preset, text"""
"""Who told a task's genes apart: those with vectors first, the best of them first of all; controls last."""

_ERRORS: Final = """
    select gene, label, avg(error), stddev_samp(error), count(*) from (
        select gene, label, 1 - predictions.scores[label + 1] as error
        from predictions join units using (key) semi join ranked
            using (model, task, protocol, preset, text, scheme, config)
        where model = $model and task = $task and preset = $preset and text = $text
            and (protocol = $protocol or $protocol = '')
    ) group by all"""
"""Of each gene of a task, how far its tests were off."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Whose tests of a task's genes are looked at."""

    task: str
    model: str
    preset: str
    text: str
    control: bool
    vectors: bool
    """Whether it placed each gene by a vector of its own, so that there can be a map."""
    task_hash: str
    """The version of the task that it was tested on."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One gene of a task."""

    gene: str
    label: int
    """Its class, as an index into `GeneList.classes`."""
    text: str
    family: str
    """Its gene family; empty if none is known here."""
    error: float | None
    """Mean distance of the true class's probability from 1; None if it was in no test set."""
    sd: float | None
    """Of that between tests; None with fewer than two."""
    tests: int


@dataclass(frozen=True, slots=True)
class GeneList:
    """The genes of a task, the worst told apart first."""

    of: Contestant
    classes: Sequence[str]
    genes: Sequence[Listed]


def contestants(con: duckdb.DuckDBPyConnection) -> list[Contestant]:
    """All that have results, by task; those with vectors first, controls last."""
    return [Contestant(*row[:7]) for row in con.execute(_CONTESTANTS).fetchall()]


def gene_list(con: duckdb.DuckDBPyConnection, home: Home, of: Contestant) -> GeneList:
    """Every gene of a task as it was when it was tested."""
    rows = con.execute(
        'select gene, label, class, text from task_genes where task_hash = ? order by "index"',
        [of.task_hash],
    ).fetchall()
    named = {label: called for _, label, called, _ in rows}
    classes = [named.get(label, "") for label in range(max(named, default=-1) + 1)]
    errors = errors_of(con, of.model, of.task, of.preset, of.text)
    families = _families([gene for gene, *_ in rows], home)
    genes = [
        Listed(gene, label, text, family, *errors.get((gene, label), UNTESTED))
        for (gene, label, _, text), family in zip(rows, families, strict=True)
    ]
    genes.sort(key=lambda item: (item.error is None, -(item.error or 0.0), item.gene))
    return GeneList(of, classes, genes)


def errors_of(
    con: duckdb.DuckDBPyConnection, model: str, task: str, preset: str, text: str, protocol: str = ""
) -> dict[tuple[str, int], Error]:
    """(gene, label) -> how far its tests were off; by all protocols where none is named."""
    place = {"model": model, "task": task, "preset": preset, "text": text, "protocol": protocol}
    rows = con.execute(_ERRORS, place).fetchall()
    return {(gene, label): (error, sd, tests) for gene, label, error, sd, tests in rows}


def _families(genes: Sequence[str], home: Home) -> Sequence[str]:
    from engine.data.genes.families import families_here

    try:
        return families_here(home).of(genes)
    except GeneArenaError:
        return [""] * len(genes)
