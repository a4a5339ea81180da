"""`genearena remove`: what you brought in, taken out again."""

from __future__ import annotations

from typing import get_args

import click

from store.records import Brought
from tui.commands.common import Session, command, say


@command("remove")
@click.argument("kind", type=click.Choice(get_args(Brought)), metavar="task|vectors|descriptions|model")
@click.argument("name")
def remove_command(session: Session, kind: Brought, name: str) -> None:
    """Remove NAME, a task, vectors, descriptions or a model of your own.

    The copy that an import made is deleted; files of a model that lie elsewhere stay. Results stay, and
    tables keep their rows. No merge brings it back; importing or adding it again does. `genearena sets NAME
    --remove` removes a set of tasks, and `genearena clean` embeddings and downloads.
    """
    from engine.homes.removal import take_back

    for sentence in take_back(session.writable(), kind, name):
        say(sentence)
