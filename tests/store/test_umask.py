"""`store.umask`: what is made here is the user's alone, what the user names is as usual."""

from __future__ import annotations

import os
import stat

import pytest

from store.destination import destination
from store.home import find_home
from store.umask import as_the_user_wants, make_shared, private_files, users_umask


@pytest.fixture(params=[0o022, 0o002, 0o077, 0o000], ids=lambda mask: f"{mask:03o}")
def mask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_private_inside_and_as_usual_after(tmp_path, mask):
    with private_files():
        with private_files():
            (tmp_path / "inner").touch()
            assert users_umask() == mask
        (tmp_path / "outer").touch()
        (tmp_path / "folder").mkdir()
        assert users_umask() == mask
    (tmp_path / "after").touch()
    assert users_umask() == mask
    assert [mode(tmp_path / name) for name in ("inner", "outer", "folder")] == [0o600, 0o600, 0o700]
    assert mode(tmp_path / "after") == 0o666 & ~mask


def test_what_the_user_names_has_the_users_mode(tmp_path, mask):
    with private_files():
        with destination(None, tmp_path / "named.csv", replace=False) as fresh:
            fresh.write_text("x")
            assert mode(fresh) == 0o600
        make_shared(tmp_path / "a" / "b")
        (tmp_path / "a" / "c").touch()
        as_the_user_wants(tmp_path / "a" / "c")
    with destination(None, tmp_path / "plain.csv", replace=False) as fresh:
        fresh.write_text("x")
    assert mode(tmp_path / "named.csv") == mode(tmp_path / "plain.csv") == 0o666 & ~mask
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o777 & ~mask
    assert mode(tmp_path / "a" / "c") == 0o666 & ~mask


def test_folders_that_others_could_enter_are_closed(tmp_path):
    home = find_home(tmp_path / "home").create()
    for folder in (home.data, home.cache, home.journals):
        folder.chmod(0o755)
    home.create()
    assert {mode(folder) for folder in (home.data, home.cache, home.config, home.log, home.journals)} == {
        0o700
    }
