"""The contract of importers: a file is taken as it was meant, or refused in one sentence.

To add a format, add it to the lists of `imports_formats`; a hard input, to `imports_checks.HARD`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from imports_checks import (
    CHECKS,
    HARD,
    Check,
    Hard,
    Importer,
    check_a_file_that_is_not_there_is_told,
    check_all_that_is_written_is_taken,
    check_hard_input,
    check_the_file_is_left_as_it_was,
    good,
)
from imports_formats import ALL, DESCRIPTIONS, LABELS, VECTORS, take_labels
from imports_roles import ROLES, check_spellings_of_a_gene_mean_the_same, understood

from engine.data.formats.detect import KINDS
from store.errors import DataError, GeneArenaError
from store.home import Home

Take = Callable[[Path, Home], object]


HARD_CASES = [
    pytest.param(importer, hard, id=f"{importer.name}: {hard.name}")
    for importer in ALL
    for hard in HARD
    if importer.kind in hard.kinds
]


def test_every_format_of_label_files_is_in_the_list() -> None:
    assert set(LABELS) == set(KINDS) - {"auto"}


@pytest.mark.parametrize(("importer", "hard"), HARD_CASES)
def test_every_importer_answers_every_hard_input(importer: Importer, hard: Hard, tmp_path: Path) -> None:
    check_hard_input(importer, hard, tmp_path)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("importer", ALL, ids=lambda importer: importer.name)
def test_every_importer_keeps_the_contract(importer: Importer, check: Check, tmp_path: Path) -> None:
    check(importer, tmp_path)


BY_ROLE = {
    "labels": [one for ways in LABELS.values() for one in ways],
    "descriptions": DESCRIPTIONS,
    "vectors": VECTORS,
}
ROLE_CASES = [
    pytest.param(importer, check, id=f"{importer.name}: {check.__name__}")
    for role, importers in BY_ROLE.items()
    for importer in importers
    for check in ROLES[role]
]


@pytest.mark.parametrize(("importer", "check"), ROLE_CASES)
def test_every_importer_keeps_the_contract_of_its_role(
    importer: Importer, check: Check, tmp_path: Path
) -> None:
    check(importer, tmp_path)


WITH_ROWS = [
    importer
    for ways in LABELS.values()
    for importer in ways
    if importer.name in ("table", "tabbed table", "Parquet table", "gene-benchmark")
]


@pytest.mark.parametrize("missing", ["", "NA", "nan", "#N/A", "<NA>", "null", "None", "-"])
@pytest.mark.parametrize("importer", WITH_ROWS, ids=lambda importer: importer.name)
def test_a_row_without_a_label_is_left_out(importer: Importer, missing: str, tmp_path: Path) -> None:
    expected = importer.take(*good(importer, tmp_path / "good"))
    content = {**importer.content, missing: ["FOXP2"]}
    assert understood(importer, tmp_path / "more", content) == expected


@pytest.mark.parametrize("importer", WITH_ROWS, ids=lambda importer: importer.name)
def test_spellings_of_a_class_mean_the_same(importer: Importer, tmp_path: Path) -> None:
    genes = [gene for members in importer.content.values() for gene in members]
    content = {"yes": genes[:13:2], "Yes ": genes[1:13:2], "no": genes[13:]}
    found = understood(importer, tmp_path, content)
    assert found is not None
    assert len({label for _, label in found}) == 2  # type: ignore[attr-defined]


TABLE = LABELS["table"][0]


def drops_the_last_row(path: Path, home: Home) -> object:
    if path.is_file():
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    return take_labels(path, home)


def drops_what_it_cannot_read(path: Path, home: Home) -> object:
    shorter = path.with_name("cleaned.csv")
    shorter.write_bytes(bytes(byte for byte in path.read_bytes() if 9 <= byte < 128))
    return take_labels(shorter, home)


def raises_what_it_meets(path: Path, home: Home) -> object:
    path.read_bytes().decode("ascii").index("\0")
    return take_labels(path, home)


def leaves_something(path: Path, home: Home) -> object:
    home.data.mkdir(parents=True, exist_ok=True)
    (home.data / "half").write_text("written")
    return take_labels(path, home)


def names_nothing(path: Path, home: Home) -> object:
    try:
        return take_labels(path, home)
    except GeneArenaError:
        raise DataError("Something is wrong.") from None


def says_two_lines(path: Path, home: Home) -> object:
    try:
        return take_labels(path, home)
    except GeneArenaError as error:
        error.message += "\n" + path.name + "."
        raise


def keeps_the_order_of_the_file(path: Path, home: Home) -> object:
    found = take_labels(path, home)
    with path.open(newline="") as stream:
        return found, tuple(row[0] for row in csv.reader(stream))


@pytest.mark.parametrize(
    ("wrong", "caught_by"),
    [
        (drops_the_last_row, check_all_that_is_written_is_taken),
        (drops_the_last_row, check_the_file_is_left_as_it_was),
        (drops_what_it_cannot_read, "a NUL byte"),
        (drops_what_it_cannot_read, "bytes of no encoding"),
        (raises_what_it_meets, "bytes of no encoding"),
        (raises_what_it_meets, check_a_file_that_is_not_there_is_told),
        (leaves_something, "a web page"),
        (names_nothing, "nothing"),
        (says_two_lines, "its header alone"),
        (keeps_the_order_of_the_file, check_spellings_of_a_gene_mean_the_same),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_wrong_importer_is_caught(wrong: Take, caught_by: str | Check, tmp_path: Path) -> None:
    importer = replace(TABLE, take=wrong)
    check = caught_by
    if isinstance(caught_by, str):
        hard = next(hard for hard in HARD if hard.name == caught_by)
        check = partial(check_hard_input, hard=hard, right=TABLE)
    with pytest.raises(AssertionError):
        check(importer, folder=tmp_path)  # type: ignore[operator]
