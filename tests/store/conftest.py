from __future__ import annotations

import duckdb
import pytest

from store.home import Home, find_home
from store.migrations import migrate


@pytest.fixture
def home(tmp_path) -> Home:
    return find_home(tmp_path / "home")


@pytest.fixture
def empty_database():
    """The schema, in memory."""
    with duckdb.connect() as con:
        migrate(con)
        yield con
