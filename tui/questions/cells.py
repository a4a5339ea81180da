"""Questions of single screens to the database: one cell in full, two sides compared, one gene.

Each takes a read-only connection and gives frozen values; the ranked table and what other tools ask
too are in `store.queries`.
"""

from __future__ import annotations

import bisect
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from engine.catalog.presets import Axes
from store.arm import Arm
from store.texts import TextName

if TYPE_CHECKING:
    import duckdb

Curve = tuple[tuple[float, float], ...]

_AXES: Final = frozenset(axis.name for axis in fields(Axes))

RANKED: Final = "semi join ranked using (model, task, protocol, preset, text, scheme, config)"
"""To the configuration that counts: not those of an earlier revision, or of a task before it was edited."""


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
        parts = [
            "genearena run",
            f"--models {shlex.quote(self.model)} --tasks {shlex.quote(self.task)}",
            f"--protocols {self.arm.protocol}",
            f"--preset {preset}",
            *(f"--axis {name}={value}" for name, value in axes.items()),
            *(f"--param {name}={value}" for name, value in params.items()),
        ]
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
    roc: Mapping[int, Curve]
    """Seed -> (false positive rate, true positive rate), from (0, 0) on; two classes only."""
    precision_recall: Mapping[int, Curve]
    """Seed -> (recall, precision)."""
    trials: Sequence[tuple[str, float, int]]
    """Of tuning: parameters, mean AUC over splits and folds, splits in which they were chosen."""
    epochs: Sequence[tuple[int, int, int, float, float | None, float]]
    """Of fine-tuning: seed, stage, epoch, loss, evaluation AUC, learning rate."""
    environments: Sequence[tuple[str, str, str, str, str]]
    """Hash, host, device, Python and platform of where the splits ran."""


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
    roc = {split["seed"]: tuple((fpr, tpr) for fpr, tpr, _ in points[split["key"]]) for split in scored}
    pr = {
        split["seed"]: tuple(
            (tpr, precision) for _, tpr, precision in points[split["key"]] if precision is not None
        )
        for split in scored
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
    )


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
    arm: Arm
    """Of print, the protocol is all that is known."""

    @property
    def name(self) -> str:
        """The side in one phrase."""
        if self.source != "own":
            return f"{self.model} / {self.arm.protocol} / {self.source}"
        return f"{self.model} / {self.arm}"


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two sides on one task."""

    task: str
    first: float
    second: float
    differences: tuple[float, ...]
    """First minus second, split by split where both were tested on the same genes; empty if one
    side is only known as a mean."""


def sides(con: duckdb.DuckDBPyConnection) -> list[Side]:
    """Everything that can be compared, own results first."""
    own = con.execute(
        """select distinct model, protocol, preset, text, scheme from ranked where n > 0
        order by scheme <> 'paper', scheme, model, protocol, preset, text"""
    ).fetchall()
    published = con.execute(
        "select distinct source, model, protocol from reference_scores order by source, protocol, model"
    ).fetchall()
    return [
        *(Side("own", model, Arm(*place)) for model, *place in own),
        *(Side(_short(source), model, Arm(protocol)) for source, model, protocol in published),
    ]


def _short(source: str) -> str:
    return "rerun" if source.startswith("rerun") else source


def contrasts(con: duckdb.DuckDBPyConnection, first: Side, second: Side) -> list[Contrast]:
    """The two sides on every task that both have."""
    left, right = _splits(con, first), _splits(con, second)
    found = []
    for task in left.keys() & right.keys():
        shared = sorted(left[task].keys() & right[task].keys())
        paired = bool(shared) and shared != [None]
        a = [left[task][key] for key in shared] if paired else list(left[task].values())
        b = [right[task][key] for key in shared] if paired else list(right[task].values())
        differences = tuple(x - y for x, y in zip(a, b, strict=True)) if paired else ()
        found.append(Contrast(task, sum(a) / len(a), sum(b) / len(b), differences))
    return sorted(found, key=lambda contrast: contrast.task)


def _splits(con: duckdb.DuckDBPyConnection, side: Side) -> dict[str, dict[Any, float]]:
    """Task -> split -> AUC; a split is told by its genes, a printed mean stands under None."""
    if side.source == "own":
        rows = con.execute(
            f"""select task, split_hash, scores.auc
            from scores {RANKED}
            where model = $model and protocol = $protocol and preset = $preset and text = $text
                and scheme = $scheme and scores.auc is not null""",
            {"model": side.model, **asdict(side.arm)},
        ).fetchall()
    else:
        rows = con.execute(
            """select task, null, auc from reference_scores
            where model = ? and protocol = ? and source like ? || '%' and task <> 'mean'""",
            [side.model, side.arm.protocol, side.source],
        ).fetchall()
    found: dict[str, dict[Any, float]] = {}
    for task, split, value in rows:
        found.setdefault(task, {})[split] = value
    return found
