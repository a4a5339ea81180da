"""Importing a task: read, resolve, audit, and write it as a task folder with a report."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.formats.choices import Choices
from engine.data.formats.detect import read_raw
from engine.data.genes.identifiers import DATE, DISAGREE, make_resolver
from engine.data.genes.meanings import AS_GIVEN, KEPT, NOT_MAPPED
from engine.data.genes.spellings import is_date
from engine.data.importers.gates import check_mapped, check_texts
from engine.data.importers.names import check_task_name, first_names
from engine.data.importers.reports import report_text
from engine.data.importers.strangers import like_mice
from engine.data.load import knowing, resolve, with_texts
from engine.data.outline import Outline, remember
from engine.data.tasks.audit import CONFLICT, NO_TEXT, Audited
from engine.data.tasks.digest import task_digest
from engine.data.tasks.folder import Heading, LabelList, write_task_folder
from engine.data.tasks.shelf import SAMPLE, taken_names
from engine.files.tables.table import sheets_said
from store.home import Home
from store.records import task_hash
from store.tombstones import note_restored
from store.uncollected import uncollected


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import made of a label file."""

    name: str
    folder: str
    kind: str
    """The format it was read as."""
    classes: tuple[str, ...]
    """In label order; with two classes the last is the positive one."""
    counts: tuple[int, ...]
    """Rows of each class in the file; one id may mean two genes."""
    used: tuple[int, ...]
    """Distinct genes of each class that can be analysed."""
    steps: Mapping[str, int]
    """Distinct identifiers by the step that resolved them, or the reason they were not."""
    unresolved: tuple[str, ...]
    """Identifiers that are not known genes and were left out."""
    kept: tuple[str, ...]
    """Identifiers that are not known genes and were kept as they are."""
    ambiguous: Mapping[str, tuple[str, ...]]
    """Identifiers that mean more than one gene."""
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What there is now."""
        return f"{self.name} is here, read as {self.kind}."

    @property
    def lines(self) -> tuple[str, ...]:
        """What became of the entries, in words."""
        classes = zip(self.classes, self.used, self.counts, strict=True)
        lines = [
            f"{used:>6} {'gene' if used == 1 else 'genes'} from {rows} rows: {label}"
            for label, used, rows in classes
        ]
        for step, count in self.steps.items():
            plain = step.startswith(NOT_MAPPED) or step in (AS_GIVEN, KEPT)
            lines.append(f"{count:>6} {step if plain else f'resolved by {step}'}")
        if self.kept:
            lines.append(
                f"{len(self.kept):>6} without a text, under their own name: {first_names(self.kept)}"
            )
        if self.unresolved:
            lines.append(f"{len(self.unresolved):>6} left out: {first_names(self.unresolved)}")
        if self.ambiguous:
            means = [f"{one} ({' or '.join(symbols)})" for one, symbols in self.ambiguous.items()]
            lines.append(f"{len(means):>6} with more than one gene: {first_names(means)}")
        return tuple(lines)


@uncollected()
def import_task(
    path: Path,
    name: str,
    home: Home,
    kind: str = "auto",
    *,
    title: str = "",
    choices: Choices | None = None,
    keep_unmapped: bool = False,
) -> ImportReport:
    """Read a label file and keep it as task `name` in `home`.

    Args:
        path: A file or folder of one of the formats of `detect.KINDS`.
        name: The task's name from now on.
        home: Where to keep it.
        kind: The format; `auto` tells it by the content.
        title: A line to show; the file's name if empty.
        choices: What the file leaves open: columns, sheet, sets, conditions, the positive class.
        keep_unmapped: Whether names that are not known genes stay in the task as they are.

    Raises:
        UsageError: a name that is taken or unusable; no such kind, column or class; a choice to be made.
        DataError: the file cannot be read, leaves too few genes of a class, or has too many
            identifiers that are not known genes or genes without a text.
        StoreError: it cannot be written.
    """
    check_task_name(name, taken_names(home))
    heading = Heading(name, title or path.name, (), path.name)
    kind, notes, task = _read(path, kind, home, heading, choices or Choices(), keep_unmapped)
    with sheets_said(notes):
        check_mapped(task)
        return keep_task(task, kind, notes, home, check_texts)


def _read(
    path: Path, kind: str, home: Home, heading: Heading, choices: Choices, keep_unmapped: bool
) -> tuple[str, tuple[str, ...], LabelList]:
    """The format, what is to be said of the reading, and the label list.

    The tables of all genes, some 70 MB, are let go of with the end of it.
    """
    resolver = make_resolver(home, SAMPLE)
    kind, raw = read_raw(path, kind, knowing(choices, resolver))
    notes = raw.notes
    if len(raw.classes) == 2:
        why = f": {raw.why}" if raw.why else ", as the format has it"
        notes += (f"The positive class is {raw.classes[1]!r}{why}; --positive chooses another.",)
    notes += like_mice(raw.identifiers, resolver.resolve)
    heading = replace(heading, classes=raw.classes)
    return kind, notes, resolve(raw, resolver, heading, keep_unmapped=keep_unmapped)


def import_notes(name: str, home: Home) -> tuple[str, ...]:
    """What the import of the task `name` had to say; nothing of a task that was not imported."""
    try:
        report = json.loads((home.tasks / name / "report.json").read_text(encoding="utf-8"))
        return tuple(str(note) for note in report["notes"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()  # it is there to be read, and nothing depends on it


def keep_task(
    task: LabelList,
    kind: str,
    notes: tuple[str, ...],
    home: Home,
    check: Callable[[LabelList, Audited], None] | None = None,
) -> ImportReport:
    """Write `task` into `home` under the name of its heading, with a report.

    Raises:
        DataError: too few genes of a class, or what `check` raises.
        StoreError: it cannot be written.
    """
    audited, recipe = with_texts(task)
    if check:
        check(task, audited)
    heading = task.heading
    outline = Outline(
        heading.name,
        task_hash(heading.classes, audited.symbols, audited.labels, audited.texts),
        recipe,
        len(set(audited.described)) > 1,
    )
    folder = home.tasks / task.heading.name
    notes += tuple(_told(task, audited))
    report = _report(task, tuple(item.used for item in audited.classes), kind, folder, notes)
    del audited
    write_task_folder(folder, (task,), {"report.json": report_text(report)})
    note_restored(home, "task", heading.name, lambda: task_digest(folder))
    remember(outline, home)
    return report


def _told(task: LabelList, found: Audited) -> Iterator[str]:
    """What else sets the genes that are used apart from the rows of the file."""
    both = len({item.symbol for item in found.words if item.reason == CONFLICT})
    if bare := {item.symbol for item in found.words if item.reason == NO_TEXT}:
        bare.difference_update(task.meanings.own(KEPT))
    for count, one, many in (
        (len(found.repeats), "row names a gene that its class has", "rows name a gene that its class has"),
        (both, "gene stands in more than one class", "genes stand in more than one class"),
        (
            len(bare.difference(_kept(task))),
            "gene has no text but its name",
            "genes have no text but their name",
        ),
    ):
        if count:
            said, them = (one, "it") if count == 1 else (many, "them")
            yield f"{count} {said}; `genearena tasks {task.heading.name} --audit` names {them}."
    if dates := sorted(filter(is_date, task.meanings.own(AS_GIVEN))):
        yield f"Read as {DATE}, and kept as given: {first_names(dates)}."


def _report(
    task: LabelList, used: tuple[int, ...], kind: str, folder: Path, notes: tuple[str, ...]
) -> ImportReport:
    others = tuple(task.meanings.others())
    steps = Counter(task.meanings.steps())
    kinds: Counter[str] = Counter()
    for step, count in steps.items():
        kinds[_kind_of_step(step)] += count
    return ImportReport(
        name=task.heading.name,
        folder=str(folder),
        kind=kind,
        classes=task.heading.classes,
        counts=task.counts,
        used=used,
        steps=dict(kinds.most_common()),
        unresolved=tuple(sorted(meaning.identifier for meaning in others if not meaning.symbols)),
        kept=_kept(task),
        ambiguous={item.identifier: item.symbols for item in others if len(item.symbols) > 1},
        notes=notes,
    )


def _kept(task: LabelList) -> tuple[str, ...]:
    return tuple(sorted(task.meanings.own(KEPT)))


def _kind_of_step(step: str) -> str:
    """`step` without the genes between which it could not decide."""
    if step.startswith(f"{NOT_MAPPED}: {DISAGREE}"):
        return f"{NOT_MAPPED}: {DISAGREE}"
    return re.sub(rf"^({NOT_MAPPED}: [\w ]+) of \S+ and .*", r"\1 of more than one gene", step)
