"""A task cut down to the genes that tables of vectors have, as a task of its own.

The authors did so with GenePT's table. A task has one hash and one set of splits, so models stay
comparable only if all of them are run on the smaller task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.data.genes.meanings import Meanings
from engine.data.importers.labels import ImportReport, keep_task
from engine.data.importers.names import check_task_name, plain_name
from engine.data.load import find_label_list
from engine.data.tasks.folder import LabelList, Rows
from engine.data.tasks.shelf import taken_names
from store.errors import UsageError
from store.home import Home
from store.records import Model


def import_covered(task: str, models: Sequence[Model], name: str, home: Home) -> ImportReport:
    """Keep the genes of `task` that have a vector in all of `models` as a task of its own.

    Args:
        task: a task's name, or the path of a label file.
        models: tables of vectors.
        name: the new task's name; made of the others' if empty.
        home: where it is kept.

    Raises:
        UsageError: no such task, a name that is taken or unusable, or a model that is not a table.
        DataError: too few genes of a class are left, or a table cannot be read.
        ModelError: a table is not on this machine.
        StoreError: it cannot be written.
    """
    from engine.embedding.embed import look_up

    for model in models:
        if model.kind != "vectors":
            raise UsageError(
                f"{model.name} is not a table of vectors, so it covers every gene with a text."
            )
    whole = find_label_list(task, home)
    tables = " and ".join(model.name for model in models)
    name = name or plain_name(f"{whole.heading.name}.in.{tables}")
    check_task_name(name, taken_names(home))
    symbols = sorted(set(whole.meanings.symbols(whole.rows.identifiers)))
    missing = {symbol for model in models for symbol in look_up(model, symbols, home)[1]}
    kept = _without(whole, missing)
    title = f"{whole.heading.title}; genes in {tables} only"
    kept = replace(kept, heading=replace(whole.heading, name=name, title=title, paper_task=""))
    more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
    shown = ", ".join(sorted(missing)[:10]) + more
    note = f"{len(missing)} of {len(symbols)} genes have no vector in {tables}"
    return keep_task(kept, "part of a task", (f"{note}: {shown}." if missing else f"{note}.",), home)


def _without(task: LabelList, missing: set[str]) -> LabelList:
    """`task` without the rows that mean a missing gene; of an id of two genes, both must be there."""
    rows = Rows.of(row for row in task.rows if missing.isdisjoint(task.meanings[row[0]].symbols))
    used = set(rows.identifiers)
    meanings = Meanings({key: task.meanings[key] for key in task.meanings if key in used})
    return replace(task, rows=rows, meanings=meanings)
