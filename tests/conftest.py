from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

os.environ["TZ"] = "UTC"  # of clocks on screens
time.tzset()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Threads of numpy and torch that wait for work spin, unless told to sleep: on two cores that two workers
# share, two fifths of the processor time of the logistic regressions. How many they are stays as it is.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
for name in ("GENEARENA_HOME", "SSH_CONNECTION"):
    os.environ.pop(name, None)

# What ignores a signal hands that on to the programs it starts. Behind `nohup`, or in the background of
# a script, pytest ignores these, and the programs would not end when a test sends them one.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

# Helpers that several tests of one folder share are imported by plain name.
HERE = Path(__file__).parent
sys.path += sorted({str(path.parent) for path in HERE.rglob("*.py")} - {str(HERE)})

MAKES_DATABASES = ("faults/", "store/test_full_disk.py", "store/test_umask.py", "store/test_repair.py")
"""Where tests make their databases step by step, as users do."""


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Gives a new database's file, which is made when it is first asked for."""
    from store.database import build

    return cache(lambda: build(tmp_path_factory.mktemp("made") / "arena.duckdb"))


@pytest.fixture(autouse=True)
def _copied_databases(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, made_database: Callable[[], Path]
) -> None:
    """New databases are copies of one: making one takes 0.2 s, and half of the tests have a home."""
    if request.path.relative_to(HERE).as_posix().startswith(MAKES_DATABASES):
        return
    from store import database

    make = database.create

    def create(path: Path) -> None:
        new = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(3)}.tmp")
        try:
            shutil.copyfile(made_database(), new)
            database.create_from(new, path)
        except OSError:  # what is wrong is for the real one to say
            new.unlink(missing_ok=True)
            make(path)
        finally:
            new.unlink(missing_ok=True)

    monkeypatch.setattr(database, "create", create)


@pytest.fixture(scope="session", autouse=True)
def shipped_tables_are_read_once() -> Iterator[None]:
    """All human genes take a second to read and another to index, and are the same in every test."""
    from engine.data.genes import identifiers
    from engine.data.genes.index import GeneTable, Index
    from engine.data.tasks.shelf import SAMPLE

    read = identifiers.read_genes
    read_once = cache(read)
    indexed: dict[tuple[int, ...], tuple[list[GeneTable], Index]] = {}

    def index_once(tables: Iterable[GeneTable]) -> Index:
        tables = list(tables)
        same = tuple(id(table.genes) for table in tables)
        if same not in indexed:
            indexed[same] = (tables, Index(tables))
        return indexed[same][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            identifiers, "read_genes", lambda path: (read_once if path.parent == SAMPLE else read)(path)
        )
        patch.setattr(identifiers, "Index", index_once)
        yield
