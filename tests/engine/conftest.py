from __future__ import annotations

from pathlib import Path

import pytest

from store.home import Home, find_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return find_home(tmp_path / "home").create()
