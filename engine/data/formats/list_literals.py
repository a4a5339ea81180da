"""A CSV `gene_id,label` whose first column names a class and whose second is a Python list of ids."""

from __future__ import annotations

import ast

from engine.data.formats.choices import Choices
from engine.data.formats.raw import RawTask, raw_task
from engine.files.tables import Table
from store.errors import DataError


def matches(table: Table) -> bool:
    """Whether the two columns are `gene_id,label` and the second holds list literals."""
    return table.header == ("gene_id", "label") and all(
        cell.lstrip().startswith("[") for cell in table.columns[1]
    )


def read(table: Table, _: Choices) -> RawTask:
    """Each row's list as entries of its class; the first class is the positive one.

    Raises:
        DataError: a list that is not a list of texts.
    """
    genes: list[str] = []
    labels: list[str] = []
    for line, name, literal in zip(table.lines, *table.columns, strict=True):
        try:
            members = ast.literal_eval(literal.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
            raise DataError(f"{table.path} has no list of genes {table.at(line)}.") from error
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise DataError(
                f"{table.path} has no list of genes {table.at(line)}.", "Write ['GENE1', 'GENE2']."
            )
        genes.extend(member.strip() for member in members)
        labels.extend([name.strip()] * len(members))
    names = list(dict.fromkeys(name.strip() for name in table.columns[0]))
    return raw_task(table.path, genes, labels, classes=names[::-1] if len(names) == 2 else names)
