"""`:fetch` takes the name of a model or of a public data set, as the command line does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fake_arena import FakeArena, drive, make_app, screen_text, told, until

import engine.fetch
from engine.fetch.fetcher import Got
from store.home import find_home
from tui.questions.imports import fetch_model


@pytest.mark.parametrize(
    ("name", "asked"), [("hgnc", ("hgnc", "")), ("all", ("all", "")), ("gte-tiny", ("model", "gte-tiny"))]
)
def test_a_name_is_a_data_set_or_else_a_model(name, asked, tmp_path, monkeypatch):
    seen = []

    def fetch(what, home, *, model, **_):
        seen.append((what, model))
        return [Got(Path("one"), 1, True), Got(Path("two"), 2, False)]

    monkeypatch.setattr(engine.fetch, "fetch", fetch)
    home = find_home(tmp_path)
    said = fetch_model(home, name, threading.Event(), lambda *_: None)
    assert seen == [asked]
    assert said == f"{name} is here: 1 files fetched, 1 were here already."


async def test_public_data_are_fetched_by_name(monkeypatch):
    arena, asked = FakeArena(), []

    def fetch(name, cancel, progress):
        asked.append(name)
        return f"{name} is here: 1 files fetched."

    monkeypatch.setattr(arena, "fetch_model", fetch)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"fetch hgnc", "enter")
        await until(pilot, lambda: "hgnc is here: 1 files fetched." in told(app))
    assert asked == ["hgnc"]
