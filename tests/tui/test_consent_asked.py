"""Before the first text leaves this machine the Plan screen asks, for each host; esc sends nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_arena import FakeArena, at_rest, drive, make_app, screen_text, told, until

from engine.embedding.endpoint.consent import agreed_hosts
from engine.plan.plan import Blocked
from engine.plan.selection import Selection
from store.errors import UsageError
from store.home import find_home
from tui.questions.arena import Arena

ASKED = {
    "far.example": "remote sends 24 texts (432 characters; the first is 'a') to far.example. Agree?",
    "other.example": "second sends 24 texts (432 characters; the first is 'a') to other.example. Agree?",
}


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.asked = dict(ASKED)
    return arena


def words(app):
    """What is asked, else all that is on the screen."""
    return getattr(app.screen, "sentence", "") or " ".join(screen_text(app).split())


async def asked(pilot, host):
    """Let the question about `host` come up."""
    await until(pilot, lambda: f"to {host}. Agree?" in words(pilot.app))


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_run_starts_once_every_host_is_agreed_to(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "enter asks about far.example, other.example" in words(app))
        await pilot.press("enter")
        await asked(pilot, "far.example")
        assert "remote sends 24 texts (432 characters" in words(app)
        await pilot.press("y")
        await asked(pilot, "other.example")
        assert (arena.agreed, arena.launched) == ([], [])
        await pilot.press("y")
        await until(pilot, lambda: bool(arena.launched))
        assert arena.agreed == list(ASKED)
        await until(pilot, lambda: app.screen.MODE == "runs")


@pytest.mark.parametrize("keys", [("escape",), ("enter", "n", "escape"), ("y", "escape")])
async def test_without_agreement_nothing_is_recorded_or_started(arena, keys):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "enter asks about" in screen_text(app))
        await pilot.press("enter")
        await asked(pilot, "far.example")
        await pilot.press(*keys)
        await at_rest(pilot)
        await until(pilot, lambda: app.screen.MODE == "plan")
        assert (arena.agreed, arena.launched) == ([], [])


async def test_the_way_on_is_in_sight_above_a_long_reason(arena, monkeypatch):
    plain = arena.plan
    reason = "remote would send every text of the chosen tasks to far.example; " * 4
    blocked = (Blocked("remote", "tall", "lr", 10, reason),)
    monkeypatch.setattr(arena, "plan", lambda selection: replace(plain(selection), blocked=blocked))
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "╌ 10 units: remote would send" in words(app))
        assert "enter asks about far.example" in words(app)


async def test_a_watcher_is_not_asked():
    arena = FakeArena(readonly=True)
    arena.asked = dict(ASKED)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "nothing can be started here" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "opened with --readonly" in told(app))
        assert "Agree?" not in screen_text(app)


def test_what_is_asked_names_the_texts_and_the_host_until_it_is_agreed_to(tmp_path, monkeypatch):
    home = find_home(tmp_path).create()
    models = [f'[[models]]\nname = "{name}"\nsource = "http://{name}.test:9/v1#m"\n' for name in ("a", "b")]
    home.config_file.write_text("\n".join(models))
    arena = Arena(home)
    chosen = Selection(("a", "b", "all-MiniLM-L6-v2"), ("dosage-sensitivity",), ("lr",), (41,))
    plan = arena.plan(chosen)
    texts = set(next(iter(plan.tasks.values())).texts)
    questions = arena.questions(plan)
    assert set(questions) == {"a.test:9", "b.test:9"}
    assert f"a sends {len(texts)} texts ({sum(map(len, texts)):,} characters" in questions["a.test:9"]
    with pytest.raises(UsageError, match="--readonly"):
        Arena(home, readonly=True).agree("a.test:9")
    assert agreed_hosts(home) == frozenset()
    arena.agree("a.test:9")
    assert agreed_hosts(home) == {"a.test:9"}
    assert set(arena.questions(plan)) == {"b.test:9"}
    assert {unit.model for unit in arena.plan(chosen).units} == {"a", "all-MiniLM-L6-v2"}
    monkeypatch.setenv("GENEARENA_OFFLINE", "1")
    assert arena.questions(plan) == {}
