"""`queue`: the launches that wait or did not come to their end, and forgetting them."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

import click

from engine.mailbox import clear_queue, damaged, drop, runner_alive, unfinished, waiting
from store.errors import UsageError
from tui.clock import in_full
from tui.commands.common import Session, counted, home_option, json_option, put_json, put_table, say

if TYPE_CHECKING:
    from engine.mailbox import Entry
    from store.home import Home

COLUMNS: Final = ("id", "state", "launched", "what", "why")


@click.group("queue", invoke_without_command=True)
@home_option
@json_option
@click.pass_context
def queue_command(context: click.Context, as_json: bool) -> None:
    """What waits for the runner, and what was begun and is not finished.

    `genearena resume` goes on with all of it. An id stays a launch's own, whatever is run or removed
    meanwhile.
    """
    if context.invoked_subcommand is not None:
        return
    home = context.obj.home
    entries, broken = listed(home), damaged(home)
    rows = [(one.id, one.state, one.launched_at, one.launch.selection.words, one.why) for one in entries]
    if as_json:
        put_json(
            [
                {**dict(zip(COLUMNS, row, strict=True)), **one.launch.to_json()}
                for one, row in zip(entries, rows, strict=True)
            ]
        )
    elif rows:
        told = [(name, state, in_full(moment)[:16], *rest) for name, state, moment, *rest in rows]
        put_table(COLUMNS, told, limit=120 if sys.stdout.isatty() else 0)
    else:
        say("Nothing waits and nothing is unfinished.")
    for path in broken:
        say(f"The file {path} should be a launch and cannot be read; `genearena queue clear` removes it.")


@queue_command.command("remove")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@home_option
@click.pass_obj
def remove(session: Session, ids: tuple[str, ...]) -> None:
    """Forget the launches of these ids; what is scored of them is kept."""
    for entry in drop(session.writable(), *ids):
        say(f"Removed {entry.id}: {entry.launch.selection.words}.")


@queue_command.command("clear")
@home_option
@click.pass_obj
def clear(session: Session) -> None:
    """Forget all that waits or is unfinished, but not what runs; what is scored is kept."""
    home = session.writable()
    entries, broken = listed(home), damaged(home)
    clear_queue(home)
    for entry in unfinished(home, runner_alive(home)):
        with contextlib.suppress(UsageError):  # it has just begun again
            drop(home, entry.id)
    files = f" and {counted(len(broken), 'damaged file')}" if broken else ""
    say(f"Forgot {counted(len(entries), 'run')}{files}.")


def listed(home: Home) -> list[Entry]:
    """What is unfinished, and then what waits, in its order."""
    return [*unfinished(home, runner_alive(home)), *waiting(home)]
