from __future__ import annotations

from collections.abc import Iterator

import pytest
import textual._wait
from textual.css.stylesheet import Stylesheet


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
