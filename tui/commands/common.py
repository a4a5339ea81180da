"""What every subcommand shares: the session, the `--home` option, and how data and narration are printed.

Standard output carries data and nothing else; everything said about it goes to standard error.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

import click

from store.errors import StoreError, UsageError
from store.home import Home, find_home
from tui.terminal.ink import Ink, Look, plain
from tui.terminal.wrapping import width_of, wrapped
from tui.widgets.text import clean

_PATIENCE: Final = 2.0
"""Seconds without a word."""


@dataclass(slots=True)
class Session:
    """What the global options said."""

    override: str | None = None
    """`--home`, before or after the subcommand."""
    offline: bool = False
    """`--offline`."""

    @property
    def home(self) -> Home:
        """The folders this call works in.

        Raises:
            UsageError: the home of the user that the path names cannot be told.
        """
        try:
            return find_home(self.override)
        except RuntimeError as error:  # what pathlib raises for `~nobody`
            raise UsageError(f"{error}", "Choose a folder with --home DIR or GENEARENA_HOME.") from error

    @property
    def saved(self) -> Home:
        """The same, for commands that read results: whatever is saved is in the database.

        A run that was killed, or whose database somebody else held to its end, leaves rows that only
        the journals have. A live runner applies its own. Where that cannot be, it is said how much the
        tables lack.
        """
        from engine.mailbox import runner_alive
        from store.catching_up import catch_up, left_out

        home = self.home
        try:
            if runner_alive(home):
                why = "the runner adds them every few seconds."
            else:
                for sentence in catch_up(home, _Progress()):
                    say(sentence)
                return home
        except (StoreError, OSError) as error:
            why = str(error)
        if missing := left_out(home):
            say(f"{counted(missing, 'saved split')} not in these tables: {why}")
        return home

    @property
    def judged(self) -> Home:
        """The same, with the tables of intervals brought up to date if nobody holds the database."""
        home = self.saved
        from engine.verdicts.keep import refresh  # with NumPy, once it is sure that there is memory for it

        with contextlib.suppress(StoreError):
            refresh(home)
        return home

    def writable(self) -> Home:
        """The same, made if they are missing.

        Raises:
            UsageError: they cannot be made or written.
        """
        try:
            return self.home.create()
        except StoreError as error:
            raise UsageError(error.message, error.hint) from error


class _Progress:
    """How far reading long journals has come, said now and then."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Say it, unless the last time was a moment ago."""
        if time.monotonic() - self._said > _PATIENCE:
            self._said = time.monotonic()
            say(f"Reading {total / 1e9:.1f} GB of journals: {done / total:.0%}")


def _set_home(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value == "":  # what an unset shell variable leaves of `--home "$PLACE"`
        raise UsageError("--home names no folder.", "Choose a folder, or leave the option out.")
    if value is not None:
        ctx.ensure_object(Session).override = value


home_option = click.option(
    "--home",
    type=click.Path(readable=False),  # `Home.check` says what cannot be read
    metavar="DIR",
    help="Keep everything in this folder (or GENEARENA_HOME).",
    callback=_set_home,
    expose_value=False,
    is_eager=True,
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")


def command(
    name: str, kind: type[click.Command] = click.Command
) -> Callable[[Callable[..., Any]], click.Command]:
    """A subcommand that takes `--home` and is given the `Session` first."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name, kind)(home_option(click.pass_obj(function)))

    return decorate


def may_write(session: Session, output: str, force: bool) -> None:
    """See that something may be written to `output` before any work: ask whether to replace a file.

    Raises:
        UsageError: it is one of the home's own files, or is there and is not to be replaced.
        DataError: it cannot be written.
        click.Abort: the answer is no.
    """
    from store.destination import check_destination, waits_for_reader, would_replace

    if not force and would_replace(output) and sys.stdin.isatty() and sys.stderr.isatty():
        check_destination(session.home, output, replace=True)  # before one is asked for nothing
        question = clean(f"{output} is there already: replace it?", limit=0)
        force = click.confirm(question, err=True, abort=True)
    if waits_for_reader(check_destination(session.home, output, replace=force)):
        say(f"{output} is a pipe, which waits for its reader; Ctrl+C gives up.")


def counted(number: int, noun: str) -> str:
    """`2 problems`, `1 problem`; without the libraries of the screens, which have one of their own."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def pairs(values: Iterable[str], option: str) -> dict[str, str]:
    """`name=value` options as a dict.

    Raises:
        click.BadParameter: one has no `=`.
    """
    found: dict[str, str] = {}
    for value in values:
        name, mark, rest = value.partition("=")
        if not mark or not name.strip():
            raise click.BadParameter(f"{value!r} is not NAME=VALUE.", param_hint=option)
        found[name.strip()] = rest.strip()
    return found


def say(text: str) -> None:
    """A sentence or more of narration, on standard error."""
    click.echo(wrapped(clean(text, limit=1000), sys.stderr, long=False), err=True)


def put(text: str) -> None:
    """One line of data for a person, on standard output; more where the terminal is narrower."""
    click.echo(wrapped(clean(text, limit=0), sys.stdout))


def flat(record: Any) -> dict[str, Any]:
    """A dataclass as JSON tells it: the parts of its `table` or `arm` stand among its members."""
    members = asdict(record)
    table = members.pop("table", None)
    place = {"task_set": table["task_set"], **table["arm"]} if table else members.pop("arm")
    return {**place, **members}


def terminal_width() -> int:
    """Columns of the terminal that reads standard output; no end to them on a pipe and in plain mode."""
    return width_of(sys.stdout)


def put_json(value: Any) -> None:
    """`value` as JSON; ASCII only, so that nothing in it can steer a terminal."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=True, default=str))


def put_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Collection[int] = (),
    limit: int = 60,
    headings: Mapping[int, str] = MappingProxyType({}),
    looks: Mapping[tuple[int, int], Look] = MappingProxyType({}),
) -> None:
    """An aligned table; the columns in `right` are set to the right, cells cut at `limit` characters.

    In plain mode a row is a line that names each of its cells, with nothing drawn or aligned.

    Args:
        columns: Their titles, of one line or two.
        rows: Their cells.
        right: Places of columns that are set to the right.
        limit: Characters of a cell.
        headings: Rules with words, each above the row of its number.
        looks: (row, column) -> how a cell looks on a terminal with colours.
    """
    ink = Ink(sys.stdout)
    titles = [[clean(line, limit) for line in title.split("\n")] for title in columns]
    cells = [[clean(cell, limit) for cell in row] for row in rows]
    if plain():
        _put_plain([" ".join(lines) for lines in titles], cells, headings)
        return
    widths = [
        max([*map(len, lines), *(len(line[place]) for line in cells)]) for place, lines in enumerate(titles)
    ]
    _narrow(widths, [place for place in range(len(widths)) if place not in right])
    across = sum(widths) + 2 * (len(widths) - 1)

    def put_line(line: Sequence[str], look: Callable[[int], Look]) -> None:
        padded = []
        for place, (whole, width) in enumerate(zip(line, widths, strict=True)):
            cell = whole if len(whole) <= width else f"{whole[: width - 1]}…"
            blank = " " * (width - len(cell))
            of = look(place)
            filled = of.token.startswith("fill")
            text = blank + cell if place in right else cell + blank
            if filled:
                padded.append(ink(text, of))
            elif cell:
                shown = ink(cell, of)
                padded.append(blank + shown if place in right else shown + blank)
            else:
                padded.append(blank)
        click.echo("  ".join(padded).rstrip())

    for number in reversed(range(max((len(lines) for lines in titles), default=0))):
        put_line([lines[-1 - number] if number < len(lines) else "" for lines in titles], lambda _: _TITLE)
    for number, line in enumerate(cells):
        if number in headings:
            click.echo(ink(f"-- {headings[number]} ".ljust(across, "-"), _RULE))
        put_line(line, lambda place, number=number: looks.get((number, place), _USUAL))  # type: ignore[misc]


def _narrow(widths: list[int], words: Sequence[int]) -> None:
    """Make columns of words narrower until no line wraps, as far as that goes: the last ones first."""
    over = sum(widths) + 2 * (len(widths) - 1) - terminal_width()
    for place in sorted(words, reverse=True):
        less = min(max(widths[place] - _LEAST, 0), max(over, 0))
        widths[place], over = widths[place] - less, over - less


_LEAST: Final = 12
"""Characters of a column of words that are left to it."""
_TITLE: Final = Look("soft")
_RULE: Final = Look("faint")
_USUAL: Final = Look()


def _put_plain(titles: Sequence[str], cells: Sequence[Sequence[str]], headings: Mapping[int, str]) -> None:
    """Each row as a line: what it is of, then what each other column says."""
    for number, line in enumerate(cells):
        if number in headings:
            click.echo(f"{headings[number]}:")
        parts = [
            f"{title} {cell}".strip() for title, cell in zip(titles[1:], line[1:], strict=True) if cell
        ]
        click.echo(f"{line[0]}: {', '.join(parts)}" if parts else line[0])


def put_pieces(columns: Sequence[str], rows: Iterable[Sequence[object]], form: str) -> None:
    """A table in one of the formats of `store.export`; cleaned only where a terminal reads it."""
    from store.export import render

    terminal = sys.stdout.isatty()
    for piece in render(columns, rows, form):
        click.echo(clean(piece, limit=0, lines=True) if terminal else piece, nl=False)
