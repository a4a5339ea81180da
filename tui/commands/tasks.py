"""`genearena tasks`: what there is to choose from, and which genes a task uses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from engine.catalog.presets import axes_for
from engine.data.importers import import_notes
from engine.data.load import load_task
from engine.data.outline import Reading
from engine.data.tasks.shelf import TaskInfo, list_tasks
from engine.plan.names import resolve_descriptions, resolve_tasks
from store.errors import UsageError
from store.records import Task
from tui.commands.common import Session, command, json_option, put, put_json, put_table, say
from tui.commands.leaks import leaks_json, put_leaks


@command("tasks")
@click.argument("name", required=False)
@click.option(
    "--audit",
    "exceptions",
    is_flag=True,
    help="Every gene that needs a word, and all that may give the labels away.",
)
@click.option(
    "--preset", default="paper", show_default=True, help="Whose rules decide which genes are used."
)
@click.option("--text", default="facts", show_default=True, help="The text recipe.")
@click.option("--descriptions", default="", metavar="FILE", help="Texts to use instead of the recipe's.")
@click.option("--remove", is_flag=True, help="The same as `remove task NAME`.")
@json_option
def tasks_command(
    session: Session,
    name: str | None,
    exceptions: bool,
    preset: str,
    text: str,
    descriptions: str,
    remove: bool,
    as_json: bool,
) -> None:
    """The tasks; or NAME's genes of each class from the label file to the analysis."""
    if remove:
        _remove(session, name)
        return
    home = session.home
    if name is None and not exceptions:
        _put_list(list_tasks(home), as_json)
        return
    wanted = (
        resolve_tasks(home, (name,))
        if name
        else tuple(info.name for info in list_tasks(home) if not info.problem)
    )
    axes = axes_for(preset)
    reading = Reading(axes.labels, text, axes.provenance, resolve_descriptions(home, descriptions))
    tasks = [load_task(one, home, **asdict(reading)) for one in wanted]
    if as_json:
        leaks = [leaks_json(one, home, reading) if exceptions else {} for one in wanted]
        notes = [{"notes": import_notes(task.name, home)} for task in tasks]
        put_json(
            [_task_json(task) | note | found for task, note, found in zip(tasks, notes, leaks, strict=True)]
        )
        return
    for one, task in zip(wanted, tasks, strict=True):
        _put_audit(task, exceptions)
        for note in import_notes(task.name, home):
            say(note)
        if exceptions:
            put_leaks(one, home, reading)
        put("")


def _remove(session: Session, name: str | None) -> None:
    from engine.homes.removal import take_back

    if name is None:
        raise UsageError("--remove needs the name of a task.", "genearena tasks NAME --remove")
    for sentence in take_back(session.writable(), "task", name):
        say(sentence)


def _put_list(infos: tuple[TaskInfo, ...], as_json: bool) -> None:
    if as_json:
        put_json([asdict(info) for info in infos])
        return
    rows = [
        (
            info.name,
            info.paper_task,
            ", ".join(f"{label} {count}" for label, count in zip(info.classes, info.counts, strict=True)),
            info.title,
        )
        for info in infos
        if not info.problem
    ]
    put_table(("task", "paper", "classes", "title"), rows)
    for info in infos:
        if info.problem:
            say(f"warning: {info.name}: {info.problem}")


def _task_json(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "title": task.title,
        "hash": task.hash,
        "source": task.source,
        "genes": len(task.genes),
        **asdict(task.audit),
    }


def _put_audit(task: Task, exceptions: bool) -> None:
    put(f"{task.name}: {task.title}")
    put(f"source: {task.source}")
    put(f"{len(task.genes)} genes, hash {task.hash[:16]}")
    columns = ("class", "raw", "unique", "mapped", "with text", "used")
    counts = [(c.label, c.raw, c.unique, c.mapped, c.with_text, c.used) for c in task.audit.classes]
    put_table(columns, counts, right={1, 2, 3, 4, 5})
    if exceptions and task.audit.genes:
        put("")
        put_table(
            ("identifier", "symbol", "class", "reason", "used"),
            [
                (g.identifier, g.symbol, g.label, g.reason, "yes" if g.used else "no")
                for g in task.audit.genes
            ],
        )
    elif task.audit.genes:
        say(f"{len(task.audit.genes)} genes need a word; --audit lists them.")
