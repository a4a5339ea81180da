"""From a label list to the genes that are analysed, with a word for every gene that is an exception."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from engine.data.genes.facts import Gene
from engine.data.tasks.folder import LabelList, Rows
from engine.data.tasks.recipes import Composed
from store.errors import DataError
from store.records import Audit, AuditedGene, ClassAudit

Labels = Literal["raw", "unique", "clean"]

FEWEST: Final = 10
"""Genes a class needs, so that a stratified tenth of the task holds one of them."""

DUPLICATE: Final = "duplicate"
SAME_GENE: Final = "other id of the same gene"
TWO_GENES: Final = "id of more than one gene"
CONFLICT: Final = "in more than one class"
NO_TEXT: Final = "no text, name used"

_ORDER: Final = attrgetter("reason", "symbol", "identifier", "label", "used")
"""In which the exceptions are told."""


class Entry(NamedTuple):
    """One gene of one row of the label file."""

    symbol: str
    label: int
    identifier: str
    repeat: str
    """Why the row adds nothing to its class (`DUPLICATE` or `SAME_GENE`), else empty."""


@dataclass(frozen=True, slots=True)
class Audited:
    """The rows that splits are drawn from, in stable order, and how they came about."""

    symbols: tuple[str, ...]
    """By `stable_place` and label."""
    labels: tuple[int, ...]
    texts: tuple[str, ...]
    described: tuple[bool, ...]
    """Whether the text of each row is what the recipe asks for."""
    classes: tuple[ClassAudit, ...]
    repeats: tuple[AuditedGene, ...]
    """Those that add nothing to their class: one for each row, so that a gene listed three times is
    named twice."""
    words: tuple[AuditedGene, ...]
    """The other exceptions, in their order, but for `bare`."""
    bare: tuple[tuple[str, int], ...]
    """(symbol, label) of genes without a text of which nothing else is to be said: a million, maybe."""

    @property
    def audit(self) -> Audit:
        """The counts and every exception, made anew each time."""
        names = [item.label for item in self.classes]
        bare = [AuditedGene(symbol, symbol, names[label], NO_TEXT, True) for symbol, label in self.bare]
        return Audit(self.classes, (*self.repeats, *_merged(self.words, bare)))


def stable_place(gene: Gene) -> tuple[int, int, str]:
    """Where a gene stands in every task: by NCBI id, which outlives renaming; without one, last.

    Splits draw from this order, so it must depend on nothing that changes between two downloads.
    """
    number = int(gene.ncbi_id) if gene.ncbi_id.isdecimal() and len(gene.ncbi_id) < 20 else 0
    return (0 if number else 1, number, gene.symbol)


def audit(
    task: LabelList, labels: Labels, compose: Callable[[str], Composed], alone: bool | None = None
) -> Audited:
    """Follow every entry of `task` to its use or the reason against it.

    Args:
        task: The label list as its file has it.
        labels: `raw` keeps every repeat; `unique` keeps a gene once in a class; `clean` also leaves out
            the genes that stand in more than one class, but only once the splits are drawn
            (`engine.data.tasks.splits`), so that they stay among the rows.
        compose: Symbol -> text.
        alone: Whether its symbol is all that is asked for of a gene of which nothing is known; None if
            `compose` makes another text of it.

    Raises:
        DataError: fewer than two classes, or fewer than ten genes of one, are left.
    """
    rest, plain = _told_apart(task)
    entries = tuple(_entries(rest))
    classes_of: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        classes_of[entry.symbol].add(entry.label)
    conflicts = {symbol for symbol, found in classes_of.items() if len(found) > 1}

    def kept(entry: Entry) -> bool:
        return labels == "raw" or not entry.repeat

    def used(entry: Entry) -> bool:
        return kept(entry) and (labels != "clean" or entry.symbol not in conflicts)

    texts = {symbol: compose(symbol) for symbol in classes_of}
    rows = sorted(
        ((entry.symbol, entry.label) for entry in filter(kept, entries)),
        key=lambda row: (stable_place(task.genes[row[0]]), row[1]),
    )
    # Those of `plain` have no NCBI id, so they stand among the last.
    numbered = sum(1 for symbol, _ in rows if not stable_place(task.genes[symbol])[0])
    rows[numbered:] = sorted([*rows[numbered:], *plain.items()])
    written: list[str] = []
    described: list[bool] = []
    told: Counter[int] = Counter()
    bare: list[tuple[str, int]] = []
    unknown = repeat(False) if alone is None else task.genes.are_bare(symbol for symbol, _ in rows)
    for row, is_unknown in zip(rows, unknown, strict=False):
        symbol, label = row
        if symbol in texts:
            text, complete = texts[symbol]
        else:  # one of `plain`
            text, complete = (symbol, bool(alone)) if is_unknown else compose(symbol)
            if complete:
                told[label] += 1
            else:
                bare.append(row)
        written.append(text)
        described.append(complete)
    analysed = Counter(entry.label for entry in filter(used, entries))
    counts = _counts(task, rest, analysed, texts, Counter(plain.values()), told)
    _check(task, counts)
    repeats = (_word(task, entry, entry.repeat, used(entry)) for entry in entries if entry.repeat)
    words = {*_unmapped(rest), *_exceptions(rest, entries, used, conflicts, texts)}
    return Audited(
        tuple(symbol for symbol, _ in rows),
        tuple(label for _, label in rows),
        tuple(written),
        tuple(described),
        counts,
        tuple(repeats),
        tuple(sorted(words, key=_ORDER)),
        tuple(bare),
    )


def _merged(words: Sequence[AuditedGene], bare: list[AuditedGene]) -> Iterator[AuditedGene]:
    """Both in one order, in which each is already; `bare` are genes without a text."""
    same = [gene for gene in words if gene.reason == NO_TEXT]
    yield from (gene for gene in words if gene.reason < NO_TEXT)
    yield from sorted(same + bare, key=_ORDER) if same else bare
    yield from (gene for gene in words if gene.reason > NO_TEXT)


def _told_apart(task: LabelList) -> tuple[LabelList, dict[str, int]]:
    """The task with the rows that something is to be said of, and the label of each of the others.

    Most rows of a long list are of the others: the only one of an identifier that is its own symbol, of
    which no other identifier is another name and no more is known than a text.
    """
    told = set(task.genes.known())
    for meaning in task.meanings.others():
        told.update((meaning.identifier, *meaning.symbols))
    plain = dict(task.rows)
    if len(plain) < len(task.rows.labels):
        told.update(name for name, count in Counter(task.rows.identifiers).items() if count > 1)
    for name in told:
        plain.pop(name, None)
    if len(plain) == len(task.rows.labels):
        return replace(task, rows=Rows((), ())), plain
    return replace(task, rows=Rows.of(row for row in task.rows if row[0] not in plain)), plain


def _entries(task: LabelList) -> Iterator[Entry]:
    rows: set[tuple[str, int]] = set()
    genes: set[tuple[str, int]] = set()
    for identifier, label in task.rows:
        for symbol in task.meanings[identifier].symbols:
            if (identifier, label) in rows:
                repeat = DUPLICATE
            else:
                repeat = SAME_GENE if (symbol, label) in genes else ""
            yield Entry(symbol, label, identifier, repeat)
            genes.add((symbol, label))
        rows.add((identifier, label))


def _unmapped(task: LabelList) -> Iterator[AuditedGene]:
    for identifier, label in set(task.rows):
        meaning = task.meanings[identifier]
        if not meaning.symbols:
            yield AuditedGene(identifier, "", task.heading.classes[label], meaning.step, False)


def _exceptions(
    task: LabelList,
    entries: tuple[Entry, ...],
    used: Callable[[Entry], bool],
    conflicts: set[str],
    texts: dict[str, Composed],
) -> Iterator[AuditedGene]:
    for entry in entries:
        if not entry.repeat and entry.symbol in conflicts:
            yield _word(task, entry, CONFLICT, used(entry))
        if len(task.meanings[entry.identifier].symbols) > 1:
            yield _word(task, entry, TWO_GENES, used(entry))
        if not entry.repeat and not texts[entry.symbol].complete:
            yield _word(task, entry, NO_TEXT, used(entry))


def _word(task: LabelList, entry: Entry, reason: str, used: bool) -> AuditedGene:
    return AuditedGene(entry.identifier, entry.symbol, task.heading.classes[entry.label], reason, used)


def _counts(
    task: LabelList,
    rest: LabelList,
    analysed: Counter[int],
    texts: dict[str, Composed],
    plain: Counter[int],
    plain_told: Counter[int],
) -> tuple[ClassAudit, ...]:
    """Of each class; `plain` and `plain_told` count the rows that are not among `rest`."""
    unique = set(rest.rows)
    meanings = task.meanings
    mapped = Counter(label for identifier, label in unique if meanings[identifier].symbols)
    told = Counter(
        label
        for identifier, label in unique
        if any(texts[symbol].complete for symbol in meanings[identifier].symbols)
    )
    distinct = Counter(label for _, label in unique)
    told += plain_told
    for counter in (distinct, mapped, analysed):
        counter += plain
    return tuple(
        ClassAudit(name, task.counts[label], distinct[label], mapped[label], told[label], analysed[label])
        for label, name in enumerate(task.heading.classes)
    )


def _check(task: LabelList, classes: tuple[ClassAudit, ...]) -> None:
    name, source = task.heading.name, task.heading.source
    where = f" in {source}" if source else ""
    if sum(1 for item in classes if item.raw) < 2:
        raise DataError(
            f"Task {name} has only one class{where}: {task.heading.classes[0]}.",
            "A task needs at least two classes.",
        )
    for item in classes:
        if item.used < FEWEST:
            unmapped = len({one for one, _ in task.rows if not task.meanings[one].symbols})
            hint = f"Splits of 10% need at least {FEWEST} genes of each class."
            if unmapped:
                hint += (
                    f" {unmapped} identifiers are not known genes: `genearena fetch ncbi` may know them; "
                    "`genearena import task FILE --keep-unmapped` keeps them as they are."
                )
            raise DataError(
                f"Task {name} has {item.used} usable {'gene' if item.used == 1 else 'genes'} "
                f"of class {item.label[:60]!r}, of {item.raw} listed{where}.",
                hint,
            )
