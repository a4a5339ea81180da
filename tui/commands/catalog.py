"""`genearena tasks` and `genearena models`: what there is to choose from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from engine.catalog.models import list_models, local_path
from engine.catalog.presets import axes_for
from engine.data.tasks import TaskInfo, list_tasks, load_task
from store.errors import UsageError, unknown
from store.records import Model, Task
from tui.commands.common import Session, command, json_option, put, put_json, put_table, say
from tui.commands.select import resolve_descriptions, resolve_tasks


@command("tasks")
@click.argument("name", required=False)
@click.option("--audit", "exceptions", is_flag=True, help="Every gene that needs a word, with its reason.")
@click.option(
    "--preset", default="paper", show_default=True, help="Whose rules decide which genes are used."
)
@click.option("--text", default="facts", show_default=True, help="The text recipe.")
@click.option("--descriptions", default="", metavar="FILE", help="Texts to use instead of the recipe's.")
@json_option
def tasks_command(
    session: Session,
    name: str | None,
    exceptions: bool,
    preset: str,
    text: str,
    descriptions: str,
    as_json: bool,
) -> None:
    """The tasks; or NAME's genes of each class from the label file to the analysis."""
    home = session.home
    infos = list_tasks(home)
    if name is None and not exceptions:
        _put_list(infos, as_json)
        return
    wanted = (
        resolve_tasks(home, (name,)) if name else tuple(info.name for info in infos if not info.problem)
    )
    axes = axes_for(preset)
    tasks = [
        load_task(
            one,
            home,
            labels=axes.labels,
            text=text,
            provenance=axes.provenance,
            descriptions=resolve_descriptions(home, descriptions),
        )
        for one in wanted
    ]
    if as_json:
        put_json([_task_json(task) for task in tasks])
        return
    for task in tasks:
        _put_audit(task, exceptions)


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
    put("")


@command("models")
@click.option(
    "--allow", default="", metavar="HOST", help="Agree that texts are sent to an endpoint's host."
)
@json_option
def models_command(session: Session, allow: str, as_json: bool) -> None:
    """The models of the catalog and your own, and whether they are on this machine."""
    if allow:
        _allow(session, allow)
        return
    rows = [(model, _where(model, session)) for model in list_models(session.home)]
    if as_json:
        put_json([{**asdict(model), "path": where or None} for model, where in rows])
        return
    put_table(
        ("model", "kind", "dim", "parameters", "licence", "here", "note"),
        [
            (
                model.name,
                model.kind,
                model.dimension or "",
                f"{model.parameters / 1e6:.1f}M" if model.parameters else "",
                model.licence,
                "yes" if where else "no",
                model.note,
            )
            for model, where in rows
        ],
        right={2, 3},
    )
    if any(not where for model, where in rows if model.kind != "endpoint"):
        say("`genearena fetch model NAME` brings one that is not here.")


def _allow(session: Session, host: str) -> None:
    """Record that texts may go to `host`, which one of the user's models has to name."""
    from engine.endpoint import agree, host_of

    hosts = [host_of(model) for model in list_models(session.home) if model.kind == "endpoint"]
    if host not in hosts:
        raise UsageError(*unknown("endpoint with the host", host, hosts))
    agree(session.writable(), host)
    say(f"Texts may be sent to {host}; take the consent back by deleting endpoints.json.")


def _where(model: Model, session: Session) -> str:
    path = local_path(model, session.home)
    return str(path) if path else ""
