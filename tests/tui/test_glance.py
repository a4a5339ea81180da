"""What the Plan screen says of a model: the paper's figures beside the card's, and how it can be had."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from fake_arena import FakeArena, drive, make_app, rested, screen_text, until

from engine.catalog.models import find_model
from engine.catalog.presets import MENDED, NOT_MENDED, PRESETS, WORDS
from store.home import find_home
from store.provenance import Environment, Measurement
from store.store import Store
from tui.questions.arena import Arena
from tui.questions.catalog import read_catalog
from tui.screens.plan.glance import glance


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bge-small-en-v1.5", "paper: 33M params, 0.12 GB, MTEB 72.2; card: MTEB 74.14"),
        ("stella-base-en-v2", "768 dim, 109.5M params"),
        ("stella-base-en-v2", "paper: 55M params, 0.2 GB, MTEB 75.3\n"),
        ("OpenAI", "card: MTEB 70.93"),
        ("OpenAI", "not on this machine: F downloads it"),
        ("gte-tiny", "not on this machine: F downloads it"),
    ],
)
def test_a_model_is_told_with_what_is_printed_of_it(name, words, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert words in glance("models", name, read_catalog(find_home(tmp_path)), None).plain


def test_a_model_of_which_nothing_is_printed_has_no_such_line(tmp_path):
    told = glance("models", "BioBERT", read_catalog(find_home(tmp_path)), None).plain
    assert "paper:" not in told
    assert "card:" not in told


MODEL = "all-MiniLM-L6-v2"
GPU = Environment("3.11.7", "Linux", "box", "cuda:0", "a cpu", 2, {})


def test_what_embedding_cost_here_is_that_of_the_model_as_it_is_pinned(tmp_path):
    home = find_home(tmp_path).create()
    assert Arena(home).measured(MODEL) == []
    now = find_model(MODEL, home).revision
    at = "2026-11-23T12:00:00+00:00"
    cost = Measurement(MODEL, now, "fp32", GPU.hash, at, 1000, 12.25, 22_700_000, 900 << 20)
    store = Store(home)
    store.append(GPU, cost, replace(cost, revision="old", seconds=99.0), replace(cost, model="other"))
    store.flush()
    store.close()
    [found] = Arena(home).measured(MODEL)
    assert (found.ms_per_text, found.device, found.peak_memory) == (12.25, "cuda:0", 900 << 20)


async def test_the_card_tells_what_embedding_cost(tmp_path):
    arena = FakeArena()
    home = find_home(tmp_path).create()
    now = find_model(MODEL, home).revision
    at = "2026-11-23T12:00:00+00:00"
    store = Store(home)
    store.append(GPU, Measurement(MODEL, now, "fp32", GPU.hash, at, 1000, 12.25, None, 900 << 20))
    store.flush()
    store.close()
    arena.costs = Arena(home).measured(MODEL)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await rested(pilot)
        await pilot.press("i")
        told = "measured here: 12.2 ms a text on cuda:0, fp32, peak 900 MiB"
        await until(pilot, lambda: told in screen_text(app))


@pytest.mark.parametrize("words", [WORDS["corrected"], *NOT_MENDED, *MENDED.values()])
def test_corrected_is_described_for_what_it_mends_and_what_it_does_not(words, tmp_path):
    catalog = read_catalog(find_home(tmp_path))
    assert words in glance("preset", "corrected", catalog, None).plain
    assert words not in glance("preset", "paper", catalog, None).plain


def test_what_corrected_is_said_to_mend_is_what_it_sets():
    paper, corrected = asdict(PRESETS["paper"]), asdict(PRESETS["corrected"])
    assert list(MENDED) == [axis for axis in paper if paper[axis] != corrected[axis]]
