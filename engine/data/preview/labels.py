"""What an import would make of a label file, under one choice after another."""

from __future__ import annotations

import functools
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.detect import holds_table, label_table, of_table, read_raw, refuse_sets
from engine.data.formats.raw import RawTask
from engine.data.genes.identifiers import make_resolver
from engine.data.genes.meanings import NOT_MAPPED, Meaning
from engine.data.importers.gates import ENOUGH, too_few
from engine.data.importers.names import first_names
from engine.data.importers.strangers import like_mice, looks_like
from engine.data.preview.names import look_up
from engine.data.preview.numbers import histograms, is_quantity, suggestion
from engine.data.preview.roles import Roles
from engine.data.preview.told import Group, Names, Preview, Taken
from engine.data.tasks.audit import FEWEST
from engine.data.tasks.shelf import SAMPLE
from engine.files.outside import MAX_BYTES
from engine.files.tables import Table
from engine.files.tables.workbook import EmptySheet
from store.errors import GeneArenaError
from store.home import Home
from store.uncollected import uncollected

SHOWN: Final = 5
"""Rows of a file."""
_EACH_COLUMN: Final = ("table", "quantity")
"""Formats in which each column has a role of its own; in others the columns are classes."""
_OPTIONS: Final = (
    ("sheet", "sheet"), ("gene_column", "gene-column"), ("label_column", "label-column"),
    ("text_column", "text-column"), ("positive", "positive"), ("label_from", "label-from"),
    ("threshold", "threshold"),
)  # fmt: skip
"""Field of `Choices` that is one text, and its option."""


def of_empty_sheet(what: str, path: Path, error: EmptySheet) -> Preview:
    """What there is to show of a sheet without rows: that there are others.

    Raises:
        EmptySheet: there are none.
    """
    if len(error.sheets) < 2:
        raise error
    return Preview(
        what, str(path), "workbook", 0, True, sheets=error.sheets, problem=error.message, hint=error.hint
    )


class LabelFile:
    """A label file that is looked at; what was read of it stays while the choices change."""

    def __init__(self, path: Path, home: Home, kind: str = "auto") -> None:
        """Look at `path`, read as `kind`, with the genes that are known in `home`.

        Raises:
            DataError: a table of genes in `home` is damaged.
        """
        self.path = path
        self._kind = kind
        self._resolve = functools.cache(make_resolver(home, SAMPLE).resolve)
        self._tables: dict[str, Table] = {}

    @uncollected()
    def look(self, choices: Choices, *, keep_unmapped: bool = False) -> Preview:
        """What the import would make of it with these choices.

        Raises:
            UsageError: no such sheet or kind.
            DataError: there is nothing to show: the file cannot be read.
        """
        choices = replace(choices, symbols=self._symbols)
        if not holds_table(self.path, self._kind):
            kind, raw = read_raw(self.path, self._kind, choices)
            return self._filled(self._of_lists(kind, raw), raw, choices, keep_unmapped)
        refuse_sets(self.path, choices)
        try:
            table = self._table(choices.sheet)
        except EmptySheet as error:
            return of_empty_sheet("task", self.path, error)
        kind = "quantity" if choices.by_number else self._kind
        refused: GeneArenaError | None = None
        try:
            kind, raw = of_table(table, self._kind, choices)
        except GeneArenaError as error:
            refused = error
        found = self._of_table(table, kind, choices)
        if refused and found.suggested:
            found = self._suggested(table, found, choices, keep_unmapped)
        if refused:
            return replace(found, problem=refused.message, hint=refused.hint)
        return self._filled(found, raw, choices, keep_unmapped)

    def _symbols(self, text: str) -> tuple[str, ...]:
        symbols: tuple[str, ...] = self._resolve(text).symbols
        return symbols

    def _suggested(self, table: Table, found: Preview, choices: Choices, keep_unmapped: bool) -> Preview:
        """`found` with the classes that its suggestion would make, if it makes any."""
        choices = chosen_too(choices, found.suggested)
        try:
            _, raw = of_table(table, self._kind, choices)
        except GeneArenaError:
            return replace(found, suggested={})
        return replace(self._filled(found, raw, choices, keep_unmapped), suggested=found.suggested)

    def _table(self, sheet: str) -> Table:
        if sheet not in self._tables:
            self._tables[sheet] = label_table(self.path, sheet, True, self._symbols)
        return self._tables[sheet]

    def _of_lists(self, kind: str, raw: RawTask) -> Preview:
        rows = tuple(islice(zip(raw.identifiers, raw.labels, strict=True), SHOWN))
        return Preview("task", str(self.path), kind, len(raw.labels), True, ("gene", "class"), rows)

    def _of_table(self, table: Table, kind: str, choices: Choices) -> Preview:
        roles = Roles(table, choices)
        columns = [list(column[:SHOWN]) for column in table.columns]
        start = Preview(
            "task",
            str(self.path),
            "table" if kind == "auto" else kind,
            len(table.lines),
            table.whole,
            table.header,
            tuple(zip(*columns, strict=True)),
            notes=table.notes,
            sheets=table.sheets,
        )
        if kind not in (*_EACH_COLUMN, "auto"):
            titles = ", ".join(filter(None, table.header))
            return replace(start, taken=(Taken("classes", titles, "each column is a class or its genes"),))
        suggested = _suggested(table, roles, choices)
        return replace(
            start,
            taken=tuple(roles.taken()),
            left_out=roles.left_out(),
            histograms=histograms(table, chosen_too(choices, suggested)),
            suggested=suggested,
        )

    def _filled(self, found: Preview, raw: RawTask, choices: Choices, keep_unmapped: bool) -> Preview:
        """`found` with the classes, what the names mean, and what the import would refuse."""
        names = look_up(raw.identifiers, self._resolve, whole=found.whole)
        genes = self._genes(raw) if names.looked_up == names.different else None
        groups = tuple(_groups(raw, genes))
        problem, hint = self._refused(found, raw, names, groups, keep_unmapped)
        return replace(
            found,
            classes=groups,
            why_positive=(raw.why or _why(choices)) if len(groups) == 2 else "",
            names=names,
            notes=(*raw.notes, *like_mice(raw.identifiers, self._resolve), *_repeats(genes)),
            problem=problem,
            hint=hint,
            suggested={},
            command=command_of(self.path, self._kind, choices, keep_unmapped),
        )

    def _genes(self, raw: RawTask) -> Mapping[str, Counter[str]]:
        """Class -> its genes, each with how many of its rows name it."""
        genes: dict[str, Counter[str]] = defaultdict(Counter)
        for name, label in zip(raw.identifiers, raw.labels, strict=True):
            genes[label].update(self._resolve(name).symbols)
        return genes

    def _refused(
        self,
        found: Preview,
        raw: RawTask,
        names: Names,
        groups: Sequence[Group],
        keep_unmapped: bool,
    ) -> tuple[str, str]:
        """Why the import would be refused, and the way out; both empty if it would not."""
        if not found.whole and self.path.stat().st_size > MAX_BYTES:
            too_large = (
                f"{self.path.name} holds more than {MAX_BYTES >> 20} MB, which an import does not take."
            )
            return too_large, "Keep the rows and columns that the task needs."
        described = {name for name, text in zip(raw.identifiers, raw.texts, strict=False) if text}
        lost = [
            name
            for name in names.unknown
            if name not in described and not (keep_unmapped and self._plain(name))
        ]
        if names.looked_up - len(lost) < ENOUGH * names.looked_up:
            count = f"{len(lost):,} of {names.looked_up:,} names are not known genes: {first_names(lost)}."
            hint = "Take another gene column, or keep the names as they are with --keep-unmapped."
            return count, looks_like(lost) or hint
        if bare := self._without_text(raw, names):
            return bare, "Fill in the column of descriptions, or leave it out."
        if len(groups) < 2:
            return (
                f"There is one class, {groups[0].name!r}; a task needs two.",
                "Take another label column.",
            )
        usable = {group.name: group.rows if group.genes is None else group.genes for group in groups}
        for group_name, size in usable.items():
            if size < FEWEST and not described and not keep_unmapped and found.whole:
                return (
                    f"Class {group_name[:60]!r} has {size} genes; {FEWEST} are needed.",
                    "Move the threshold, or add genes.",
                )
        return "", ""

    def _without_text(self, raw: RawTask, names: Names) -> str:
        """What is wrong where the file describes some genes, but too few; empty if nothing is."""
        if not any(raw.texts) or names.looked_up < names.different:
            return ""
        told: dict[str, bool] = {}
        for name, text in zip(raw.identifiers, raw.texts, strict=True):
            for symbol in self._symbols(name) or ((name,) if text else ()):
                told[symbol] = told.get(symbol, False) or bool(text)
        bare = sorted(symbol for symbol, has in told.items() if not has)
        if not too_few(bare, told):
            return ""
        return f"{len(bare):,} of {len(told):,} genes have no text: {first_names(bare)}."

    def _plain(self, name: str) -> bool:
        meaning: Meaning = self._resolve(name)
        return meaning.step == NOT_MAPPED


def chosen_too(choices: Choices, suggested: Mapping[str, str]) -> Choices:
    """`choices` with a suggestion taken."""
    if not suggested:
        return choices
    return replace(choices, label_from=suggested["label_from"], threshold=suggested["threshold"])


def _groups(raw: RawTask, genes: Mapping[str, Counter[str]] | None) -> Iterator[Group]:
    rows = Counter(raw.labels)
    for name in raw.classes:
        yield Group(name, rows[name], None if genes is None else len(genes.get(name, ())))


def _repeats(genes: Mapping[str, Counter[str]] | None) -> Iterator[str]:
    """What else sets the genes apart from the rows."""
    members = Counter(symbol for found in (genes or {}).values() for symbol in found)
    if both := [symbol for symbol, count in members.items() if count > 1]:
        yield f"Genes in more than one class: {len(both):,}, {first_names(sorted(both))}."
    if again := sum(found.total() - len(found) for found in (genes or {}).values()):
        yield f"Rows that name a gene which their class has already, and add nothing: {again:,}."


def _why(choices: Choices) -> str:
    """Why the last of two classes is the positive one, where not its name decides."""
    if choices.threshold:
        return "it meets the threshold"
    return "it has the highest numbers" if choices.quantiles else "the format has it so"


def _suggested(table: Table, roles: Roles, choices: Choices) -> Mapping[str, str]:
    """A column of numbers to make classes of, where no other column holds classes."""
    if choices.by_number or roles.gene is None:
        return {}
    if roles.label is None:
        return {} if choices.label_column or roles.labels() else suggestion(table, roles.quantities)
    return suggestion(table, [table.header[roles.label]]) if is_quantity(table, roles.label) else {}


def command_of(path: Path, kind: str, choices: Choices, keep_unmapped: bool = False) -> str:
    """The command that imports a label file with these choices."""
    words = ["genearena", "import", "task", str(path)]
    words += [] if kind == "auto" else ["--kind", kind]
    for field, option in _OPTIONS:
        words += [f"--{option}", getattr(choices, field)] if getattr(choices, field) else []
    for option, values in (("set", choices.sets), ("class", choices.classes)):
        words += [word for value in values for word in (f"--{option}", value)]
    words += ["--quantiles", f"{choices.quantiles:g}"] if choices.quantiles else []
    return shlex.join([*words, "--keep-unmapped"] if keep_unmapped else words)
