"""What can be scored without reading a text (spelling, length, coverage), and what a bag of words reaches.

Each is classified as every control is, by logistic regression on the paper's ten splits, and judged as
every cell is (`engine.stats`). Nothing of it is kept with the results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from engine.cancel import Cancel
from engine.catalog.controls import COVERAGE
from engine.catalog.protocols import PROTOCOLS
from engine.catalog.schemes import SCHEMES
from engine.classify import classify
from engine.controls.features import features
from engine.data.tasks.masking import MASKED
from engine.data.tasks.splits import make_split
from engine.leaks.finding import MARGIN, MATERIAL, NEAR, Finding, auc, clearly_apart, percent
from engine.stats.intervals import Estimate, estimate
from engine.stats.pairs import compare
from engine.stats.scores import CellScores, FitScores
from store.records import Split, Task
from store.texts import TextName

MOST: Final = 5_000
"""Genes that are classified: of a longer list a sample with the same classes, as is said."""
LEAST: Final = 20
"""Genes of each class in such a sample, where the class has them."""
SCHEME: Final = "paper"
SEEDS: Final = SCHEMES[SCHEME].seeds

_NAMES: Final = {"symbol": "The letters of the symbol", "length": "The length of the text"}
_ADVICE: Final = {
    "symbol": "Names tell the classes apart: run it with --scheme grouped, which keeps families apart.",
    "length": "Texts of one class are longer: read every score beside this one, and run it with a text "
    "of about one length, too, such as --text symbol-name.",
}


def splits_of(task: Task) -> list[Split]:
    """The ten splits of the paper.

    Raises:
        DataError: a class is too small.
    """
    return [make_split(task, SCHEME, seed) for seed in SEEDS]


def sample(task: Task) -> list[int]:
    """The places of the genes that are classified: all, or `MOST` drawn with the shares of the classes."""
    if len(task.genes) <= MOST:
        return list(range(len(task.genes)))
    labels, generator = np.asarray(task.labels), np.random.default_rng(0)
    chosen: list[int] = []
    for label in range(len(task.classes)):
        places = np.flatnonzero(labels == label)
        size = min(len(places), max(LEAST, round(MOST * len(places) / len(labels))))
        chosen += generator.choice(places, size, replace=False).tolist()
    return sorted(chosen)


def part_of(task: Task, places: Sequence[int]) -> Task:
    """`task` with the genes in these places only."""
    columns = (task.genes, task.labels, task.texts, task.described)
    genes, labels, texts, described = (
        tuple(column[place] for place in places) if column else () for column in columns
    )
    return replace(task, genes=genes, labels=labels, texts=texts, described=described)  # type: ignore[arg-type]


def cell(
    name: str, control: str, task: Task, splits: Sequence[Split], cancel: Cancel, step: Callable[[], None]
) -> CellScores:
    """The scores of a control on `splits` of `task`, under a name.

    Raises:
        DataError: the control says nothing on this task.
        Stopped: `cancel` was set.
    """
    labels = np.asarray(task.labels)
    fits, trained, tested = [], 0, 0
    for split in splits:
        scores = classify(
            "lr",
            PROTOCOLS["lr"].params,
            features(control, task, split),
            labels,
            split,
            scaling="none",
            lr_solver="lbfgs",
            cancel=cancel,  # type: ignore[arg-type]
        ).scores
        places = list(split.test)
        fits.append(FitScores(split.hash, tuple(task.genes[one] for one in places), labels[places], scores))
        trained += len(split.train) + len(split.evaluation)
        tested += len(places)
        step()
    return CellScores(name, task.name, tested / trained, control=True, fits=tuple(fits))


def partly_described(task: Task) -> bool:
    """Whether some genes have a text by the recipe and others do not."""
    return len(set(task.described)) > 1


def scored(
    task: Task, masked: Task | None, splits: Sequence[Split], cancel: Cancel, step: Callable[[], None]
) -> dict[str, CellScores]:
    """The scores of each simple feature by name, `masked` being TF-IDF of the masked texts.

    Raises:
        DataError: the texts hold no word.
        Stopped: `cancel` was set.
    """
    wanted = {name: (name, task) for name in ("tfidf", "symbol", "length")}
    if partly_described(task):
        wanted[COVERAGE] = COVERAGE, task
    if masked is not None:
        wanted["masked"] = "tfidf", masked
    return {name: cell(name, control, of, splits, cancel, step) for name, (control, of) in wanted.items()}


def fits_of(task: Task, masked: Task | None) -> int:
    """How often `scored` takes a step."""
    return len(SEEDS) * (3 + partly_described(task) + (masked is not None))


def judge(task: Task, cells: dict[str, CellScores], whole: Task) -> list[Finding]:
    """What the scores say.

    Args:
        task: What was classified.
        cells: As `scored` gives them.
        whole: The task that this is all or a sample of.
    """
    found = {name: made for name, of in cells.items() if (made := estimate([of])) is not None}
    if "tfidf" not in found:
        return []
    words = found["tfidf"]
    some = f", of a sample of {len(task.genes):,} genes" if len(task.genes) < len(whole.genes) else ""
    findings = [
        Finding("tfidf", f"A bag of words (TF-IDF) reaches {_said(words)}{some}.", "", _numbers(words))
    ]
    for name in ("symbol", "length"):
        alarming = reaches(found[name], words)
        said = f"{_NAMES[name]} alone {'reach' if name == 'symbol' else 'reaches'} {_said(found[name])}."
        findings.append(Finding(name, said, _ADVICE[name] if alarming else "", _numbers(found[name])))
    findings.append(_coverage(whole, found.get(COVERAGE), words))
    if "masked" in found:
        findings.append(_masked(task, cells["tfidf"], cells["masked"]))
    return findings


def reaches(one: Estimate, words: Estimate) -> bool:
    """Whether a simple feature scores clearly, and much of what a bag of words does."""
    if one.interval is None:
        return one.auc - 0.5 > MARGIN
    return one.interval[0] > 0.5 + MARGIN and one.auc - 0.5 >= NEAR * (words.auc - 0.5)


def _coverage(task: Task, one: Estimate | None, words: Estimate) -> Finding:
    labels, has = np.asarray(task.labels), np.asarray(task.described, dtype=bool)
    sizes = np.bincount(labels, minlength=len(task.classes))
    told = np.bincount(labels[has] if has.size else labels, minlength=len(task.classes))
    shares = told / np.maximum(sizes, 1)
    high, low = int(shares.argmax()), int(shares.argmin())
    numbers: dict[str, object] = {
        "shares": {name: float(share) for name, share in zip(task.classes, shares, strict=True)}
    }
    if shares[high] == shares[low]:
        share = "Every gene has" if shares[low] == 1 else f"{percent(shares[low])} of each class have"
        return Finding(COVERAGE, f"{share} a text.", "", numbers)
    said = (
        f"{percent(shares[high])} of class {task.classes[high]} have a text, and "
        f"{percent(shares[low])} of class {task.classes[low]}"
    )
    if one is not None:
        numbers |= _numbers(one)
        said += f"; having one or not alone reaches {_said(one)}"
    apart = clearly_apart(int(told[high]), int(sizes[high]), int(told[low]), int(sizes[low]))
    alarming = apart or (one is not None and reaches(one, words))
    advice = "Run it with a text that all genes have, such as --text symbol-name, or drop those without."
    return Finding(COVERAGE, f"{said}.", advice if alarming else "", numbers)


def _masked(task: Task, plain: CellScores, masked: CellScores) -> Finding:
    pair = compare([plain], [masked])
    before, after = pair.aucs or (0.5, 0.5)
    numbers = {"plain": before, "masked": after, "interval": pair.interval}
    said = (
        f"Without symbols, aliases, words of families and words of class names TF-IDF reaches {auc(after)} "
        f"instead of {auc(before)}"
    )
    if pair.interval is None:
        return Finding("masked", f"{said}.", "", numbers)
    low, high = pair.interval
    said += f" (difference {before - after:+.3f} [{low:+.3f}, {high:+.3f}])."
    recipe = TextName.parse(task.recipe).recipe
    advice = f"Names carry much of the score: run it with --text {recipe}{MASKED}, too."
    return Finding("masked", said, advice if low > 0 and before - after >= MATERIAL else "", numbers)


def _said(of: Estimate) -> str:
    if of.interval is None:
        return f"AUC {auc(of.auc)}"
    return f"AUC {auc(of.auc)} [{auc(of.interval[0])}, {auc(of.interval[1])}]"


def _numbers(of: Estimate) -> dict[str, object]:
    return {"auc": of.auc, "interval": of.interval}
