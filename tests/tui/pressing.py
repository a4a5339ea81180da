"""`@presses(ids)`: a test that declares which bindings it presses, and is held to it."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from textual.app import App
from textual.binding import Binding

import tui.screens
import tui.widgets


@functools.cache
def all_bindings() -> dict[str, Binding]:
    """Every binding of the application, its screens and its widgets, by id."""
    found: dict[str, Binding] = {}
    for kind in _classes():
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding), f"{kind.__name__}: {binding} is no Binding"
            assert binding.id, f"{kind.__name__}: {binding.key} has no id, so it cannot be remapped"
            assert found.setdefault(binding.id, binding).action == binding.action, binding.id
    return found


def _classes() -> Iterator[type]:
    names = ["tui.app"]
    for package in (tui.screens, tui.widgets):
        names += [module.name for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    for name in names:
        for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if kind.__module__ == name:
                yield kind


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
                assert all_bindings()[name].action in ran, f"{name} was not pressed; run were {ran}"

        return run

    return decorate
