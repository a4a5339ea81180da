"""`@presses(ids)`: a test that declares which bindings it presses, and is held to it."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from unittest.mock import patch

from textual.app import App

from tui.app import ArenaApp
from tui.keys import every_binding


def declared() -> set[str]:
    """Every id that some test in this folder says it presses."""
    ids: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "presses":
                ids |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return ids


def presses(*ids: str):
    """Fail the decorated test unless each of these bindings' actions was run by a key."""

    def decorate(test):
        @functools.wraps(test)
        async def run(*args, **kwargs):
            ran: list[object] = []
            original = App.run_action

            async def spy(self, action, *rest, **named):
                done = await original(self, action, *rest, **named)
                if done:
                    ran.append(action)
                return done

            with patch.object(App, "run_action", spy):
                await test(*args, **kwargs)
            for name in ids:
                assert every_binding(ArenaApp)[name].action in ran, (
                    f"{name} was not pressed; run were {ran}"
                )

        return run

    return decorate
