"""`fetch` tells what comes and what was here; the downloads themselves have tests of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine.fetch
from engine.fetch import Got
from tui.commands.narrate import bytes_line


@pytest.fixture
def server(monkeypatch):
    """A source of two files, one of which is here already; what was asked for."""
    asked = []

    def fetch(what, home, *, model="", progress, offline, **_):
        asked.append((what, model, offline))
        progress("big.gz", 2**20, 4 * 2**20)
        progress("big.gz", 4 * 2**20, 4 * 2**20)
        yield Got(Path("/d/big.gz"), 4 * 2**20, True)
        yield Got(Path("/d/old.gz"), 10, False)

    monkeypatch.setattr(engine.fetch, "fetch", fetch)
    return asked


def test_fetch_tells_progress_and_counts(call, server):
    result = call("fetch", "ncbi")
    assert result.stdout == "1 files fetched, 1 were here already\n"
    assert "big.gz: 1.0/4.0 MiB" in result.stderr
    assert "fetched: /d/big.gz" in result.stderr
    assert "here already: /d/old.gz" in result.stderr
    assert [file["fresh"] for file in call.json("fetch", "model", "gte-small")] == [True, False]
    assert server == [("ncbi", "", False), ("model", "gte-small", False)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fetch", "nbci"), "'ncbi'"),
        (("fetch", "model"), "model NAME"),
        (("fetch", "ncbi", "gte-small"), "model NAME"),
        (("fetch", "model", "gte-smal"), "'gte-small'"),
        (("--offline", "fetch", "ncbi"), "--offline"),
    ],
)
def test_fetch_refuses_with_a_remedy(call, monkeypatch, arguments, words):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert words in call.refused(*arguments)


@pytest.mark.parametrize(
    ("done", "total", "rate", "text"),
    [
        (0, 0, 0.0, "f: 0.0 MiB"),
        (2**20, 0, 2**20, "f: 1.0 MiB, 1.0 MiB/s"),
        (2**20, 3 * 2**20, 2**20, "f: 1.0/3.0 MiB, 1.0 MiB/s, 0:02 left"),
        (2**20, 2**20, 2**19, "f: 1.0/1.0 MiB, 0.5 MiB/s"),
    ],
)
def test_a_download_in_words(done, total, rate, text):
    assert bytes_line("f", done, total, rate) == text
