"""Conditions on columns of numbers mean what they say, with missing numbers, and run nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.formats.condition import parse
from store.errors import UsageError

COLUMNS = {"padj": 0, "log2FoldChange": 1, "adj.P.Val": 2, "my column": 3}


def holds(text: str, *row: float | None) -> bool | None:
    return parse(text, COLUMNS.__getitem__)(lambda place: row[place])


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("padj < 0.05", (0.01,), True),
        ("padj < 0.05", (0.05,), False),
        ("padj <= 5e-2", (0.05,), True),
        ("0.05 > padj", (0.01,), True),
        ("0.01 < padj <= 0.05", (0.05,), True),
        ("padj between 0.01 and 0.05", (0.01,), True),
        ("padj between 0.01 and 0.05 and log2FoldChange > 0", (0.02, 1), True),
        ("padj < 0.05 and log2FoldChange < 0", (0.01, -1), True),
        ("padj < 0.05 or log2FoldChange < 0", (0.5, -1), True),
        ("not padj < 0.05", (0.5,), True),
        ("not (padj < 0.05 or log2FoldChange < 0)", (0.5, 1), True),
        ("padj < 0.05 or padj > 0.5 and log2FoldChange < 0", (0.01, 1), True),
        ("abs(log2FoldChange) > 1", (0, -2), True),
        ("`adj.P.Val` < 0.05", (0, 0, 0.01), True),
        ("adj.P.Val < 0.05", (0, 0, 0.01), True),
        ('"my column" = 3', (0, 0, 0, 3), True),
        ("log2FoldChange < -1", (0, -2), True),
        ("PADJ < 0.05 AND padj > 0", None, None),
        ("padj < 0.05", (None,), None),
        ("padj < 0.05 and log2FoldChange < 0", (None, 1), False),
        ("padj < 0.05 and log2FoldChange < 0", (None, -1), None),
        ("padj < 0.05 or log2FoldChange < 0", (None, -1), True),
        ("padj < 0.05 or log2FoldChange < 0", (None, 1), None),
        ("not padj < 0.05", (None,), None),
        ("abs(padj) < 1", (None,), None),
        ("0 < padj < 1", (None,), None),
    ],
)
def test_a_condition_holds_or_not_or_is_not_known(text, row, expected) -> None:
    if row is None:
        with pytest.raises(KeyError):  # names of columns are looked up as they are written
            holds(text)
        return
    assert holds(text, *row) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "padj",
        "padj <",
        "< 0.05",
        "padj < 0.05 and",
        "(padj < 0.05",
        "padj < 0.05)",
        "padj 0.05",
        "padj between 1 or 2",
        "padj < 0.05 log2FoldChange > 1",
        "abs padj > 1",
        "__import__('os')",
        "padj < 0.05; 1",
        "padj + 1 < 2",
        "(" * 100 + "padj < 1" + ")" * 100,
        "not " * 100 + "padj < 1",
    ],
)
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read at") as refused:
        parse(text, COLUMNS.__getitem__)
    assert "padj < 0.05" in refused.value.hint


@given(st.text(alphabet='padj<>=!0.5e-() andornotbetweenabs`"', max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        condition = parse(text, lambda _: 0)
    except UsageError:
        return
    assert condition(lambda _: 1.0) in (True, False)
    assert condition(lambda _: None) in (True, False, None)
