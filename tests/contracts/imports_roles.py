"""What importers keep to in one role: checks of labels, descriptions and vectors, by what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imports_checks import FRESH, Check, Content, Importer, good, taken
from imports_formats import GENES, two_classes

from engine.data import outline as outline_module
from engine.data.formats.detect import read_raw
from engine.data.importers import import_task
from engine.data.importers.vectors import adopt_vectors
from engine.data.load import load_task
from engine.data.outline import Outline, Reading, outlined
from engine.data.tasks.splits import make_split
from engine.plan.plan import build_plan
from engine.plan.selection import Selection

ROLES: dict[str, list[Check]] = {"labels": [], "descriptions": [], "vectors": []}


def checked(role: str) -> Callable[[Check], Check]:
    """List a check among those of the importers in `role`."""

    def listed(check: Check) -> Check:
        ROLES[role].append(check)
        return check

    return listed


def understood(importer: Importer, folder: Path, content: Content) -> object | None:
    return taken(importer, *good(importer, folder, content))


def with_gene(importer: Importer, gene: str, place: int = 0) -> Content:
    """The importer's content with one more gene in one class."""
    return {
        name: [*genes, gene] if number == place else genes
        for number, (name, genes) in enumerate(importer.content.items())
    }


@checked("labels")
def check_importing_again_gives_the_same_task(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    importer.take(path, home)
    import_task(path, "second", home)
    assert load_task("second", home).hash == load_task(FRESH, home).hash


@checked("labels")
def check_what_is_remembered_for_plans_is_what_is_read(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    importer.take(path, home)
    read = load_task(FRESH, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outline_module, "load_task", lambda *_, **__: pytest.fail("nothing was remembered"))
        assert outlined(FRESH, home, Reading())[0] == Outline.of(read)


@checked("labels")
def check_the_order_of_the_genes_changes_nothing(importer: Importer, folder: Path) -> None:
    hashes = set()
    for place, content in enumerate((importer.content, _turned(importer.content))):
        path, home = good(importer, folder / str(place), content)
        importer.take(path, home)
        hashes.add(load_task(FRESH, home).hash)
    assert len(hashes) == 1


def _turned(content: Content) -> Content:
    return {name: genes[::-1] for name, genes in content.items()}


SPELLINGS: Mapping[str, Callable[[Any], str]] = {
    "symbol": lambda gene: gene.symbol,
    "in lower case": lambda gene: gene.symbol.lower(),
    "between blanks": lambda gene: f" {gene.symbol} ",
    "Ensembl id": lambda gene: gene.ensembl_ids[0],
    "with a version": lambda gene: f"{gene.ensembl_ids[0]}.12",
    "HGNC id": lambda gene: gene.hgnc_id,
    "NCBI id": lambda gene: gene.ncbi_id,
}


@checked("labels")
def check_spellings_of_a_gene_mean_the_same(importer: Importer, folder: Path) -> None:
    expected = importer.take(*good(importer, folder / "good"))
    for name, called in SPELLINGS.items():
        if called(GENES[0]).startswith("ENSG") or importer.kept is None:
            content = two_classes(importer.content, called)
            assert understood(importer, folder / name, content) == expected, name


@checked("labels")
def check_a_repeated_row_adds_nothing(importer: Importer, folder: Path) -> None:
    expected = importer.take(*good(importer, folder / "good"))
    first = next(iter(importer.content.values()))[0]
    assert understood(importer, folder / "repeated", with_gene(importer, first)) == expected


@checked("labels")
def check_a_gene_in_two_classes_stands_in_both_and_is_told(importer: Importer, folder: Path) -> None:
    expected = importer.take(*good(importer, folder / "good"))
    one, other = importer.content
    path, home = good(importer, folder / "both", with_gene(importer, importer.content[one][0], place=1))
    assert importer.take(path, home) == expected | {(GENES[0].symbol, other)}  # type: ignore[operator]
    split = make_split(load_task(FRESH, home, labels="clean"), "paper", 41, "clean")
    assert len(split.train) + len(split.evaluation) + len(split.test) == len(GENES) - 1
    reasons = {item.reason for item in load_task(FRESH, home).audit.genes if item.symbol == GENES[0].symbol}
    assert "in more than one class" in reasons


@checked("labels")
def check_one_class_alone_is_refused(importer: Importer, folder: Path) -> None:
    name, genes = next(iter(importer.content.items()))
    assert understood(importer, folder, {name: genes}) is None


@checked("labels")
def check_too_few_genes_of_a_class_are_refused(importer: Importer, folder: Path) -> None:
    one, other = importer.content
    few = {one: importer.content[one][:3], other: importer.content[other]}
    assert understood(importer, folder, few) is None


IN_QUOTES = ("pickle", "list literals")
"""Formats whose names always stand in quotation marks."""


@checked("labels")
def check_a_missing_gene_is_told_from_one_called_na(importer: Importer, folder: Path) -> None:
    if importer.kept is not None:  # which holds ids alone
        return
    expected = importer.take(*good(importer, folder / "good"))
    path, home = good(importer, folder / "more", with_gene(importer, "NA"))
    assert ("NA" in read_raw(path)[1].identifiers) == (importer.name in IN_QUOTES)
    if importer.name not in IN_QUOTES:
        assert taken(importer, path, home) == expected


@checked("labels")
def check_a_name_of_no_gene_is_left_out(importer: Importer, folder: Path) -> None:
    if importer.kept is None:
        expected = importer.take(*good(importer, folder / "good"))
        assert understood(importer, folder / "more", with_gene(importer, "NOTAGENE1")) == expected


@checked("labels")
def check_names_of_classes_come_through(importer: Importer, folder: Path) -> None:
    if importer.chooses:
        names = ('the "a", and\tb', "c; d, ä")
        found = understood(importer, folder, two_classes(names))
        assert {label for _, label in found} == set(names)  # type: ignore[attr-defined]


@checked("labels")
def check_half_a_character_is_refused(importer: Importer, folder: Path) -> None:
    if importer.name == "pickle":  # the others are files of text, which cannot hold one
        assert understood(importer, folder / "gene", with_gene(importer, "A\ud800")) is None
        assert understood(importer, folder / "class", two_classes(("a\ud800", "b"))) is None


@checked("labels")
def check_what_is_imported_can_be_split_and_planned(importer: Importer, folder: Path) -> None:
    path, home = good(importer, folder)
    importer.take(path, home)
    adopt_vectors(_vectors(folder), "my-vectors", home)
    selection = Selection(("my-vectors",), (FRESH,), ("lr", "rf-cv"), (41, 42))
    plan = build_plan(selection, home, {})
    assert not plan.blocked
    assert len({unit.key for unit in plan.units}) == 4
    split = make_split(load_task(FRESH, home), "paper", 41)
    assert sorted((*split.train, *split.evaluation, *split.test)) == list(range(len(GENES)))


def _vectors(folder: Path) -> Path:
    path = folder / "vectors.npz"
    matrix = np.arange(3.0 * len(GENES), dtype=np.float32).reshape(-1, 3)
    np.savez(path, genes=np.array([gene.symbol for gene in GENES]), vectors=matrix)
    return path


@checked("descriptions")
def check_a_gene_without_text_has_none(importer: Importer, folder: Path) -> None:
    first, *others = importer.content
    found = understood(importer, folder, {**importer.content, first: ""})
    assert found is not None
    assert set(found) == set(others)  # type: ignore[call-overload]


@checked("descriptions")
def check_no_text_at_all_is_refused(importer: Importer, folder: Path) -> None:
    assert understood(importer, folder, dict.fromkeys(importer.content, "")) is None


@checked("descriptions")
def check_the_first_of_two_texts_is_not_chosen_silently(importer: Importer, folder: Path) -> None:
    if importer.kind != "table" or importer.delimiter == ",":  # of NCBI's, several sources are told apart
        spelt = next(iter(importer.content))
        assert understood(importer, folder, {**importer.content, f"{spelt} ": "Something else."}) is None


@checked("descriptions")
def check_texts_of_any_language_come_through(importer: Importer, folder: Path) -> None:
    text = "α-actin, “muscle” – 骨格筋 👩‍🔬; é"
    content = dict.fromkeys(importer.content, text)
    assert understood(importer, folder, content) == content


@checked("vectors")
def check_numbers_that_are_none_are_refused(importer: Importer, folder: Path) -> None:
    gene = next(iter(importer.content))
    for place, number in enumerate((float("nan"), float("inf"), 1e39)):
        row = (number, *importer.content[gene][1:])
        with np.errstate(over="ignore"):
            assert understood(importer, folder / str(place), {**importer.content, gene: row}) is None


@checked("vectors")
def check_a_vector_of_zeros_stands_for_a_missing_one(importer: Importer, folder: Path) -> None:
    first, *others = importer.content
    found = understood(importer, folder, {**importer.content, first: (0.0,) * 4})
    assert found == {gene: importer.content[gene] for gene in others}


@checked("vectors")
def check_the_order_of_the_rows_changes_no_vector(importer: Importer, folder: Path) -> None:
    if not importer.name.startswith(("npy", "matrix")):  # whose rows are named by a list
        turned = dict(reversed(importer.content.items()))
        assert understood(importer, folder, turned) == importer.content
