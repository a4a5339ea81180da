"""How a task may be split: the schemes, each with the function that draws and the seeds it has.

A scheme is a function of the whole task and a seed, and of nothing else, so that all models see the
same splits; one that keeps gene families together, also of what counts as a family. Libraries are
imported by the functions: the names are needed long before a split is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from store.errors import DataError, UsageError, unknown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from store.records import Task

    Indices = NDArray[np.int64]
    Parts = tuple[Indices, Indices, Indices]
    """Places in the task of the training, evaluation and test genes, in the order they were drawn, which
    is the order cross-validation inside the training set depends on."""

FamiliesOf = Callable[["Sequence[str]"], "Sequence[str]"]
"""Symbols of a task -> the family of each; see `engine.data.genes.families`."""

_LAST_SEED: Final = 2**32 - 1
"""The largest that NumPy's generators take."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to draw splits."""

    name: str
    words: str
    """What it does, in a line."""
    seeds: tuple[int, ...]
    """The usual ones; each is one split."""
    closed: bool
    """Whether these are all it has; else any whole number up to 2**32 - 1 is one more split."""
    draw: Callable[[Task, int, FamiliesOf], Parts]
    split_name: Callable[[int], str]
    """What the split of a seed is called."""
    by_family: bool = False
    """Whether its splits depend on which genes are relatives."""

    def check(self, seeds: Iterable[int]) -> None:
        """Raise UsageError if a seed is none of its own."""
        last = self.seeds[-1] if self.closed else _LAST_SEED
        for seed in seeds:
            if not 0 <= seed <= last:
                raise UsageError(f"Seed {seed} is out of range: those of {self.name} go from 0 to {last}.")

    def part(self, splits: int) -> str:
        """`10 of the 100 splits of cv-10x10`; empty for all or none, or if it has no number of them."""
        if not self.closed or not 0 < splits < len(self.seeds):
            return ""
        return f"{splits} of the {len(self.seeds)} splits of {self.name}"


def find_scheme(name: str) -> Scheme:
    """The scheme of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in SCHEMES:
        raise UsageError(*unknown("split scheme", name, SCHEMES))
    return SCHEMES[name]


def _paper(task: Task, seed: int, families_of: FamiliesOf) -> Parts:
    """A stratified tenth to test on, of the rest a stratified ninth to evaluate on, as published."""
    import numpy as np

    labels = np.asarray(task.labels)
    rest, test = _a_tenth(labels, seed)
    return *_with_evaluation(rest, labels, seed), test


def _a_tenth(labels: Indices, seed: int) -> tuple[Indices, Indices]:
    """All but a random tenth, and that tenth: as many of each class as there should be."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    everything = np.arange(len(labels))
    rest, test = train_test_split(everything, test_size=0.1, stratify=labels, random_state=seed)
    return rest, test


_FOLDS: Final = 10


def _cross_validation(task: Task, seed: int, families_of: FamiliesOf) -> Parts:
    """Fold `seed % 10` of repeat `seed // 10`, whose folds are shuffled anew, to test on."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    labels = np.asarray(task.labels)
    sizes = np.bincount(labels, minlength=len(task.classes))
    if sizes.min() < _FOLDS:
        raise DataError(
            f"Task {task.name} has {sizes.min()} genes of class {task.classes[sizes.argmin()]!r}, "
            f"too few for {_FOLDS} folds.",
            "Choose the scheme paper, or merge or drop its smallest classes.",
        )
    repeat, fold = divmod(seed, _FOLDS)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=repeat).split(labels, labels)
    rest, test = list(folds)[fold]
    return *_with_evaluation(rest, labels, seed), test


_SHUFFLES: Final = 100
"""Orders of families that are tried. On the paper's tasks the first one will do for every seed tried."""


def _grouped(task: Task, seed: int, families_of: FamiliesOf) -> Parts:
    """Whole families to test on, as many genes of each class as the paper's test set of that seed has.

    Families come in an order shuffled by the seed; one is tested if it still fits. What is larger
    than a test class always trains. The evaluation set is a stratified random ninth of the rest.
    """
    import numpy as np

    labels = np.asarray(task.labels)
    whole = np.bincount(labels[_a_tenth(labels, seed)[1]], minlength=len(task.classes))
    members = _members(families_of(task.genes))
    counts = {
        family: np.bincount(labels[places], minlength=len(task.classes))
        for family, places in members.items()
    }
    generator = np.random.default_rng(seed)
    for _ in range(_SHUFFLES):
        order = sorted(members)
        generator.shuffle(order)
        left, tested = whole.copy(), []
        for family in order:
            if (counts[family] <= left).all():
                left -= counts[family]
                tested += members[family]
        if not left.any():
            rest = np.setdiff1d(np.arange(len(labels)), tested)
            return *_with_evaluation(rest, labels, seed), np.array(sorted(tested))
    short = left.argmax()
    raise DataError(
        f"The gene families of task {task.name} do not fill the test set of seed {seed}: "
        f"{left[short]} of {whole[short]} genes of class {task.classes[short]!r} are lacking.",
        "Choose the scheme paper. A family larger than a test class is never tested.",
    )


def eligible(genes: Sequence[str], labels: Sequence[int], families_of: FamiliesOf) -> frozenset[str]:
    """The genes of a task that the scheme grouped may test: those of families that fit in a test set.

    Args:
        genes: All of the task, by symbol.
        labels: Their classes, by index.
        families_of: Which are relatives.
    """
    import numpy as np

    of = np.asarray(labels)
    whole = np.bincount(of[_a_tenth(of, _PAPER_SEEDS[0])[1]], minlength=of.max() + 1)
    return frozenset(
        genes[place]
        for places in _members(families_of(genes)).values()
        if (np.bincount(of[places], minlength=len(whole)) <= whole).all()
        for place in places
    )


def _members(families: Sequence[str]) -> dict[str, list[int]]:
    """Family -> the places of its genes."""
    found: dict[str, list[int]] = {}
    for place, family in enumerate(families):
        found.setdefault(family, []).append(place)
    return found


def _with_evaluation(rest: Indices, labels: Indices, seed: int) -> tuple[Indices, Indices]:
    """What is not tested on, less a stratified ninth of it that fine-tuning is evaluated on; that ninth."""
    from sklearn.model_selection import train_test_split

    train, evaluation = train_test_split(
        rest, test_size=0.1 / 0.9, stratify=labels[rest], random_state=seed
    )
    return train, evaluation


_PAPER_SEEDS: Final = tuple(range(41, 51))

SCHEMES: Final[Mapping[str, Scheme]] = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            "paper",
            "ten random tenths to test on, as published",
            _PAPER_SEEDS,
            closed=False,
            draw=_paper,
            split_name=lambda seed: "the paper's" if seed in _PAPER_SEEDS else "your own",
        ),
        Scheme(
            "cv-10x10",
            "10-fold cross-validation, repeated 10 times",
            tuple(range(_FOLDS * 10)),
            closed=True,
            draw=_cross_validation,
            split_name=lambda seed: "repeat {}, fold {}".format(*divmod(seed, _FOLDS)),
        ),
        Scheme(
            "grouped",
            "whole gene families to test on, none in training",
            _PAPER_SEEDS,
            closed=False,
            draw=_grouped,
            split_name=lambda seed: "families apart",
            by_family=True,
        ),
    )
}
"""All there are, by name; the paper's is the usual one."""
