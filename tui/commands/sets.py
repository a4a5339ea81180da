"""`genearena sets`: the sets of tasks that ranked tables are of, and naming one."""

from __future__ import annotations

import contextlib

import click

from engine.data.tasks.sets import Sets, define_set, list_sets, remove_set, shipped_sets
from engine.data.tasks.shelf import task_names
from engine.plan.names import resolve_tasks
from store.errors import StoreError, UsageError, unknown
from store.sets import OWN
from tui.commands.common import Session, command, json_option, put_json, put_table, say


@command("sets")
@click.argument("name", required=False)
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@click.option("--remove", is_flag=True, help="Remove the set NAME; its tasks and their results stay.")
@json_option
def sets_command(
    session: Session, name: str | None, tasks: tuple[str, ...], remove: bool, as_json: bool
) -> None:
    """The sets of tasks; or name one: NAME is then the set of these TASKs, in this order.

    Every ranked table is of one set, and a mean is over all tasks of its set. The set paper is the
    paper's four tasks, essentiality the task essential, and own every task that is in no other set. A
    task may be in several sets.
    """
    if remove:
        if name is None or tasks:
            raise UsageError("--remove takes the name of one set.", "genearena sets NAME --remove")
        remove_set(session.writable(), name)
        say(f"The set {name} is removed; its tasks and their results stay.")
    elif name is not None and tasks:
        home = session.writable()
        chosen = resolve_tasks(home, tasks)
        before = define_set(home, name, chosen, [*task_names(home), *_with_results(session)])
        instead = f", no longer {', '.join(before)}" if before not in ((), chosen) else ""
        told = f"The set {name} is {', '.join(chosen)}{instead}"
        say(f"{told}; `genearena rank --set {name}` shows its tables.")
    else:
        _put_sets(list_sets(session.home), name, as_json)


def _with_results(session: Session) -> set[str]:
    """Tasks that something was scored on, some of which may have been removed since."""
    from store import connect
    from store.queries import members

    with contextlib.suppress(StoreError), connect(session.saved) as connection:
        return {task for tasks in members(connection).values() for task in tasks}
    return set()


def _put_sets(sets: Sets, name: str | None, as_json: bool) -> None:
    if name is not None and name not in sets:
        sentence, hint = unknown("set of tasks", name, sets)
        raise UsageError(sentence, f"{hint} `genearena sets {name} TASK...` names it.")
    shown = {one: tasks for one, tasks in sets.items() if name in (None, one)}
    if as_json:
        shipped = shipped_sets()
        put_json(
            [
                {"name": one, "tasks": tasks, "named": one != OWN and shipped.get(one) != tasks}
                for one, tasks in shown.items()
            ]
        )
        return
    put_table(("set", "tasks"), [(one, ", ".join(tasks) or "-") for one, tasks in shown.items()], limit=0)
