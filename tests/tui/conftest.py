from __future__ import annotations

from collections.abc import Iterator

import pytest
import textual._wait
from textual.css.stylesheet import Stylesheet

from tui.terminal import typeahead


@pytest.fixture(scope="session", autouse=True)
def quickly_at_rest() -> Iterator[None]:
    """After each key the pilot sleeps until the process rests for a moment, which need not be 0.02 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual._wait, "SLEEP_GRANULARITY", 0.005)
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


@pytest.fixture
def soon_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the keys to rest waits a moment only, in tests that rest after each of many keys."""
    for waits in (
        "fake_arena",
        "tui.screens.board.roc",
        "tui.screens.genes.screen",
        "tui.screens.plan.screen",
    ):
        monkeypatch.setattr(f"{waits}.SETTLE", 0.01)
