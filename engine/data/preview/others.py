"""What an import would make of a table of vectors, or of a file of descriptions."""

from __future__ import annotations

import shlex
from itertools import islice
from pathlib import Path

from engine.data.genes.columns import gene_column
from engine.data.genes.descriptions import description_table, gene_texts, read_descriptions, text_column
from engine.data.genes.identifiers import make_resolver
from engine.data.importers.descriptions import unknown_among
from engine.data.importers.strangers import like_mice
from engine.data.preview.labels import SHOWN, of_empty_sheet
from engine.data.preview.names import FIRST_NAMES, look_up
from engine.data.preview.roles import BY_TITLE, CHOSEN
from engine.data.preview.told import Left, Preview, Taken
from engine.data.tasks.shelf import SAMPLE
from engine.files.tables import Table, read_table
from engine.files.tables.titles import GENE_TITLES, is_gene_title, plain
from engine.files.tables.workbook import EmptySheet
from store.errors import DataError
from store.home import Home
from store.uncollected import uncollected


@uncollected()
def look_at_vectors(path: Path, home: Home, genes: Path | None = None, key: str = "") -> Preview:
    """What the import of a table of vectors would make of it.

    Args:
        path: The file.
        home: With the tasks whose genes may be covered.
        genes: One gene a line, for a bare matrix.
        key: Which of several matrices, columns of lists, or sheets.

    Raises:
        DataError: it cannot be read, or would be refused; of several sheets the preview says so.
    """
    from engine.data.importers.vectors import read_for_import

    resolver = make_resolver(home, SAMPLE)
    try:
        vectors, names, report = read_for_import(path, "", home, genes, key, first=True, resolver=resolver)
    except EmptySheet as error:
        return of_empty_sheet("vectors", path, error)
    except DataError as error:
        if "--sheet" not in error.hint:
            raise
        return _other_sheet("vectors", read_table(path, sheet=key, first=True), error)
    taken = []
    if vectors.titles:
        by_title = plain(vectors.named_by) in GENE_TITLES
        taken.append(
            Taken("genes", vectors.named_by, BY_TITLE if by_title else "it is the first with names")
        )
        title = f"{report.first} to {report.last}" if report.first != report.last else report.first
        why = CHOSEN if key else "columns of numbers that are like each other"
        several = f"{report.dimension:,} columns, {title}"
        taken.append(Taken("dimensions", several, why, option="--key" if key else ""))
    few = vectors.matrix[:SHOWN, :6]
    rows = (
        (gene, *(f"{number:.4g}" for number in row)) for gene, row in zip(names, few.tolist(), strict=False)
    )
    titles = vectors.titles or tuple(map(str, range(1, report.dimension + 1)))
    options = [*(["--genes", str(genes)] if genes else []), *(["--key", key] if key else [])]
    return Preview(
        "vectors",
        str(path),
        f"vectors of {report.dimension:,} dimensions",
        report.total,
        vectors.whole,
        ("gene", *titles[: few.shape[1]]),
        tuple(rows),
        tuple(taken),
        tuple(Left(one.column, f"being {one.reason}") for one in report.left_out),
        names=look_up(names, resolver.resolve, whole=vectors.whole),
        facts=tuple(
            f"{part.covered:,} of {part.genes:,} genes have a vector: {part.task}, {part.label}"
            for part in report.coverage
        ),
        notes=report.notes,
        sheets=vectors.keys,
        command=shlex.join(["genearena", "import", "vectors", str(path), *options]),
    )


@uncollected()
def look_at_descriptions(path: Path, home: Home, sheet: str = "") -> Preview:
    """What the import of a file of descriptions would make of it.

    Args:
        path: The file.
        home: With the gene tables that are known.
        sheet: Of a workbook; its first if empty.

    Raises:
        UsageError: no such sheet.
        DataError: it cannot be read, or would be refused; of several sheets the preview says so.
    """
    resolver = make_resolver(home, SAMPLE)
    options = ["--sheet", sheet] if sheet else []
    command = shlex.join(["genearena", "import", "descriptions", str(path), *options])

    def symbols(name: str) -> tuple[str, ...]:
        return resolver.resolve(name).symbols

    facts: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    try:
        table = description_table(path, symbols, sheet, first=True)
    except EmptySheet as error:
        return of_empty_sheet("descriptions", path, error)
    if table:
        sheets = table.sheets
        try:
            texts, nameless = gene_texts(table, symbols)
        except DataError as error:
            if len(sheets) < 2:
                raise
            return _other_sheet("descriptions", table, error)
        gene, text = gene_column(table, symbols), text_column(table)
        assert gene is not None
        assert text is not None  # `gene_texts` has found both
        titles = table.header[gene], table.header[text]
        taken: tuple[Taken, ...] = (
            Taken("genes", titles[0], BY_TITLE if is_gene_title(titles[0]) else "it stands first"),
            Taken("texts", titles[1], BY_TITLE),
        )
        others = (title for title in table.header if title not in titles)
        left: tuple[Left, ...] = tuple(Left(title, "being neither genes nor texts") for title in others)
        if nameless:
            facts = (f"Rows that name no gene: {len(nameless)}, the first {table.at(nameless[0])}.",)
        kind, counted, whole, notes = "table", len(table.lines), table.whole, table.notes
    else:
        texts = dict(read_descriptions(path, symbols).texts)
        kind, counted, whole, notes = "genes and their texts", len(texts), True, ()
        taken, left = (), ()
    with_text = [gene for gene, text in texts.items() if text]
    without = len(texts) - len(with_text)
    problem, hint = "" if with_text else f"{path.name} has no text for any gene.", ""
    try:
        unknown_among(path, with_text[:FIRST_NAMES], home, resolver)
    except DataError as error:
        problem, hint = (problem, hint) if problem else (error.message, error.hint)
    return Preview(
        "descriptions",
        str(path),
        kind,
        counted,
        whole,
        ("gene", "text"),
        tuple((gene, text[:200]) for gene, text in islice(texts.items(), SHOWN)),
        taken,
        left,
        names=look_up(texts, resolver.resolve, whole=whole),
        facts=(
            f"{len(with_text):,} genes have a text, {without:,} have none and are left out.",
            *facts,
        ),
        notes=(*notes, *like_mice(with_text, resolver.resolve)),
        sheets=sheets,
        problem=problem,
        hint=hint,
        command=command,
    )


def _other_sheet(what: str, table: Table, error: DataError) -> Preview:
    """A sheet that cannot be imported as `what`, of a workbook another sheet of which may."""
    columns = [column[:SHOWN] for column in table.columns]
    return Preview(
        what,
        str(table.path),
        "table",
        len(table.lines),
        table.whole,
        table.header,
        tuple(zip(*columns, strict=True)),
        notes=table.notes,
        sheets=table.sheets,
        problem=error.message,
        hint=error.hint,
    )
