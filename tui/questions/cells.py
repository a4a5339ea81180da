"""Questions of single screens to the database: one cell in full, two sides compared, one gene.

Each takes a read-only connection and gives frozen values; the ranked table and what other tools ask
too are in `store.queries`.
"""

from __future__ import annotations

import bisect
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from engine.catalog.controls import part_of
from engine.catalog.presets import Axes
from store.arm import Arm, Table
from store.controls import row_of
from store.errors import DataError
from store.texts import TextName
from tui.questions.tested import Kept, tests_of

if TYPE_CHECKING:
    import duckdb

    from store.home import Home
    from tui.ranked.comparison import Told

Curve = tuple[tuple[float, float], ...]

_AXES: Final = frozenset(axis.name for axis in fields(Axes))


@dataclass(frozen=True, slots=True)
class Place:
    """One cell of one ranked table."""

    model: str
    task: str
    arm: Arm

    @property
    def settings(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """The preset's name, and the axes and the protocol's parameters that were set apart from it."""
        preset, *words = self.arm.preset.split()
        pairs = dict(word.split("=", 1) for word in words)
        axes = {name: value for name, value in pairs.items() if name in _AXES}
        return preset, axes, {name: value for name, value in pairs.items() if name not in _AXES}

    @property
    def texts(self) -> TextName:
        """The recipe of its texts, and the file that it was used on."""
        return TextName.parse(self.arm.text)

    @property
    def why_no_command(self) -> str:
        """Why its command line is not known; empty if it is."""
        if not self.texts.digest:
            return ""
        return (
            f"Its command needs --descriptions with the file of the texts {self.texts}, whose name is not "
            "kept; r on the Board runs it if the file was imported."
        )

    @property
    def command(self) -> str:
        """The command line that runs it; empty if it is not known."""
        if self.texts.digest:
            return ""
        preset, axes, params = self.settings
        models = ",".join(part_of(self.model) or (self.model,))
        parts = [
            "genearena run",
            f"--models {shlex.quote(models)} --tasks {shlex.quote(self.task)}",
            f"--protocols {self.arm.protocol}",
            f"--preset {preset}",
            *(f"--axis {name}={value}" for name, value in axes.items()),
            *(f"--param {name}={value}" for name, value in params.items()),
        ]
        parts.append("--controls none")
        if self.arm.scheme != "paper":
            parts.append(f"--scheme {shlex.quote(self.arm.scheme)}")
        if self.arm.text != "facts":
            parts.append(f"--text {shlex.quote(self.arm.text)}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class CellDetail:
    """Everything that is kept about one cell."""

    splits: Sequence[Mapping[str, Any]]
    """As `store.queries.cell` gives them."""
    roc: Mapping[str, Curve]
    """Key -> (false positive rate, true positive rate), from (0, 0) on, of class 1 against the rest."""
    precision_recall: Mapping[str, Curve]
    """Key -> (recall, precision)."""
    trials: Sequence[tuple[str, float, int]]
    """Of tuning: parameters, mean AUC over splits and folds, splits in which they were chosen."""
    epochs: Sequence[tuple[int, int, int, float, float | None, float]]
    """Of fine-tuning: seed, stage, epoch, loss, evaluation AUC, learning rate."""
    environments: Sequence[tuple[str, str, str, str, str]]
    """Hash, host, device, Python and platform of where the splits ran."""
    called: Mapping[str, float] = field(default_factory=dict)
    """Key -> share of the test genes that are called positive at 0.5; two classes only."""
    tests: Kept = field(default_factory=Kept)
    """What the splits said of their test genes."""
    printed: tuple[int, float, float] | None = None
    """How many models the paper has here, and their least and greatest AUC; None without any."""


@dataclass(frozen=True, slots=True)
class CellWorth:
    """What a cell is worth, in words."""

    lines: tuple[str, ...]
    """A few."""
    errors: str = ""
    """The standard errors."""
    auc: float | None = None
    """On the splits that the interval is of; None without one."""
    interval: tuple[float, float] | None = None
    """Of the AUC, 95 %; not symmetric."""


def cell_detail(con: duckdb.DuckDBPyConnection, place: Place) -> CellDetail:
    """One cell, with its curves and where its numbers come from."""
    from store.queries import cell

    splits = cell(con, place.model, place.task, place.arm)
    scored = [split for split in splits if split["state"] == "scored"]
    keys = [split["key"] for split in scored]
    points: dict[str, list[tuple[float, float, float | None]]] = {key: [] for key in keys}
    for key, *point in con.execute(
        """select key, fpr, tpr, precision from roc_points where list_contains(?, key) and class = 1
        order by key, threshold desc""",
        [keys],
    ).fetchall():
        points[key].append(tuple(point))
    roc = {key: tuple((fpr, tpr) for fpr, tpr, _ in points[key]) for key in keys}
    pr = {
        key: tuple((tpr, precision) for _, tpr, precision in points[key] if precision is not None)
        for key in keys
    }
    return CellDetail(
        splits,
        roc,
        pr,
        con.execute(
            """select params::varchar, avg(mean_auc), count(*) filter (best) from cv_trials
            where list_contains(?, key) group by 1 order by 2 desc nulls last, 1""",
            [keys],
        ).fetchall(),
        con.execute(
            """select seed, stage, epoch, loss, eval_auc, learning_rate from epochs join scores using (key)
            where list_contains(?, key) order by seed, stage, epoch""",
            [keys],
        ).fetchall(),
        con.execute(
            "select hash, host, device, python, platform from environments where list_contains(?, hash)",
            [sorted({split["environment"] for split in scored})],
        ).fetchall(),
        dict(
            con.execute(
                """select key, avg((score > 0.5)::integer) from predictions
                where list_contains(?, key) and score is not null group by key""",
                [keys],
            ).fetchall()
        ),
        tests_of(con, keys),
        printed_range(con, place),
    )


def printed_range(con: duckdb.DuckDBPyConnection, place: Place) -> tuple[int, float, float] | None:
    """How many models the paper printed for a task and protocol, and their least and greatest AUC."""
    row = con.execute(
        """select count(*), min(auc), max(auc) from reference_scores
        where source = 'paper' and protocol = ? and task = ?""",
        [place.arm.protocol, place.task],
    ).fetchone()
    return tuple(row) if row and row[0] else None


def cell_worth(con: duckdb.DuckDBPyConnection, place: Place) -> CellWorth:
    """What one cell is worth, or why that cannot be said."""
    from engine.verdicts.worth import worth_of
    from tui.ranked.merit import errors, merits

    try:
        found = worth_of(con, place.model, place.task, place.arm)
    except DataError as error:
        return CellWorth((error.message,))
    if found is None:
        return CellWorth(())
    of = found.estimate
    return CellWorth(merits(found), errors(found), of.auc if of else None, of.interval if of else None)


def band(curves: Sequence[Curve], steps: int = 100) -> tuple[Curve, Curve, Curve]:
    """The lowest, mean and highest of several step curves on [0, 1], at `steps` + 1 places."""
    low, mean, high = [], [], []
    for i in range(steps + 1):
        x = i / steps
        values = [_at(curve, x) for curve in curves]
        low.append((x, min(values)))
        mean.append((x, sum(values) / len(values)))
        high.append((x, max(values)))
    return tuple(low), tuple(mean), tuple(high)


def _at(curve: Curve, x: float) -> float:
    """The curve's value at `x`, between its points in proportion, after a step at `x` itself."""
    after = bisect.bisect_right(curve, x, key=lambda point: point[0])
    if after in (0, len(curve)):
        return curve[after - 1 if after else 0][1]
    (left, low), (right, high) = curve[after - 1], curve[after]
    return low + (high - low) * (x - left) / (right - left)


# ---------------------------------------------------------------------------- comparing


@dataclass(frozen=True, slots=True)
class Side:
    """One of two things that are compared: a model in one ranked table, or in print."""

    source: str
    """`own`, `paper` or `rerun`."""
    model: str
    table: Table
    """Of print, the protocol is all that is known."""
    printed_as: str = field(default="", compare=False)
    """What the paper calls the model; empty if it does not have it, or that is not known."""

    @property
    def name(self) -> str:
        """The side in one phrase."""
        if self.source != "own":
            return f"{self.model} / {self.table.arm.protocol} / {self.source}"
        return f"{self.model} / {self.table}"


def sides(con: duckdb.DuckDBPyConnection) -> list[Side]:
    """Everything that can be compared: own rows by table, the best of each first, then published ones."""
    from tui.ranked.comparison import usual_first

    own = con.execute(
        """select distinct
            model, control, coalesce(paper_name, ''), mean_auc, protocol, preset, text, scheme, task_set
        from ranked left join models on models.name = model where n > 0
        order by control, mean_auc desc nulls last, model"""
    ).fetchall()
    published = con.execute(
        "select distinct source, model, protocol from reference_scores order by source, protocol, model"
    ).fetchall()
    mine = dict.fromkeys(
        Side("own", row_of(model) if control else model, Table(Arm(*arm), task_set), printed_as)
        for model, control, printed_as, _, *arm, task_set in own
    )
    return [
        *sorted(mine, key=lambda side: usual_first(side.table)),
        *(
            Side(_short(source), model, Table(Arm(protocol)), model)
            for source, model, protocol in published
        ),
    ]


def _short(source: str) -> str:
    return "rerun" if source.startswith("rerun") else source


def contrast(con: duckdb.DuckDBPyConnection, home: Home, first: Side, second: Side) -> Told:
    """Two sides compared, as much as can be said of them.

    Raises:
        UsageError: they are one and the same, or results of one are there no more.
        DataError: their classes differ, or a gene stands twice in one class of a test set.
    """
    from engine.verdicts.published import MEAN, Printed, how_little, reproduced, side_by_side
    from engine.verdicts.sides import Side as Row
    from engine.verdicts.sides import compared
    from tui.ranked.comparison import told, told_beside_print, told_in_print

    sources = first.source, second.source
    if sources == ("own", "own"):
        return told(compared(con, *(Row(side.model, side.table) for side in (first, second))))
    same_model = bool(first.printed_as) and first.printed_as == second.printed_as
    rows = [Printed(side.source, side.model, side.table.arm.protocol) for side in (first, second)]
    if "own" in sources:
        own_first = first.source == "own"
        own, printed = (first, rows[1]) if own_first else (second, rows[0])
        found = reproduced(con, Row(own.model, own.table), printed)
        return told_beside_print(found, own_first, _unlike_print(own, printed.protocol), same_model)
    unlike = [] if rows[0].protocol == rows[1].protocol else ["protocol"]
    unlike += [] if rows[0].source == rows[1].source else ["who ran it"]
    tables = {(row.source, row.protocol): row for row in rows}
    sentences = [
        f"{row.source.capitalize()}, {row.protocol}: {how_little(row, home)}" for row in tables.values()
    ]
    return told_in_print(side_by_side(*rows), MEAN, sentences, unlike, same_model)


def _unlike_print(own: Side, protocol: str) -> list[str]:
    """What differs between an own row and a published one beside the model: always the splits drawn."""
    arm = own.table.arm
    return [
        *(["protocol"] if arm.protocol != protocol else []),
        *(["preset"] if arm.preset != "paper" else []),
        *(["text"] if TextName.parse(arm.text).recipe != "summary" else []),
        "splits",
    ]
