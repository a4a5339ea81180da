"""The table of words behind completion, collected from the commands themselves.

`tools/completion_words.py` writes it, a test holds it to what the commands are, and `answer` reads it, so
that completing imports none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, get_args

import click

_LISTS: Final = {"models": "models", "model": "models", "tasks": "tasks", "task": "tasks", "by": "tasks",
                 "protocols": "protocols", "protocol": "protocols", "set": "sets", "scheme": "schemes",
                 "preset": "presets", "text": "texts", "axis": "axes", "descriptions": "descriptions",
                 "device": "devices", "width": "widths", "method": "methods", "home": "dirs",
                 "output": "files", "out": "files", "spool": "files"}  # fmt: skip
"""Option -> the list, or the files, that its values come from."""
_ARGUMENTS: Final[Mapping[str, list[str]]] = {
    "tasks": ["tasks"], "models": ["models+"], "genes": ["genes"], "sets": ["sets", "tasks+"],
    "compare": ["models", "models"], "power": ["models", "models"], "remove": ["=", "owned"],
    "fetch": ["fetched", "models"], "import": ["=", "files"], "export": ["exports"], "clean": ["=+"],
    "export figure": ["figures"], "completion": ["="], "merge": ["dirs"], "backup": ["files"],
    "restore": ["files"], "queue": ["queue"],
}  # fmt: skip
"""Command -> the list of each argument; `=`: its own choices, `+`: as many as one likes."""


def collect() -> dict[str, Any]:
    """Commands with their options, and the lists that do not depend on the home."""
    from tui.cli import COMMANDS, cli
    from tui.commands.figure import figure_command

    parent = click.Context(cli)
    found = {"": _command(cli, "")}
    for name, (_, line) in COMMANDS.items():
        command = cli.get_command(parent, name)
        if command is not None:
            found[name] = {**_command(command, name), "help": line}
            for part, inner in sorted(getattr(command, "commands", {}).items()):
                found[f"{name} {part}"] = _command(inner, f"{name} {part}")
    found["export figure"] = _command(figure_command, "export figure")
    return {"commands": found, "lists": _lists()}


def _command(command: click.Command, name: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    choices: list[list[str]] = []
    for parameter in command.params:
        own = _choices(parameter)
        if isinstance(parameter, click.Argument):
            choices.append(own)
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            taken = "" if parameter.is_flag else _kind(parameter)
            for word in (*parameter.opts, *parameter.secondary_opts):
                options[word] = {
                    "help": _line(parameter.help),
                    "takes": own or taken,
                    "flag": parameter.is_flag,
                }
    kinds = [
        choices[place] if kind.startswith("=") and place < len(choices) else kind
        for place, kind in enumerate(_ARGUMENTS.get(name, []))
    ]
    more = any(kind.endswith("+") for kind in _ARGUMENTS.get(name, []))
    return {"options": options, "arguments": [_plain(kind) for kind in kinds], "more": more}


def _plain(kind: str | list[str]) -> str | list[str]:
    return kind.removesuffix("+") if isinstance(kind, str) else kind


def _choices(parameter: click.Parameter) -> list[str]:
    return (
        [str(choice) for choice in parameter.type.choices]
        if isinstance(parameter.type, click.Choice)
        else []
    )


def _kind(option: click.Option) -> str:
    names = [word.lstrip("-") for word in option.opts if word.startswith("--")]
    return next((_LISTS[name] for name in names if name in _LISTS), "")


def _line(text: str | None) -> str:
    """The first sentence of a help text."""
    return " ".join((text or "").split("  [")[0].split(". ")[0].split()).removesuffix(".")


def _lists() -> dict[str, list[str]]:
    from engine.catalog.presets import PRESETS, Axes
    from engine.catalog.protocols import PROTOCOLS
    from engine.catalog.schemes import SCHEMES
    from engine.data.tasks.recipes import text_recipes
    from engine.fetch.sources import data_sets
    from engine.maps.flat import METHODS
    from tui.commands.export import COMPUTED, STORED
    from tui.figures.asked import KINDS
    from tui.figures.paper import WIDTHS

    return {
        "protocols": [*PROTOCOLS],
        "schemes": [*SCHEMES],
        "presets": [*PRESETS],
        "texts": [*text_recipes()],
        "axes": [f"{axis.name}={value}" for axis in fields(Axes) for value in _values(Axes, axis.name)],
        "devices": ["auto", "cpu", "cuda", "mps"],
        "methods": [*METHODS],
        "widths": [*WIDTHS],
        "exports": [*COMPUTED, *STORED, "figure"],
        "figures": [*KINDS],
        "fetched": ["model", "all", *data_sets()],
        "queue": ["clear", "remove"],
    }


def _values(axes: type, name: str) -> Iterable[str]:
    """What an axis may be, where that is one of a few."""
    from typing import get_type_hints

    return [str(value) for value in get_args(get_type_hints(axes)[name]) if isinstance(value, str)]
