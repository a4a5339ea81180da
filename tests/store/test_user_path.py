"""A path is found as a person writes it, and as terminals insert it for a file that is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.files import user_path


@pytest.mark.parametrize(
    "written",
    [
        "{folder}/my genes (1).csv",
        "{folder}/my genes (1).csv ",
        "'{folder}/my genes (1).csv' ",
        '"{folder}/my genes (1).csv"',
        "{folder}/my\\ genes\\ \\(1\\).csv",
        "file://{folder}/my%20genes%20(1).csv",
        "file://localhost{folder}/my%20genes%20%281%29.csv\n",
    ],
)
def test_a_dropped_file_is_found(written: str, tmp_path: Path) -> None:
    path = tmp_path / "my genes (1).csv"
    path.write_text("x")
    assert user_path(written.format(folder=tmp_path)) == path


def test_a_home_is_found_in_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my genes.csv").write_text("x")
    for written in ("~/my genes.csv", "'~/my genes.csv'", "~/my\\ genes.csv"):
        assert user_path(written) == tmp_path / "my genes.csv"


def test_a_file_of_such_a_name_comes_first(tmp_path: Path) -> None:
    odd = tmp_path / "'x'"
    odd.write_text("x")
    (tmp_path / "x").write_text("y")
    assert user_path(str(odd)) == odd


@pytest.mark.parametrize(
    "written", ["nowhere/x.csv", "'open", "a b", "", "file://", "\0", "~no-such-user/x"]
)
def test_what_is_nowhere_stays_as_written(written: str) -> None:
    assert user_path(written) == Path(written)
