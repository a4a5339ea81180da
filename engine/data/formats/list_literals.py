"""A CSV `gene_id,label` whose first column names a class and whose second is a Python list of ids."""

from __future__ import annotations

import ast

from engine.data.formats.raw import RawRow, RawTask, raw_task
from engine.files.tables import Table
from store.errors import DataError


def matches(table: Table) -> bool:
    """Whether the two columns are `gene_id,label` and the second holds list literals."""
    return table.header == ("gene_id", "label") and all(
        row[1].lstrip().startswith("[") for row in table.rows
    )


def read(table: Table) -> RawTask:
    """Each row's list as entries of its class; the first class is the positive one.

    Raises:
        DataError: a list that is not a list of texts.
    """
    rows: list[RawRow] = []
    for line, (name, literal) in zip(table.lines, table.rows, strict=True):
        try:
            members = ast.literal_eval(literal.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
            raise DataError(f"{table.path} has no list of genes on line {line}.") from error
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise DataError(
                f"{table.path} has no list of genes on line {line}.", "Write ['GENE1', 'GENE2']."
            )
        rows.extend(RawRow(member.strip(), name.strip()) for member in members)
    names = list(dict.fromkeys(row[0].strip() for row in table.rows))
    return raw_task(table.path, rows, names[::-1] if len(names) == 2 else names)
