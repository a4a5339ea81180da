"""The classes of a label file: which spellings are one, and which class is the positive of two."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from engine.data.genes.spellings import INVISIBLE
from engine.files.tables.missing import DOUBTFUL

_NEGATIVE: Final = frozenset(
    {
        "0", "no", "n", "false", "f", "negative", "neg", "none", "control", "controls", "normal", "healthy",
        "ctrl", "ctrls", "reference", "unaffected",
        "background", "rest", "other", "others", "-", "-1", "absent", "wild type", "wt",
    }
)  # fmt: skip
_NEGATION: Final = re.compile(r"(?<![a-z])(?:non|not|no|un|in|without)[-_ ]*(?=[a-z])")
"""Before what it negates, as in non-essential, not_TF, unmethylated and dosage-insensitive."""
_NEGATED: Final = re.compile(
    r"(?<![a-z])(?:non|not|no|without)(?=[-_ ])|[-_ ](?:negative|neg|control|controls|free)$|(?<=\w)-$"
)
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")
"""What word processors and spreadsheets make of a hyphen or a minus."""
_WHOLE: Final = re.compile(r"[+-]?\d{1,9}(\.|(\.0{1,18})?e[+-]?0{1,3})")
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")


def number(label: str) -> float | None:
    """The number that a label is, if it is one."""
    return float(label) if _NUMBER.fullmatch(label) else None


def folded(label: str) -> str:
    """What is the same for all spellings of a class."""
    shown = INVISIBLE.sub("", label).translate(_DASHES)
    plain = " ".join(unicodedata.normalize("NFC", shown).split()).casefold()
    if _WHOLE.fullmatch(plain):  # 1. and 1e0, which some programs write for 1
        plain = f"{float(plain):.0f}"
    value = number(plain)
    return plain if value is None or value % 1 else str(int(value))


def _spelt_alike(label: str) -> str:
    """What is the same for all spellings of a class, with hyphens between its words or without."""
    return re.sub(r"(?<=[^\W\d_])[-_ ]+(?=[^\W\d_])", "", folded(label))


def one_spelling(labels: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Each label as its class is spelt most often, and what is to be said of that.

    Returns:
        Label as it stands -> its class; a sentence for each class of several spellings.
    """
    spellings: dict[str, list[str]] = {}
    counts = Counter(labels)
    for label in counts:
        spellings.setdefault(_spelt_alike(label), []).append(label)
    spelt: dict[str, str] = {}
    notes = []
    for same in spellings.values():
        best = max(
            same,
            key=lambda label: (
                label == label.translate(_DASHES),
                counts[label],
                not INVISIBLE.search(label),
                -len(label),
            ),
        )
        spelt.update(dict.fromkeys(same, best))
        if len(same) > 1:
            others = ", ".join(ascii(label) for label in same if label != best)
            notes.append(f"{best!a} was also spelt {others}; that is one class.")
    return spelt, tuple(notes)


def doubtful_classes(labels: Iterable[str]) -> frozenset[str]:
    """Those of `labels` that may be missing values, and are: with them there are more than two classes.

    Of two classes, `-` is the opposite of `+`, and `None` that of any other.
    """
    classes = {folded(label) for label in labels if label}
    doubtful = classes & DOUBTFUL
    return frozenset() if len(classes) <= 2 else frozenset(doubtful)


def order_classes(labels: Iterable[str], counts: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """The classes in label order, whatever the order of the rows.

    Numbers by value, other names by alphabet. Of two classes the positive one is last: the one that
    is not negated, else the rarer.
    """
    names = sorted(
        labels, key=lambda name: (number(name) is None, number(name) or 0.0, name.casefold(), name)
    )
    if len(names) == 2:
        if negative := _negative_of(*names):
            names.sort(key=lambda name: name != negative)
        elif counts:
            names.sort(key=lambda name: -counts[name])
    return tuple(names)


def why_positive(classes: Sequence[str], counts: Mapping[str, int]) -> str:
    """Why the last of two classes is the positive one, where `order_classes` chose it."""
    negative, positive = classes
    if _negative_of(negative, positive) == negative:
        return f"{negative!r} reads as its negation"
    return "it is the rarer one" if counts[positive] < counts[negative] else "it comes last in the alphabet"


def _negative_of(one: str, other: str) -> str:
    """Which of two classes denies the other; empty if neither does, or both do."""
    first, second = folded(one), folded(other)
    for denies in (_denies, lambda name, _: name in _NEGATIVE, lambda name, _: bool(_NEGATED.search(name))):
        found = denies(first, second), denies(second, first)
        if found[0] != found[1]:
            return one if found[0] else other
    return ""


def _denies(name: str, other: str) -> bool:
    """Whether `name` is `other` with a negation before one of its words."""
    places = _NEGATION.finditer(name)
    plain = re.sub(r"[-_ ]", "", other)
    return any(re.sub(r"[-_ ]", "", name[: at.start()] + name[at.end() :]) == plain for at in places)
