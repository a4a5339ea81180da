"""Homes as builds before the first release left them: results, and no format told."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from store.home import Home
from store.journal import JournalWriter


def write_journal(home: Home) -> None:
    home.journals.mkdir(parents=True)
    writer = JournalWriter(home.journals)
    writer.append([{"kind": "scored", "key": "0" * 40, "record": {}}])
    writer.close()


def write_database(home: Home) -> None:
    home.data.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(home.database) as con:
        con.execute("CREATE TABLE migrations (step INTEGER, file VARCHAR, applied_at TIMESTAMP)")
        con.execute("INSERT INTO migrations VALUES (1, 'schema.sql', now()::TIMESTAMP)")


def contents(folder: Path) -> dict[str, str]:
    """Every file with the hash of its bytes, and every folder."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }
