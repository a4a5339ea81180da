"""From a label list to the genes that are analysed, with a word for every gene that is an exception."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Final, Literal, NamedTuple

from engine.data.genes.facts import Gene
from engine.data.tasks.folder import LabelList
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

    rows: tuple[tuple[str, int, str], ...]
    """(symbol, label, text), by `stable_place` and label."""
    audit: Audit


def stable_place(gene: Gene) -> tuple[int, int, str]:
    """Where a gene stands in every task: by NCBI id, which outlives renaming; without one, last.

    Splits draw from this order, so it must depend on nothing that changes between two downloads.
    """
    number = int(gene.ncbi_id) if gene.ncbi_id.isdecimal() and len(gene.ncbi_id) < 20 else 0
    return (0 if number else 1, number, gene.symbol)


def audit(task: LabelList, labels: Labels, compose: Callable[[str], Composed]) -> Audited:
    """Follow every entry of `task` to its use or the reason against it.

    Args:
        task: The label list as its file has it.
        labels: `raw` keeps every repeat; `unique` keeps a gene once in a class; `clean` also leaves out
            the genes that stand in more than one class, but only once the splits are drawn
            (`engine.data.tasks.splits`), so that they stay among the rows.
        compose: Symbol -> text.

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
    words = [*{*_unmapped(rest), *_exceptions(rest, entries, used, conflicts, texts)}]
    repeats = [
        _word(task, entry, entry.repeat, used(entry)) for entry in entries if entry.repeat
    ]  # one for each row, so that a gene listed three times is told twice
    analysed = Counter(entry.label for entry in filter(used, entries))
    found = [(symbol, label, texts[symbol].text) for symbol, label in rows]
    bare: list[AuditedGene] = []
    told: Counter[int] = Counter()
    alone: list[tuple[str, int, str]] = []
    classes = task.heading.classes
    for symbol, label in sorted(plain, key=itemgetter(0)):
        text, complete = compose(symbol)
        alone.append((symbol, label, text))
        if complete:
            told[label] += 1
        else:
            bare.append(AuditedGene(symbol, symbol, classes[label], NO_TEXT, True))
    counts = _counts(task, rest, analysed, texts, Counter(label for _, label in plain), told)
    result = Audit(counts, (*repeats, *_merged(words, bare)))
    _check(task, result)
    return Audited(_in_order(task, found, alone), result)


def _merged(words: list[AuditedGene], bare: list[AuditedGene]) -> Iterator[AuditedGene]:
    """Both in one order, in which `bare`, of genes without a text, are already."""
    words = sorted(words, key=_ORDER)
    same = [gene for gene in words if gene.reason == NO_TEXT]
    yield from (gene for gene in words if gene.reason < NO_TEXT)
    yield from sorted(same + bare, key=_ORDER) if same else bare
    yield from (gene for gene in words if gene.reason > NO_TEXT)


def _told_apart(task: LabelList) -> tuple[LabelList, list[tuple[str, int]]]:
    """The task with the rows that something is to be said of, and the others.

    Most rows of a long list are of the others: the only one of an identifier that is its own symbol, of
    which no other identifier is another name and no more is known than a text.
    """
    own = task.meanings.is_own_symbol
    again = {name for name, count in Counter(map(itemgetter(0), task.rows)).items() if count > 1}
    others = {name for name, _ in task.rows if not own(name)}
    others |= again.union(*(task.meanings[name].symbols for name in others))
    kept = task.genes.kept
    rest: list[tuple[str, int]] = []
    plain: list[tuple[str, int]] = []
    for row in task.rows:
        (plain if row[0] not in others and isinstance(kept(row[0]), str) else rest).append(row)
    return replace(task, rows=tuple(rest)), plain


def _in_order(
    task: LabelList, found: list[tuple[str, int, str]], alone: list[tuple[str, int, str]]
) -> tuple[tuple[str, int, str], ...]:
    """Both in the order of `stable_place`, in which each is: those of `alone` have no NCBI id."""
    numbered = sum(1 for symbol, _, _ in found if not stable_place(task.genes[symbol])[0])
    if numbered < len(found):
        alone = sorted(found[numbered:] + alone, key=itemgetter(0, 1))
    return (*found[:numbered], *alone)


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


def _check(task: LabelList, result: Audit) -> None:
    name = task.heading.name
    if sum(1 for item in result.classes if item.raw) < 2:
        raise DataError(
            f"Task {name} has only one class: {task.heading.classes[0]}.",
            "A task needs at least two classes.",
        )
    for item in result.classes:
        if item.used < FEWEST:
            unmapped = len({one for one, _ in task.rows if not task.meanings[one].symbols})
            hint = f"Splits of 10% need at least {FEWEST} genes of each class."
            if unmapped:
                hint += f" {unmapped} identifiers are no known gene; `genearena fetch ncbi` may know them."
            raise DataError(
                f"Task {name} has {item.used} usable {'gene' if item.used == 1 else 'genes'} "
                f"of class {item.label!r}, of {item.raw} listed.",
                hint,
            )
