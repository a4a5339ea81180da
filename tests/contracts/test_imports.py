"""The contract of importers: a file is taken as it was meant, or refused in one sentence.

To add a format, add it to the lists of `imports_formats`; a hard input, to `imports_checks.HARD`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from imports_checks import CHECKS, HARD, Check, Hard, Importer, check_hard_input
from imports_formats import ALL, LABELS

from engine.data.formats.detect import KINDS

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
