from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual.css.stylesheet import Stylesheet
from textual.notifications import Notifications

from tui.terminal import leisure, typeahead
from tui.terminal.typeahead import TypeAhead


async def answered(_: float = 0.0) -> None:
    """Wait until the application has answered every key that was pressed."""
    app = active_app.get()
    for _ in range(3):  # until the driver has handed the key over
        await asyncio.sleep(0)
    if not isinstance(app, TypeAhead):
        await typeahead.settled(app)
    while isinstance(app, TypeAhead) and app.is_running and (app._typed.qsize() or not app._typed._getters):
        await asyncio.sleep(0.001)


@pytest.fixture(scope="session", autouse=True)
def a_key_is_pressed_once_it_is_answered() -> Iterator[None]:
    """Textual's pilot waits until the process rests, as one does that waits for a processor."""
    with pytest.MonkeyPatch.context() as patch:
        for waits in (textual.app, textual.pilot):
            patch.setattr(waits, "wait_for_idle", answered)
        yield


@pytest.fixture(scope="session", autouse=True)
def what_was_told_is_remembered() -> Iterator[None]:
    """A passing sentence passes after four seconds, which on a busy machine nobody may have looked in."""
    add = Notifications.add

    def add_and_remember(self, notification):
        vars(self).setdefault("told", {})[notification.identity] = notification.message
        return add(self, notification)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Notifications, "add", add_and_remember)
        yield


@pytest.fixture(scope="session", autouse=True)
def styles_are_parsed_once() -> Iterator[None]:
    """Each application would parse the same sheets at its start, and all of them again for each screen."""
    parse, parsed = Stylesheet._parse_rules, {}

    def parse_once(self, *source, **named):
        key = (*source, *sorted(named.items()), *sorted(self._variables.items()))
        if key not in parsed:
            parsed[key] = parse(self, *source, **named)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(autouse=True)
def no_key_goes_on_before_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine what a key sets off may take longer than a person is kept waiting for it."""
    monkeypatch.setattr(typeahead, "PATIENCE", 30.0)


@pytest.fixture(autouse=True)
def keys_rest_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the keys to rest waits a moment only."""
    monkeypatch.setattr(leisure, "REST", 0.001)
    monkeypatch.setattr(leisure, "FRAME", 0.001)
    for waits in (
        "fake_arena",
        "tui.screens.board.roc",
        "tui.screens.genes.screen",
        "tui.screens.plan.screen",
    ):
        monkeypatch.setattr(f"{waits}.SETTLE", 0.01)


@pytest.fixture
def many_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with all colours, whatever the tests run in: legends follow from what it can."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
