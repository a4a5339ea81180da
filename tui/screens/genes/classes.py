"""How a task's classes are told apart on the screen of genes: a tone and a sign each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.widgets.words import Tone

_TONES: Final[tuple[Tone, ...]] = ("a", "b", "run", "good", "warn")


def class_tone(label: int) -> Tone:
    """The tone of a class; from the sixth on they share one, and the sign tells."""
    return _TONES[label] if label < len(_TONES) else "soft"


def class_sign(label: int, classes: Sequence[str]) -> str:
    """`□` or `■` of two classes, of more a digit or a letter."""
    if len(classes) <= 2:
        return "■" if label else "□"
    return "123456789abcdefghijklmnopqrstuvwxyz"[min(label, 34)]
