"""Every binding of the application by its id: what [keymap] may remap, and what tests must press."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

from textual.app import App
from textual.binding import Binding


@functools.cache
def every_binding(application: type[App[Any]]) -> dict[str, Binding]:
    """Id -> binding, of `application`, its screens and its widgets; those without an id are left out."""
    found: dict[str, Binding] = {}
    for kind in (application, *_classes()):
        for binding in kind.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, binding)
    return found


def _classes() -> Iterator[type]:
    import tui.screens
    import tui.widgets

    names: list[str] = []
    for package in (tui.screens, tui.widgets):
        names += [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    for name in names:
        for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if kind.__module__ == name:
                yield kind
