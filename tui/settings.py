"""What the user set for the terminal application in config.toml: colours, mouse, clipboard, keys.

[ui]
theme = "arena-light"   # any name that :theme lists
mouse = false
clipboard = "tmux"      # auto, tmux, osc52 or file

[keymap]
"plan.launch" = "ctrl+g"    # the id of a binding, as :keys lists it
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from store.errors import UsageError, unknown
from store.files import read_toml
from tui.terminal.clipboard import WAYS


@dataclass(frozen=True, slots=True)
class Settings:
    """The tables [ui] and [keymap], checked."""

    theme: str = ""
    """Empty: arena-dark; a terminal of sixteen colours keeps its own."""
    mouse: bool = True
    clipboard: str = "auto"
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Binding id -> keys, separated by commas."""


_KINDS: Final = {"theme": str, "mouse": bool, "clipboard": str}


def read_settings(path: Path) -> Settings:
    """The settings in `path`; the defaults if there is no such file.

    Raises:
        UsageError: the file is not TOML, or a key or value of the two tables cannot be used.
    """
    if not path.is_file():
        return Settings()
    whole = read_toml(path)
    ui, keymap = _table(whole, "ui", path), _table(whole, "keymap", path)
    for name, value in ui.items():
        check_name(name, _KINDS, f"key of [ui] in {path}")
        if not isinstance(value, _KINDS[name]):
            raise UsageError(f"{path}, [ui]: {name} cannot be {value!r}.")
    if ui.get("clipboard", "auto") not in WAYS:
        raise UsageError(
            f"{path}, [ui]: clipboard cannot be {ui['clipboard']!r}.", f"It is one of {', '.join(WAYS)}."
        )
    for name, keys in keymap.items():
        if not isinstance(keys, str) or not keys.strip():
            raise UsageError(f'{path}, [keymap]: {name} has to be a text of keys, such as "ctrl+g".')
    return Settings(**ui, keymap=keymap)


def _table(whole: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    table = whole.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {name} has to be a table.", f"Write its keys under [{name}].")
    return table


def check_name(name: str, known: Collection[str], kind: str) -> None:
    """Refuse a name that is none of `known`, with the nearest that is.

    Raises:
        UsageError: it is not known.
    """
    if name not in known:
        raise UsageError(*unknown(kind, name, known))
