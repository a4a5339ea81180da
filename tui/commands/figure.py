"""`genearena export figure`: what the screens plot, for print."""

from __future__ import annotations

import math
from pathlib import Path

import click

from engine.plan.names import names, resolve_tasks
from store.errors import UsageError, unknown
from tui.commands.common import Session, command, may_write, say
from tui.commands.tables import meant_tables
from tui.figures.asked import KINDS, SUFFIXES, Asked
from tui.figures.paper import WIDTHS

_LEAST, _MOST = 40.0, 400.0
"""Millimetres of a figure's width."""


@command("figure")
@click.argument("kind", metavar=f"{{{'|'.join(KINDS)}}}")
@click.option(
    "-o", "--out", "--output", metavar="FILE",
    help=f"Where to; the ending chooses the format: {', '.join(SUFFIXES)}.  [default: KIND.pdf]",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace FILE if it is there; else you are asked.")
@click.option(
    "--model", "--models", "models", multiple=True, metavar="A,B",
    help="Whose; two at most in one plot.  [default: the first of the table]",
)  # fmt: skip
@click.option("--task", "--tasks", "tasks", multiple=True, metavar="A,B", help="Only of these tasks.")
@click.option("--set", "task_set", metavar="NAME", help="Of this set of tasks.  [default: paper, if any]")
@click.option(
    "--protocol", "--protocols", "protocol", default="", metavar="NAME",
    help="Of this protocol.  [default: the first there is]",
)  # fmt: skip
@click.option("--preset", metavar="TEXT", help="Of this preset.  [default: paper, if any]")
@click.option("--text", metavar="TEXT", help="Of this text recipe.  [default: facts, if any]")
@click.option("--scheme", metavar="NAME", help="Of these splits.  [default: paper, if any]")
@click.option(
    "--width", default="single", show_default=True, metavar="single|double|MM",
    help="A journal's column (85 mm), two (174 mm), or millimetres.",
)  # fmt: skip
@click.option("--references/--no-references", default=True, help="forest, heatmap: with the printed rows.")
@click.option("--method", default="pca", show_default=True, metavar="pca|tsne|umap", help="map: how.")
def figure_command(
    session: Session,
    kind: str,
    out: str | None,
    force: bool,
    models: tuple[str, ...],
    tasks: tuple[str, ...],
    width: str,
    references: bool,
    method: str,
    **wanted: str | None,
) -> None:
    """A figure for print: roc, pr (precision and recall), forest (every model with its interval), heatmap,
    map (of genes), calibration, or curves (of fine-tuning).

    In type of 7 to 8 points and colours that the colour-blind can tell apart, with its scale, n and
    uncertainty. The same results make the same file.
    """
    if kind not in KINDS:
        raise UsageError(*unknown("figure", kind, list(KINDS)))
    if out == "":  # what an unset shell variable leaves of `-o "$FILE"`
        raise UsageError("--out names no file.", "Name one, or leave the option out.")
    from tui.figures.write import check_suffix, write_figure

    path = f"{kind}.pdf" if out is None else out
    check_suffix(path)
    across = _millimetres(width)
    may_write(session, path, force)
    chosen = tuple(resolve_tasks(session.home, tasks)) if tasks else ()
    if kind == "curves" and not wanted["protocol"]:
        wanted = {**wanted, "protocol": "finetune"}
    from store import connect

    with connect(session.saved) as connection:
        trained = connection.execute("select 1 from epochs limit 1").fetchone()
        if kind == "curves" and wanted["protocol"] == "finetune" and not trained:
            raise UsageError(
                "Nothing is fine-tuned yet, so there is no learning curve.",
                "`genearena run --protocols finetune` makes one for each split.",
            )
        found = meant_tables(connection, wanted, chosen)
        if not found:
            raise UsageError("Nothing is scored yet.", "`genearena run` does it.")
        asked = Asked(kind, found[0], names(models), chosen, references, method)
        written = write_figure(connection, session.home, asked, path, across, streams=True)
    say(f"Wrote {Path(written)}")


def _millimetres(width: str) -> float:
    """What `--width` says.

    Raises:
        UsageError: neither a name nor so many millimetres.
    """
    try:
        found = WIDTHS.get(width) or float(width.removesuffix("mm"))
    except ValueError:
        found = math.nan
    if not _LEAST <= found <= _MOST:
        raise UsageError(
            f"A figure cannot be {width!r} wide.",
            f"Say single, double, or {_LEAST:g} to {_MOST:g} for millimetres.",
        )
    return found
