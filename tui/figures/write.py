"""A figure from what was asked to a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from store.destination import destination
from store.errors import UsageError, unknown
from store.files import user_path
from tui.figures.asked import KINDS, SUFFIXES, TWO, Asked
from tui.figures.paper import WIDTHS, settle, style
from tui.questions.cells import Place
from tui.ranked.standings import MEAN, Standing
from tui.ranked.tables import table_title

if TYPE_CHECKING:
    import duckdb
    from matplotlib.figure import Figure

    from store.home import Home
    from tui.questions.saved import SavedResults


def write_figure(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    asked: Asked,
    path: str,
    width: float = WIDTHS["single"],
    streams: bool = False,
) -> Path:
    """Draw what is asked into the file that `path` names, in the format that its ending names.

    Args:
        con: From `store.connect()`.
        home: Whose results; none of its own files is written.
        asked: Which figure.
        path: As a user wrote it; a file that is there is replaced.
        width: Millimetres.
        streams: Whether it may be a pipe.

    Raises:
        UsageError: there is nothing to draw, the ending is another, or matplotlib is not installed.
        DataError: the file cannot be written.
    """
    suffix = check_suffix(path)
    with style():
        figure = draw(con, home, asked, width)
        settle(figure)
        with destination(home, path, replace=True, streams=streams) as fresh:
            # Neither a date nor a version: the same results make the same file.
            nobody = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}
            usual = {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None}
            figure.savefig(fresh, format=suffix[1:], metadata=nobody.get(suffix, usual))
    return user_path(path).absolute()


def write_from(results: SavedResults, asked: Asked, path: str, width: float = WIDTHS["single"]) -> Path:
    """As `write_figure`, for screens: from what their arena has. May block; for workers.

    Raises:
        UsageError, DataError: as `write_figure`.
    """
    with results.reading() as con:
        if con is None:
            raise nothing_scored(asked)
        return write_figure(con, results.home, asked, path, width)


def write_cell(results: SavedResults, kind: str, place: Place, path: str) -> Path:
    """The same of one cell, in whichever ranked table its task stands.

    Raises:
        UsageError, DataError: as `write_figure`.
    """
    tables = (table for table in results.tables() if table.arm == place.arm)
    here = (table for table in tables if place.task in results.rankings(table, references=False).tasks)
    table = next(here, None)
    if table is None:
        raise _nothing(place, "results", kind)
    return write_from(results, Asked(kind, table, (place.model,), (place.task,)), path)


def check_suffix(path: str) -> str:
    """The ending of `path`, if it is one of a figure.

    Raises:
        UsageError: it is not.
    """
    suffix = user_path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"{path} does not say in which form the figure is wanted.",
            f"Let it end in one of {', '.join(SUFFIXES)}.",
        )
    return suffix


def draw(con: duckdb.DuckDBPyConnection, home: Home, asked: Asked, width: float) -> Figure:
    """The figure that is asked for, within `style`."""
    if asked.kind not in KINDS:
        raise UsageError(*unknown("figure", asked.kind, list(KINDS)))
    about = table_title(asked.table)
    standing = _standing(con, asked)
    asked = _filled(standing, asked)
    if asked.kind in ("forest", "heatmap"):
        from tui.figures import tables

        if asked.kind == "heatmap":
            return tables.heatmap(standing, _columns(standing, asked, True), about, width)
        return tables.forest(standing, _columns(standing, asked, width > WIDTHS["single"]), about, width)
    if asked.kind in ("roc", "pr"):
        return _draw_curves(con, standing, asked, about, width)
    [model], task = asked.models[:1], asked.tasks[0]
    place = Place(model, task, asked.table.arm)
    if asked.kind == "map":
        from tui.figures.genes import gene_map
        from tui.questions.maps import Mapped
        from tui.questions.maps import gene_map as read

        arm = asked.table.arm
        of = Mapped(model, task, arm.preset, arm.text)
        return gene_map(read(con, home, of, asked.method, arm.protocol), about, width)
    from tui.figures import curves
    from tui.figures.cells import calibrated, learning

    if asked.kind == "calibration":
        found = calibrated(con, place)
        if found is None:
            raise _nothing(place, "scores of two classes", "calibration")
        lines = [f"{model}. {about}", f"{found.tests} tests in all splits; intervals count each gene once"]
        return curves.calibration(found, f"Calibration, {task}", lines, width)
    epochs = learning(con, place)
    if not epochs:
        raise UsageError(
            f"{model} was not fine-tuned on {task} with {asked.table.arm}, so it has no learning curve.",
            f"`genearena run --protocols finetune --models {model} --tasks {task}` makes one.",
        )
    seeds = sorted({one.seed for one in epochs})
    splits = "one split" if len(seeds) == 1 else f"{len(seeds)} splits, a line each"
    return curves.epochs(epochs, f"Fine-tuning, {task}", [f"{model}. {about}", splits], width)


def _standing(con: duckdb.DuckDBPyConnection, asked: Asked) -> Standing:
    from engine.verdicts.controls import with_controls
    from engine.verdicts.table import judged

    return Standing(with_controls(con, asked.table, asked.references), judged(con, asked.table))


def _filled(standing: Standing, asked: Asked) -> Asked:
    """The same with what was left open chosen, and what is not there refused."""
    own = [row for row in standing.table.rows if row.source == "own"]
    if not own:
        raise nothing_scored(asked)
    here = [row.model for row in own]
    for model in asked.models:
        if model not in here:
            raise UsageError(*unknown("model with results here", model, here))
    for task in asked.tasks:
        if task not in standing.table.tasks:
            raise UsageError(*unknown("task of this table", task, standing.table.tasks))
    models = asked.models or here[:1]
    mine = [row for row in own if row.model in models]
    scored = [task for task in standing.table.tasks if any(task in row.auc for row in mine)]
    return replace(asked, models=models, tasks=asked.tasks or scored)


def _columns(standing: Standing, asked: Asked, every: bool) -> list[str]:
    """The columns of a table's figure: the tasks named; else all with the mean, or the mean alone."""
    if len(asked.tasks) < len(standing.table.tasks):
        return list(asked.tasks)
    return [*standing.table.tasks, MEAN] if every else [MEAN]


def _draw_curves(
    con: duckdb.DuckDBPyConnection, standing: Standing, asked: Asked, about: str, width: float
) -> Figure:
    from tui.figures import curves
    from tui.figures.cells import CellCurves, cell_curves

    if len(asked.models) > TWO:
        raise UsageError(
            f"{len(asked.models)} curves in one plot cannot be told apart.", "Name two models at most."
        )
    found: list[Sequence[CellCurves]] = []
    for task in asked.tasks:
        places = [Place(model, task, asked.table.arm) for model in asked.models]
        cells = [cell for cell in (cell_curves(con, place) for place in places) if cell is not None]
        if cells:
            found.append(cells)
    if not found:
        raise _nothing(
            Place(asked.models[0], asked.tasks[0], asked.table.arm), "curves of two classes", asked.kind
        )
    if asked.kind == "pr":
        return curves.precision_recall(found, width, about)
    judged = standing.judged.estimates
    intervals = {place: estimate.interval for place, estimate in judged.items()}
    return curves.roc(found, intervals, width, about)


def nothing_scored(asked: Asked) -> UsageError:
    """What is said where there are no results to draw."""
    return UsageError(f"Nothing of {asked.table} is scored yet.", "`genearena run` does it.")


def _nothing(place: Place, what: str, kind: str) -> UsageError:
    return UsageError(
        f"There are no {what} of {place.model} in {place.task} with {place.arm} to draw {kind} from.",
        "`genearena rank` shows what there is.",
    )
