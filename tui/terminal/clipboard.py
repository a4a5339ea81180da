"""Copying text to where the user sits, by a way that works there, and saying which way it took.

A default tmux swallows OSC 52 from inside; `tmux load-buffer -w` reaches both its own buffer and the
outer terminal. The text is always written to a file too, because a terminal may drop OSC 52 silently.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from store.errors import StoreError, UsageError

LIMIT: Final = 74_994
"""Most encoded bytes that common terminals take in one OSC 52 sequence."""
WAYS: Final = ("auto", "tmux", "osc52", "file")


def choose_way(environment: Mapping[str, str], size: int, setting: str = "auto") -> str:
    """The way to copy `size` bytes: what the user set, else tmux inside tmux, else OSC 52.

    Raises:
        UsageError: the setting names no way.
    """
    setting = environment.get("GENEARENA_CLIPBOARD", setting)
    if setting not in WAYS:
        raise UsageError(f"There is no clipboard {setting!r}.", f"It is one of: {', '.join(WAYS)}.")
    if setting != "auto":
        return setting
    if environment.get("TMUX") and shutil.which("tmux"):
        return "tmux"
    # Base64 turns three bytes into four.
    return "osc52" if size * 4 // 3 <= LIMIT else "file"


def yank(text: str, file: Path, osc52: Callable[[str], None], setting: str = "auto") -> str:
    """Copy `text` and say how, in one sentence.

    Args:
        text: What to copy.
        file: Where it is written besides.
        osc52: Sends the text to the terminal; it cannot tell whether it arrived.
        setting: One of `WAYS`; the variable GENEARENA_CLIPBOARD goes before it.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}.") from error
    way = choose_way(os.environ, len(text.encode()), setting)
    if way == "tmux":
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"], input=text.encode(), capture_output=True, timeout=5
        )
        if done.returncode == 0:
            return f"Copied to tmux's buffer and its terminal; also in {file}."
        way = "osc52"
    if way == "osc52":
        osc52(text)
        return f"Sent to the terminal's clipboard (OSC 52), if it takes that; also in {file}."
    return f"Written to {file}."
