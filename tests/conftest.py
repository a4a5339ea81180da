from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
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
