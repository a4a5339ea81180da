"""The leak auditor: all that may give the labels of a task away, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from threadpoolctl import threadpool_limits

from engine.cancel import Cancel, Progress, check
from engine.data.genes.families import Families
from engine.leaks.alone import fits_of, judge, part_of, sample, scored, splits_of
from engine.leaks.finding import Finding
from engine.leaks.relatives import look_for_both, look_for_relatives
from engine.leaks.tables import look_at_table
from engine.leaks.twins import look_for_twins
from engine.leaks.words import look_for_words
from store.home import Home
from store.records import Model, Task


def audit_leaks(
    task: Task,
    masked: Task | None,
    families: Families,
    tables: Sequence[Model],
    home: Home,
    cancel: Cancel,
    progress: Progress | None = None,
) -> tuple[Finding, ...]:
    """Look for every kind of leak; the alarming findings first.

    Args:
        task: With each gene once in a class.
        masked: The same with masked texts; None if its own are masked.
        families: Which genes are relatives.
        tables: Tables of vectors that are on this machine.
        home: Where these are.
        cancel: Looked at before every fit and block.
        progress: Told (done, total) after each fit, and each of the other looks.

    Raises:
        DataError: the task cannot be split, or a file is damaged.
        Stopped: `cancel` was set.
    """
    splits = splits_of(task)
    part, masked_part, part_splits = task, masked, splits
    if len(places := sample(task)) < len(task.genes):
        part = part_of(task, places)
        masked_part = part_of(masked, places) if masked is not None else None
        part_splits = splits_of(part)
    total = fits_of(part, masked_part) + 4 + len(tables)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    def looked(look: Callable[[], list[Finding]]) -> list[Finding]:
        check(cancel)
        found = look()
        step()
        return found

    findings = [
        *looked(lambda: [look_for_words(task)]),
        *looked(lambda: look_for_twins(task, splits, cancel)),
        *looked(lambda: [look_for_relatives(task, splits, families)]),
        *looked(lambda: [look_for_both(task)]),
    ]
    for table in tables:
        findings += looked(lambda table=table: look_at_table(task, table, home))  # type: ignore[misc]
    with threadpool_limits(1, "blas"):  # as for every classifier; more would only wait for each other
        cells = scored(part, masked_part, part_splits, cancel, step)
    findings = judge(part, cells, task) + findings
    return tuple(sorted(findings, key=lambda finding: not finding.alarming))
