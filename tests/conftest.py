from __future__ import annotations

import gc
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
from hypothesis import HealthCheck, settings

# How long an example takes is the machine's business.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

os.environ["TZ"] = "UTC"  # of clocks on screens
time.tzset()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Threads of numpy and torch that wait for work spin, unless told to sleep: on two cores that two workers
# share, two fifths of the processor time of the logistic regressions. How many they are stays as it is.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
os.environ.setdefault("GENEARENA_NICE", "0")  # runners would give way to the other tests
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


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not in what was imported for all: a third of the screens' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000)


def pytest_unconfigure() -> None:
    """Let the interpreter free at its end what was left out; DuckDB would say that it leaks."""
    gc.unfreeze()


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


def once_of_the_sample(read: Callable[[Path], object]) -> Callable[[Path], object]:
    """`read`, which reads a file of the sample only once."""
    from engine.data.tasks.shelf import SAMPLE

    kept = cache(read)
    return lambda path: kept(path) if path.parent == SAMPLE else read(path)


@pytest.fixture(scope="session", autouse=True)
def shipped_tables_are_read_once() -> Iterator[None]:
    """All human genes take a second to read and another to index, and are the same in every test.

    So are the sample's own genes, which every task of it reads in 0.03 s.
    """
    from engine.data.genes import identifiers
    from engine.data.genes.index import GeneTable, Index
    from engine.data.tasks import folder

    indexed: dict[tuple[int, ...], tuple[list[GeneTable], Index]] = {}

    def index_once(tables: Iterable[GeneTable]) -> Index:
        tables = list(tables)
        same = tuple(id(table.genes) for table in tables)
        if same not in indexed:
            indexed[same] = (tables, Index(tables))
        return indexed[same][1]

    with pytest.MonkeyPatch.context() as patch:
        for module, names in (
            (identifiers, ("read_genes", "read_meanings")),
            (folder, ("read_gene_map", "read_meanings")),
        ):
            for name in names:
                patch.setattr(module, name, once_of_the_sample(getattr(module, name)))
        patch.setattr(identifiers, "Index", index_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def installed_models_are_hashed_once() -> Iterator[None]:
    """The bundled model's 90 MB take 0.2 s in each new home."""
    from engine.catalog import remembered

    read, known = remembered.sha256_of, {}

    def read_once(path: Path) -> str:
        if not path.is_relative_to(sys.prefix):
            return read(path)
        stat = path.stat()
        stamp = (path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        if stamp not in known:
            known[stamp] = read(path)
        return known[stamp]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembered, "sha256_of", read_once)
        yield
