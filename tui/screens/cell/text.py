"""What a cell of the ranked table says: its splits, tuning or epochs, provenance, plots. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from tui.quantities import auc, count
from tui.questions.cells import CellDetail, Curve, Place, band
from tui.widgets.plot import Band, Plot, Reference, Series, Span
from tui.widgets.rows import Cell, Column, Row

SPLIT_COLUMNS: Final = (
    Column("seed", "seed", right=True),
    Column("auc", "AUC", right=True),
    Column("auprc", "AUPRC", right=True),
    Column("called", "called", right=True, shed=2),
    Column("brier", "Brier", right=True, shed=2),
    Column("n", "train/test", right=True, shed=3),
    Column("seconds", "time", right=True, shed=1),
    Column("params", "chosen or why not", least=10),
)

PLOTS: Final = ("ROC", "precision and recall", "epochs")
EPOCHS: Final = 2
"""The last of them."""


def split_row(split: Mapping[str, object], called: float | None) -> Row:
    """A split: its metrics, sizes, time, and what was chosen or why it failed.

    Args:
        split: As `store.queries.cell` gives it.
        called: The share of its test genes that are called positive.
    """
    number = partial(_number, split)
    seconds = split["seconds"]
    took = sum(seconds.values()) if isinstance(seconds, dict) and seconds else None
    params = split["best_params"]
    said = (
        ", ".join(f"{name}={value}" for name, value in params.items()) if isinstance(params, dict) else ""
    )
    failed = split["state"] == "failed"
    return Row(
        str(split["key"]),
        (
            str(split["seed"]),
            number("auc"),
            number("auprc"),
            "-" if called is None else f"{called:.2f}",
            number("brier"),
            f"{split['n_train']}/{split['n_test']}" if split["n_test"] is not None else "",
            f"{took:.1f}s" if took is not None else "",
            Cell(str(split.get("sentence") or "failed"), "bad") if failed else Cell(said, "dim"),
        ),
    )


def _number(split: Mapping[str, object], name: str) -> str:
    value = split[name]
    return auc(value) if isinstance(value, float) else "-"


def tuning(detail: CellDetail) -> tuple[Sequence[Column], list[Row]]:
    """What tuning tried, or the epochs of fine-tuning."""
    if detail.epochs:
        columns = [
            Column(name, name, right=True)
            for name in ("seed", "stage", "epoch", "loss", "eval AUC", "rate")
        ]
        rows = [
            Row(
                f"{seed}-{stage}-{epoch}",
                (str(seed), str(stage), str(epoch), f"{loss:.4f}", auc(score), f"{rate:.2g}"),
            )
            for seed, stage, epoch, loss, score, rate in detail.epochs
        ]
        return columns, rows
    columns = [
        Column("params", "parameters", least=12),
        Column("auc", "CV AUC", right=True),
        Column("n", "chosen in", right=True),
    ]
    return columns, [
        Row(params, (params, auc(mean), count(n, "split"))) for params, mean, n in detail.trials
    ]


def provenance(detail: CellDetail, errors: str = "") -> list[Row]:
    """The interval's standard errors, where the splits ran, what was noted, and the key of each."""
    rows = [Row("errors", ("standard errors", errors))] if errors else []
    for name, host, device, python, platform in detail.environments:
        rows.append(Row(name, ("environment", f"{name}: {host}, {device}, Python {python}, {platform}")))
    for split in detail.splits:
        for note in split["notes"] or ():
            rows.append(Row(f"{split['key']}{note}", (f"seed {split['seed']}", Cell(note, "warn"))))
        rows.append(
            Row(str(split["key"]), (f"seed {split['seed']}", f"{split['key']}  {split['finished_at']}"))
        )
    return rows


def plot(detail: CellDetail, place: Place, which: int) -> Plot:
    """One of `PLOTS`; without points if the cell has none of it."""
    title = f"{place.model}, {place.task}, {place.arm.protocol}: {PLOTS[which]}"
    if which == EPOCHS:
        return Plot(title, _epoch_series(detail), x_title="epoch")
    curves = [curve for curve in (detail.roc, detail.precision_recall)[which].values() if curve]
    x, y = (("false positive rate", "true positive rate"), ("recall", "precision"))[which]
    if not curves:
        return Plot(title, (), Span(0, 1), Span(0, 1), x, y)
    low, mean, high = band(curves)
    edges = [(at, least, most) for (at, least), (_, most) in zip(low, high, strict=True)]
    name = f"mean of {count(len(curves), 'split')}, tinted from lowest to highest"
    chance = (Reference("chance", ((0, 0), (1, 1))),) if which == 0 else ()
    lines = [Series(name, mean, "a")]
    return Plot(title, lines, Span(0, 1), Span(0, 1), x, y, chance, (Band("banda", edges),))


def _epoch_series(detail: CellDetail) -> list[Series]:
    """Loss and evaluation AUC along the epochs, averaged over seeds, stage after stage."""
    losses: dict[tuple[int, int], list[float]] = {}
    scores: dict[tuple[int, int], list[float]] = {}
    for _, stage, epoch, loss, score, _ in detail.epochs:
        losses.setdefault((stage, epoch), []).append(loss)
        if score is not None:
            scores.setdefault((stage, epoch), []).append(score)
    places = {step: float(i + 1) for i, step in enumerate(sorted(losses))}

    def line(found: dict[tuple[int, int], list[float]]) -> Curve:
        return tuple((places[step], sum(values) / len(values)) for step, values in sorted(found.items()))

    return [Series("evaluation AUC", line(scores), "a"), Series("loss", line(losses), "b")]
