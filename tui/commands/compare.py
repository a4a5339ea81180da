"""`genearena compare` and `power`: two rows side by side, and what it takes to tell them apart."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from engine.catalog.protocols import listed
from store.arm import Arm, Table
from store.errors import UsageError, unknown
from store.sets import set_order
from tui.commands.common import (
    Session,
    command,
    counted,
    flat,
    json_option,
    put,
    put_json,
    put_table,
    put_text,
)
from tui.ranked.tables import table_title

if TYPE_CHECKING:
    import duckdb

    from engine.stats.pairs import Pair
    from engine.verdicts.sides import Comparison, Side

_HOW: Final = (
    "Differences are paired: the same splits and test genes. 95 % intervals from the larger of two "
    "standard errors, that of genes (DeLong 1988, clustered by gene) and that of splits (Nadeau and "
    "Bengio 2003); a difference within .01 is practically none (Corani and Benavoli 2015)."
)

_protocol = click.option(
    "--protocol", default="", metavar="NAME", help="Of both, where a side names none.  [default: the first]"
)
_side = "MODEL [PROTOCOL [PRESET] [text=...] [scheme=...] [set=...]], in quotes if it has a table"


@command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@_protocol
@json_option
def compare_command(session: Session, first: str, second: str, protocol: str, as_json: bool) -> None:
    """Two rows of your own, A less B, on the splits and test genes that both have.

    A side is a model, or a model and its ranked table in quotes: "all-MiniLM-L6-v2 lr-cv corrected".
    """
    comparison = _compared(session, first, second, protocol)
    if as_json:
        tasks = {task: asdict(pair) for task, pair in comparison.tasks.items()}
        put_json({**_places(comparison), "tasks": tasks, "mean": asdict(comparison.mean)})
        return
    _put_sides(comparison)
    rows = [_row(task, pair) for task, pair in comparison.tasks.items()]
    if len(rows) > 1:
        rows.append(_row(f"mean of {len(rows)}", comparison.mean))
    put_table(("", "A", "B", "A - B", "95 % interval", "verdict"), rows, right={1, 2, 3})
    put("")
    for line in _words(comparison):
        put_text(line)


@command("power")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@_protocol
@click.option(
    "--difference",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.02,
    show_default=True,
    help="The difference in AUC that is to be shown.",
)
@json_option
def power_command(
    session: Session, first: str, second: str, protocol: str, difference: float, as_json: bool
) -> None:
    """What these splits of A and B could have shown, and what it would take to show less.

    A side is a model, or a model and its ranked table in quotes: "all-MiniLM-L6-v2 lr-cv corrected".
    """
    from engine.stats.power import requirements

    comparison = _compared(session, first, second, protocol)
    pairs = dict(comparison.tasks)
    if len(pairs) > 1:
        pairs[f"mean of {len(pairs)}"] = comparison.mean
    found = {name: requirements(pair, difference) for name, pair in pairs.items()}
    if as_json:
        put_json(
            {**_places(comparison), "requirements": {name: asdict(one) for name, one in found.items()}}
        )
        return
    _put_sides(comparison)
    rows = []
    for name, needed in found.items():
        splits = "no number" if needed.hopeless else "-" if needed.splits is None else str(needed.splits)
        rows.append(
            (
                name,
                _auc(needed.detectable),
                _auc(needed.floor),
                splits,
                "-" if needed.genes is None else f"{needed.genes:.1f} x",
                "-" if needed.tasks is None else str(needed.tasks),
            )
        )
    columns = ("", "shown now", "at best", "splits", "or genes", "or tasks")
    put_table(columns, rows, right={1, 2, 3, 4, 5})
    put("")
    put_text(
        "shown now: the smallest difference that these splits find 4 times out of 5. at best: with any "
        "number of splits of these genes. The rest is what it would take to find a difference of "
        f"{difference:g}: splits of these genes, or times as many genes, or tasks like these."
    )


# ---------------------------------------------------------------------------- which rows


def _compared(session: Session, first: str, second: str, protocol: str) -> Comparison:
    from engine.verdicts.sides import compared
    from store import connect
    from store.queries import tables

    with connect(session.saved) as con:
        known = sorted(tables(con), key=_usual_first)
        if not known:
            raise UsageError("Nothing is scored yet.", "`genearena run` does it.")
        usual = _usual(con, known, protocol, first)
        one, two = _side_of(first, usual), _side_of(second, usual)
        for side in (one, two):
            if side.table not in known:
                raise UsageError(*unknown("ranked table with results", str(side.table), map(str, known)))
        return compared(con, one, two)


def _usual_first(table: Table) -> tuple[Any, ...]:
    return (
        set_order(table.task_set),
        listed(table.arm.protocol),
        table.arm != Arm(table.arm.protocol),
        table,
    )


def _usual(con: duckdb.DuckDBPyConnection, known: Sequence[Table], protocol: str, first: str) -> Table:
    """The table meant where a side names none: of the protocol, else the first that has the model."""
    if protocol:
        of_it = [table for table in known if table.arm.protocol == protocol]
        if not of_it:
            there = dict.fromkeys(table.arm.protocol for table in known)
            raise UsageError(*unknown("protocol with results", protocol, there))
        return of_it[0]
    asked = "SELECT DISTINCT protocol, preset, text, scheme, task_set FROM ranked WHERE model = ? AND n > 0"
    found = con.execute(asked, _words_of(first)[:1]).fetchall()
    having = {Table(Arm(*place), task_set) for *place, task_set in found}
    return next((table for table in known if table in having), known[0])


def _side_of(written: str, usual: Table) -> Side:
    from engine.verdicts.sides import Side

    model, *words = _words_of(written)
    return Side(model, Table.parse(shlex.join(words)) if words else usual)


def _words_of(written: str) -> list[str]:
    try:
        words = shlex.split(written)
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"{written!r} names no row.", f"Write {_side}.")
    return words


# ---------------------------------------------------------------------------- in words


def _places(comparison: Comparison) -> dict[str, Any]:
    return {
        "first": flat(comparison.first),
        "second": flat(comparison.second),
        "unlike": list(comparison.unlike),
    }


def _put_sides(comparison: Comparison) -> None:
    for name, side in (("A", comparison.first), ("B", comparison.second)):
        put(f"{name}  {side.model}  {table_title(side.table)}")
    if comparison.unlike:
        put_text(f"The two differ in {' and '.join(comparison.unlike)}, not in the model alone.")
    put("")


def _row(name: str, pair: Pair) -> tuple[str, ...]:
    first, second = pair.aucs or (None, None)
    low, high = pair.interval or (None, None)
    between = f"[{_signed(low)}, {_signed(high)}]" if pair.interval else "-"
    return (
        name,
        _auc(first),
        _auc(second),
        _signed(pair.difference),
        between,
        _short(pair),
    )


def _short(pair: Pair) -> str:
    """The verdict word, with A and B for the two."""
    from engine.stats.pairs import Verdict

    words = {Verdict.FIRST: "A better", Verdict.SECOND: "B better", Verdict.UNDECIDED: "not told apart"}
    return words.get(pair.verdict, str(pair.verdict))


def _words(comparison: Comparison) -> list[str]:
    """What must be known beside the table."""
    from engine.stats.intervals import FEW_SPLITS
    from engine.stats.power import detectable

    mean = comparison.mean
    used = dict.fromkeys(count.used for count in mean.splits)
    lines = [f"On {' and '.join(map(str, used))} splits{' a task' if len(mean.splits) > 1 else ''}."]
    if mean.preliminary:
        lines[0] += f" Preliminary: {FEW_SPLITS} are the least to go by."
    if (chances := mean.probabilities) is not None:
        lines.append(
            f"In the mean: A better by more than .01 with probability {chances.first:.3f}, practically the "
            f"same {chances.same:.3f}, B better {chances.second:.3f}; a verdict needs .95."
        )
    if (least := detectable(mean)) is not None:
        lines.append(f"The smallest difference in the mean that these splits could show is {_auc(least)}.")
    if mean.interval is not None and not mean.sameness_in_reach:
        lines.append("Practically the same cannot be shown with so few genes and splits, whatever is true.")
    for count in mean.splits:
        if count.failed:
            lines.append(
                f"{count.task}: {counted(count.failed, 'split')} failed for one of them, left out."
            )
        elif count.used < count.tried:
            lines.append(f"{count.task}: on {count.used} of {count.tried} splits, those that both have.")
    if mean.missing:
        lines.append(f"Not compared, since only one of them has it: {', '.join(mean.missing)}.")
    if mean.ratios_differ:
        lines.append("They were trained on different shares of the genes; the larger error is used.")
    return [*lines, _HOW]


def _auc(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"
