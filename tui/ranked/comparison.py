"""Two rows set against each other, in words: what the command line and the Compare screen both say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.stats.posterior import Posterior
from store.arm import Arm
from store.sets import set_order
from tui.quantities import count
from tui.ranked.figures import change, three

if TYPE_CHECKING:
    from engine.stats.pairs import Pair
    from engine.stats.reproduction import Reproduction
    from engine.verdicts.published import Reproduced
    from engine.verdicts.sides import Comparison
    from store.arm import Table

METHOD: Final = (
    "Differences are paired: the same splits and test genes. 95 % intervals from the larger of two "
    "standard errors, that of genes (DeLong 1988, clustered by gene) and that of splits (Nadeau and "
    "Bengio 2003); a difference within .01 is practically none (Corani and Benavoli 2015)."
)
_REPRODUCED: Final = (
    "same: other random splits of the same genes would make as much of a difference; differs: 95 % of them "
    "would make less."
)
_HOW_REPRODUCED: Final = (
    "What split luck allows is Student's t times the standard error of the difference of two means, both "
    "with the spread of the own splits, since the published one is not known."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One task, or the mean over all that both have."""

    name: str
    first: float | None
    """AUC of A; None if the two cannot be compared."""
    second: float | None
    interval: tuple[float, float] | None
    """95 %, of the difference; beside print, how far it may go from 0 by split luck."""
    verdict: str
    splits: str = ""
    """`10`, or `6/10` where only six of ten are used; of own rows."""
    differences: tuple[float, ...] = ()
    """A less B in each split."""
    details: tuple[str, ...] = ()
    """More about it, a sentence each."""
    pairs: tuple[tuple[str, float, float], ...] = ()
    """Seed and AUC of A and B in each split that both have; of own rows, not of a mean."""
    probabilities: tuple[float, float, float] | None = None
    """That A is better by more than .01, that they are practically the same, that B is better."""
    posterior: Posterior | None = None
    """Of the difference, which the probabilities are of."""

    @property
    def difference(self) -> float | None:
        """A less B, of the full numbers."""
        return None if self.first is None or self.second is None else self.first - self.second

    @property
    def terse(self) -> tuple[str, str, str]:
        """A, B and A - B in three digits, for a terminal: the difference is that of the digits shown."""
        if self.first is None or self.second is None:
            return "-", "-", "-"
        one, two = (round(round(value, 9), 3) for value in (self.first, self.second))
        return three(one), three(two), change(one - two)

    @property
    def shown(self) -> tuple[str, str, str, str]:
        """A, B, A - B and the interval, all with the same digits."""
        places = digits(self.first, self.second)
        between = "-"
        if self.interval is not None:
            between = "[{}, {}]".format(*(_fixed(end, places, "+") for end in self.interval))
        return (
            _fixed(self.first, places),
            _fixed(self.second, places),
            _fixed(self.difference, places, "+"),
            between,
        )


@dataclass(frozen=True, slots=True)
class Told:
    """Two rows compared, as it is told."""

    headline: str
    """The verdict of the mean."""
    unlike: str
    """What differs beside the model; empty if nothing does."""
    lines: tuple[Line, ...]
    """For each task, and the mean if there are several."""
    notes: tuple[str, ...]
    """What must be known beside the lines."""
    method: str = ""
    """How they were judged; empty if they were not."""
    interval: str = "95 % interval"
    """What the lines' intervals are called."""


def usual_first(table: Table) -> tuple[Any, ...]:
    """Sorts ranked tables: the paper's set and the usual way of each protocol first."""
    from engine.catalog.protocols import listed

    arm = table.arm
    return set_order(table.task_set), listed(arm.protocol), arm != Arm(arm.protocol), table


# ---------------------------------------------------------------------------- numbers


def digits(first: float | None, second: float | None) -> int:
    """Digits after the point, so that the difference that is shown is that of the AUCs that are shown.

    Every number is rounded from the full one: to three digits, or if these do not add up to the fewest
    that do, six at most.
    """
    if first is None or second is None:
        return 3
    for places in (3, 4, 5):
        one, two, difference = (Decimal(_fixed(value, places)) for value in (first, second, first - second))
        if one - two == difference:
            return places
    return 6


def _fixed(value: float | None, places: int = 3, sign: str = "-") -> str:
    """With so many digits, from nine, as means are kept: so one number reads the same everywhere."""
    return "-" if value is None else f"{round(value, 9):{sign}.{places}f}"


# ---------------------------------------------------------------------------- two own rows


def told(comparison: Comparison) -> Told:
    """Two own rows on the splits that both have."""
    mean = comparison.mean
    lines = [_line(task, pair, comparison.splits[task]) for task, pair in comparison.tasks.items()]
    if len(mean.tasks) > 1:
        lines.append(_line(f"mean of {len(mean.tasks)}", mean))
    return Told(_headline(mean), differ(comparison), tuple(lines), tuple(_notes(mean)), METHOD)


def differ(comparison: Comparison) -> str:
    """What differs beside the model, in a sentence; empty if nothing does."""
    return _differ(comparison.unlike, comparison.first.model == comparison.second.model)


def _differ(unlike: Sequence[str], same_model: bool) -> str:
    if not unlike:
        return ""
    *others, last = unlike
    named = f"{', '.join(others)} and {last}" if others else last
    model = "; the model is the same" if same_model else ", not in the model alone"
    return f"The two differ in {named}{model}."


def _headline(mean: Pair) -> str:
    if mean.difference is None:
        return "Not comparable: there is no split that both have."
    line = _line("", mean)
    _, _, difference, between = line.shown
    interval = f" {between}" if line.interval else ""
    return f"{_within(mean.tasks)}: {_verdict(mean)}, A - B {difference}{interval}."


def _within(tasks: Sequence[str]) -> str:
    return f"In the mean of {len(tasks)} tasks" if len(tasks) > 1 else f"In {tasks[0]}"


def _line(name: str, pair: Pair, pairs: tuple[tuple[str, float, float], ...] = ()) -> Line:
    first, second = pair.aucs or (None, None)
    used, tried = _span(one.used for one in pair.splits), _span(one.tried for one in pair.splits)
    splits = used if used == tried else f"{used}/{tried}"
    chances, posterior = pair.probabilities, None
    if chances and pair.difference is not None and pair.se and pair.nu:
        posterior = Posterior(pair.difference, pair.se, pair.nu)
    return Line(
        name,
        first,
        second,
        pair.interval,
        _short(pair),
        splits,
        tuple(one - two for _, one, two in pairs),
        tuple(_details(pair)),
        pairs,
        (chances.first, chances.same, chances.second) if chances else None,
        posterior,
    )


def _span(numbers: Iterable[int]) -> str:
    """`10`, `6-10`; empty of none."""
    found = sorted(set(numbers))
    return "-".join(map(str, dict.fromkeys((found[0], found[-1])))) if found else ""


def _verdict(pair: Pair) -> str:
    """The verdict with A and B for the two."""
    from engine.stats.pairs import Verdict

    words = {Verdict.FIRST: "A better", Verdict.SECOND: "B better"}
    return words.get(pair.verdict, str(pair.verdict))


def _short(pair: Pair) -> str:
    """The same for a narrow column."""
    from engine.stats.pairs import Verdict

    return "not told apart" if pair.verdict is Verdict.UNDECIDED else _verdict(pair)


def _notes(mean: Pair) -> Iterator[str]:
    """What must be known beside the lines."""
    from engine.stats.intervals import FEW_SPLITS

    if mean.splits:
        few = f" Preliminary: {FEW_SPLITS} are the least to go by." if mean.preliminary else ""
        each = " a task" if len(mean.splits) > 1 else ""
        used = " and ".join(map(str, dict.fromkeys(split.used for split in mean.splits)))
        yield f"On {used} {'split' if used == '1' else 'splits'}{each}.{few}"
    yield from _chances(mean)
    yield from _reach(mean)
    for split in mean.splits:
        if split.used < split.tried:
            lost = f"; {count(split.failed, 'split')} failed for one of them" if split.failed else ""
            yield f"{split.task}: on {split.used} of {split.tried} splits, those that both have{lost}."
    if mean.missing:
        yield f"Not compared, since they have no split of them in common: {', '.join(mean.missing)}."
    if mean.ratios_differ:
        yield "They were trained on different shares of the genes; the larger error is used."


def _chances(pair: Pair) -> Iterator[str]:
    if (chances := pair.probabilities) is not None:
        yield (
            f"{_within(pair.tasks)}: A better by more than .01 with probability {chances.first:.3f}, "
            f"practically the same {chances.same:.3f}, B better {chances.second:.3f}; a verdict needs .95."
        )


def _reach(pair: Pair) -> Iterator[str]:
    """What these splits could have shown."""
    from engine.stats.power import detectable

    if (least := detectable(pair)) is not None:
        yield f"The smallest difference that these splits could show is {_fixed(least)}."
    if pair.interval is not None and not pair.sameness_in_reach:
        yield "Practically the same cannot be shown with so few genes and splits, whatever is true."


def _details(pair: Pair) -> Iterator[str]:
    """What is said of a line on request."""
    yield from _chances(pair)
    yield from _reach(pair)
    if pair.gene_se is not None:
        of_splits = "not known" if pair.split_se is None else f"{pair.split_se:.4f}"
        p = "" if pair.p is None else f" Two-sided p of no difference: {pair.p:.3g}, not corrected."
        yield (
            f"Standard error of genes {pair.gene_se:.4f}, of splits {of_splits}; "
            f"{pair.nu} degrees of freedom.{p}"
        )


# ---------------------------------------------------------------------------- published rows


def told_beside_print(found: Reproduced, own_first: bool, unlike: Sequence[str], same_model: bool) -> Told:
    """An own row and a published one; `own_first`: A is the own one."""
    lines = [_judged(task, one, own_first) for task, one in found.tasks.items()]
    mean = found.mean
    if mean is not None:
        lines.append(_judged(f"mean of {len(mean.splits)}", mean, own_first))
    headline = "Their means are not comparable: own splits of every task are needed."
    if mean is not None:
        _, _, difference, _ = lines[-1].shown
        within = "" if mean.tolerance is None else f", {_fixed(mean.tolerance)} is within split luck"
        headline = (
            f"In the mean of {len(mean.splits)} tasks: {_reproduced(mean)}, A - B {difference}{within}."
        )
    if not lines:
        headline = "Not comparable: there is no task that both have."
    differs = _differ(unlike, same_model)
    return Told(headline, differs, tuple(lines), (_REPRODUCED,), _HOW_REPRODUCED, "split luck")


def _judged(name: str, one: Reproduction, own_first: bool) -> Line:
    first, second = (one.own, one.published) if own_first else (one.published, one.own)
    luck = None if one.tolerance is None else (-one.tolerance, one.tolerance)
    return Line(name, first, second, luck, _reproduced(one), _span(one.splits))


def _reproduced(one: Reproduction) -> str:
    return f"{one.word}: {one.reason}" if one.reason else str(one.word)


def told_in_print(
    means: Mapping[str, tuple[float, float]],
    mean: str,
    sentences: Sequence[str],
    unlike: Sequence[str],
    same_model: bool,
) -> Told:
    """Two published rows: differences alone, and how little they say.

    Args:
        means: AUCs of both, of each task and the mean.
        mean: What the mean is called in `means`.
        sentences: What their tables can tell apart.
        unlike: What differs beside the model.
        same_model: Whether they are of one model.
    """
    tasks = len(means) - (mean in means)
    names = {task: f"mean of {tasks}" if task == mean else task for task in means}
    lines = tuple(Line(names[task], *pair, None, "") for task, pair in means.items())
    headline = "Only means were published: differences, and no verdict."
    return Told(headline, _differ(unlike, same_model), lines, tuple(sentences))
