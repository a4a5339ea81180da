"""`merge`, `backup`, `restore` and `clean`: a home as a whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.homes.clean import REMOVABLE, heaps, remove
from tui.commands.common import (
    Session,
    command,
    counted,
    json_option,
    may_write,
    put,
    put_json,
    put_table,
    say,
)
from tui.quantities import mebi

if TYPE_CHECKING:
    from engine.homes.merge import Merged


@command("merge")
@click.argument("other", metavar="HOME", type=click.Path(path_type=Path))
@json_option
def merge_command(session: Session, other: Path, as_json: bool) -> None:
    """Take in the results, tasks, vectors, descriptions and models of HOME, by content.

    HOME is what --home names there, or its data folder. Nothing in it is changed, nothing here is
    replaced, and merging again does nothing.
    """
    from engine.homes.merge import merge, other_home

    _put_merged(merge(session.writable(), other_home(other)), as_json)


@command("backup")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@json_option
def backup_command(session: Session, path: Path, force: bool, as_json: bool) -> None:
    """Keep results, tasks, vectors, descriptions and settings in FILE (.tar, or packed as .tar.gz).

    It may be made during a run, and has no database and no caches, which are made again.
    """
    from engine.homes.backup import backup

    may_write(session, str(path), force)
    done = backup(session.saved, path, replace=True)
    if as_json:
        put_json(asdict(done))
        return
    put(f"{done.path}: {counted(done.files, 'file')}, {mebi(done.size)}")


@command("restore")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@json_option
def restore_command(session: Session, path: Path, as_json: bool) -> None:
    """Take in what the backup FILE holds; what is here stays, as with `merge`."""
    from engine.homes.backup import restore

    _put_merged(restore(session.writable(), path), as_json)


def _put_merged(merged: Merged, as_json: bool) -> None:
    if as_json:
        put_json(asdict(merged))
        return
    put(f"{counted(merged.scored, 'scored split')} new here, from {counted(merged.journals, 'journal')}")
    for what, names in (
        ("tasks", merged.tasks),
        ("vectors", merged.vectors),
        ("descriptions", merged.descriptions),
        ("models", merged.models),
    ):
        if names:
            put(f"{what}: {', '.join(names)}")
    if merged.conflicts:
        say(
            f"{counted(merged.conflicts, 'split')} had another number there than here; the earliest is "
            'kept, and `genearena sql "from conflicts"` shows them all.'
        )
    for note in merged.notes:
        say(note)


@command("clean")
@click.argument("what", nargs=-1, type=click.Choice(REMOVABLE), metavar="[SORT]...")
@json_option
def clean_command(session: Session, what: tuple[str, ...], as_json: bool) -> None:
    """What takes how much of the disk; with SORTs, remove those.

    Results and what you imported are never removed.
    """
    home = session.home
    if what:
        freed = remove(home, what)
        say(f"{mebi(freed)} freed.")
    found = heaps(home)
    if as_json:
        put_json(
            [
                {
                    "sort": heap.name,
                    "files": len(heap.files),
                    "bytes": heap.size,
                    "removable": heap.removable,
                }
                for heap in found
            ]
        )
        return
    rows = [
        (heap.name, len(heap.files), mebi(heap.size), "yes" if heap.removable else "never", heap.what)
        for heap in found
    ]
    put_table(("sort", "files", "size", "removable", "what"), rows, right={1, 2}, limit=80)
