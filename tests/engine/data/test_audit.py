"""Repeats, conflicts and unmapped ids under the three ways to read a label list."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.genes.facts import Gene, Genes
from engine.data.genes.meanings import NOT_MAPPED, Meaning, Meanings
from engine.data.tasks.audit import CONFLICT, DUPLICATE, NO_TEXT, SAME_GENE, TWO_GENES, audit
from engine.data.tasks.folder import Heading, LabelList, Rows
from engine.data.tasks.recipes import Composed
from store.errors import DataError
from store.records import AuditedGene

FILLER = [f"id{place}" for place in range(40)]


def label_list(
    rows: list[tuple[str, int]],
    meanings: dict[str, tuple[str, ...]],
    classes: tuple[str, ...] = ("no", "yes"),
) -> LabelList:
    """`rows` plus twenty plain genes of each class."""
    rows = rows + [(name, place % len(classes)) for place, name in enumerate(FILLER)]
    meanings = {**{name: (name.upper(),) for name in FILLER}, **meanings}
    symbols = {symbol for found in meanings.values() for symbol in found}
    steps = {name: Meaning(name, found, "x" if found else NOT_MAPPED) for name, found in meanings.items()}
    genes = {symbol: Gene(symbol, ncbi_id=str(1 + sum(symbol.encode()))) for symbol in symbols}
    return LabelList(Heading("t", "T", classes), Rows.of(rows), Meanings(steps), Genes(genes))


def text_of(symbol: str) -> Composed:
    return Composed(f"text of {symbol}", symbol != "B")


ROWS = [("a", 1), ("a", 1), ("a", 1), ("a2", 1), ("b", 0), ("c", 0), ("c", 1), ("gone", 0), ("two", 1)]
MEANINGS = {"a": ("A",), "a2": ("A",), "b": ("B",), "c": ("C",), "gone": (), "two": ("D", "E")}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("raw", {("A", 1): 4, ("B", 0): 1, ("C", 0): 1, ("C", 1): 1, ("D", 1): 1, ("E", 1): 1}),
        ("unique", {("A", 1): 1, ("B", 0): 1, ("C", 0): 1, ("C", 1): 1, ("D", 1): 1, ("E", 1): 1}),
        ("clean", {("A", 1): 1, ("B", 0): 1, ("C", 0): 1, ("C", 1): 1, ("D", 1): 1, ("E", 1): 1}),
    ],
)
def test_what_is_kept(labels: str, expected: dict[tuple[str, int], int]) -> None:
    audited = audit(label_list(ROWS, MEANINGS), labels, text_of)  # type: ignore[arg-type]
    rows = zip(audited.symbols, audited.labels, strict=True)
    assert Counter(row for row in rows if not row[0].startswith("ID")) == expected
    assert audited.texts == tuple(f"text of {symbol}" for symbol in audited.symbols)


def test_every_exception_is_named_once() -> None:
    audited = audit(label_list(ROWS, MEANINGS), "unique", text_of)
    words = Counter((gene.identifier, gene.symbol, gene.reason, gene.used) for gene in audited.audit.genes)
    assert words == {
        ("a", "A", DUPLICATE, False): 2,
        ("a2", "A", SAME_GENE, False): 1,
        ("b", "B", NO_TEXT, True): 1,
        ("c", "C", CONFLICT, True): 2,
        ("gone", "", NOT_MAPPED, False): 1,
        ("two", "D", TWO_GENES, True): 1,
        ("two", "E", TWO_GENES, True): 1,
    }


def test_counts_go_from_the_file_to_the_analysis() -> None:
    negative, positive = audit(label_list(ROWS, MEANINGS), "clean", text_of).audit.classes
    assert (negative.raw, negative.unique, negative.mapped, negative.with_text, negative.used) == (
        23,
        23,
        22,
        21,
        21,
    )
    assert (positive.raw, positive.unique, positive.mapped, positive.with_text, positive.used) == (
        26,
        24,
        24,
        24,
        23,
    )


def test_order_follows_the_ncbi_id_and_not_the_file() -> None:
    rows = [("x", 1), ("y", 1)]
    task = label_list(rows, {"x": ("X",), "y": ("Y",)})
    backwards = replace(task, rows=Rows.of([*task.rows][::-1]))
    assert audit(task, "unique", text_of) == audit(backwards, "unique", text_of)
    numbers = [int(task.genes[symbol].ncbi_id) for symbol in audit(task, "unique", text_of).symbols]
    assert numbers == sorted(numbers)


def test_genes_without_a_number_come_last_by_symbol() -> None:
    task = label_list([("z", 0), ("m", 0)], {"z": ("Z",), "m": ("M",)})
    genes = Genes({**task.genes, "Z": Gene("Z"), "M": Gene("M", ncbi_id="no number")})
    symbols = audit(LabelList(task.heading, task.rows, task.meanings, genes), "unique", text_of).symbols
    assert symbols[-2:] == ("M", "Z")


def test_one_class_is_refused() -> None:
    meanings, genes = Meanings({"a": Meaning("a", ("A",), "x")}), Genes({"A": Gene("A")})
    task = LabelList(Heading("t", "T", ("only",)), Rows.of([("a", 0)]), meanings, genes)
    with pytest.raises(DataError, match="only one class: only"):
        audit(task, "raw", text_of)


def with_third_class(size: int, *, mapped: bool) -> LabelList:
    names = [f"n{place}" for place in range(size)]
    task = label_list(
        [(name, 2) for name in names], {name: (name.upper(),) if mapped else () for name in names}
    )
    return LabelList(Heading("t", "T", ("a", "b", "c")), task.rows, task.meanings, task.genes)


def test_nine_genes_of_a_class_are_refused_and_ten_are_not() -> None:
    assert audit(with_third_class(10, mapped=True), "unique", text_of).audit.classes[2].used == 10
    with pytest.raises(DataError, match=r"9 usable genes of class 'c'"):
        audit(with_third_class(9, mapped=True), "unique", text_of)


def test_unmapped_ids_are_part_of_the_advice() -> None:
    with pytest.raises(DataError) as refused:
        audit(with_third_class(12, mapped=False), "unique", text_of)
    assert "12 identifiers are not known genes" in refused.value.hint


SOME = st.sampled_from(["a", "b", "c", "D", "E", "F", "NM1"])


@given(
    st.lists(st.tuples(SOME, st.integers(0, 1)), max_size=12),
    st.dictionaries(SOME, st.lists(SOME, max_size=2, unique=True).map(tuple), max_size=4),
    st.sets(SOME),
    st.sampled_from(["raw", "unique", "clean"]),
)
def test_rows_of_which_nothing_is_to_be_said_are_only_a_faster_way(rows, others, known, labels):
    names = [f"own{place:02}" for place in range(40)]
    rows = [*rows, *((name, place % 2) for place, name in enumerate(names))]
    found = {name: others.get(name, (name,)) for name, _ in rows}
    symbols = {symbol for part in found.values() for symbol in part}
    task = LabelList(
        Heading("t", "T", ("no", "yes")),
        Rows.of(rows),
        Meanings({name: Meaning(name, part, "x") for name, part in found.items()}),
        Genes({one: Gene(one, ncbi_id=str(len(one)) if one in known else "") for one in symbols}),
    )

    def compose(symbol: str) -> Composed:
        return Composed(f"text of {symbol}", symbol < "b")

    quick = audit(task, labels, compose)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.data.tasks.audit._told_apart", lambda task: (task, {}))
        slow = audit(task, labels, compose)
    assert slow.audit == quick.audit
    for column in ("symbols", "labels", "texts"):
        assert getattr(slow, column) == getattr(quick, column)


def test_a_gene_without_a_text_is_no_object_until_the_exceptions_are_listed() -> None:
    names = [f"own{place}" for place in range(200)]
    task = LabelList(
        Heading("t", "T", ("no", "yes")),
        Rows(names, [place % 2 for place in range(200)]),
        Meanings({name: Meaning(name, (name,), "x") for name in names}),
        Genes({name: Gene(name) for name in names}),
    )
    audited = audit(task, "unique", lambda symbol: Composed(symbol, False))
    assert not any(isinstance(one, AuditedGene) for one in gc.get_referents(audited.bare))
    assert (audited.repeats, audited.words) == ((), ())
    assert [gene.reason for gene in audited.audit.genes] == [NO_TEXT] * 200
