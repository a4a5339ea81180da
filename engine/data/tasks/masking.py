"""Masked texts: what is left to read once the words that give a gene's family or class away are gone.

A score that falls with these words was a score of names. What is removed was declared before any label
was looked at: the gene's symbol and aliases, the words that families are called by, and the words of the
class names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from engine.data.genes.facts import Gene

MASKED: Final = "+masked"
"""What the name of a recipe ends in whose texts are masked: `facts+masked`."""

FAMILY_WORDS: Final = frozenset(
    {"zinc", "finger", "fingers", "homeobox", "forkhead", "box", "homeodomain", "krab", "btb", "scan"}
    | {"domain", "containing", "sry", "paired", "family", "member"}
)
"""Words that families of transcription factors, and families in general, are called by."""

_WORD: Final = re.compile(r"[^\W_]+")
_SAYS_NOTHING: Final = frozenset(
    {"and", "for", "not", "only", "other", "others", "the", "versus", "with", "without"}
)
"""Words of class names that any text may have."""
_SHORTEST: Final = 3
"""Letters of a word of a class name: shorter ones, and numbers, stand anywhere."""
_ENDINGS: Final = (
    "ivities",
    "ivity",
    "ively",
    "ities",
    "ations",
    "ation",
    "ity",
    "ies",
    "ive",
    "ing",
    "ly",
    "ed",
    "es",
    "s",
    "e",
    "y",
)
_STEM: Final = 4
"""Letters that an ending leaves."""
Replacement = tuple[re.Pattern[str], str]
EMPTY_BRACKETS: Final[Replacement] = (re.compile(r"[(\[]\s*[)\]]"), "")
SPACES: Final[Replacement] = (re.compile(r"\s+"), " ")
_LEFT_BEHIND: Final[Sequence[Replacement]] = (
    (re.compile(r"(?:\s*[,;/|-])+(?=\s*(?:[.,;:)\]]|$))"), ""),
    (re.compile(r"([(\[:])(?:\s*[,;/|-])+"), r"\1"),
    EMPTY_BRACKETS,
    (re.compile(r"\s+(?=[.,;:)\]])"), ""),
    (re.compile(r"(?<=[(\[])\s+"), ""),
    SPACES,
    (re.compile(r"^[\s.,;:)\]-]+"), ""),
)
"""Empty brackets, commas between nothing, and the spaces that removed words leave."""


def words_of(text: str) -> list[str]:
    """The words of `text` in their order: letters and digits, in lower case."""
    return _WORD.findall(text.lower())


def stem(word: str) -> str:
    """`word` in lower case, less a common ending: sensitive and sensitivity are the same."""
    lower = word.lower()
    for ending in _ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= _STEM:
            return lower.removesuffix(ending)
    return lower


def label_stems(classes: Sequence[str]) -> frozenset[str]:
    """The stems of the words of class names, less those that say nothing."""
    words = (word for name in classes for word in words_of(name))
    return frozenset(stem(word) for word in words if _is_telling(word) and word not in _SAYS_NOTHING)


def short_words(classes: Sequence[str]) -> frozenset[str]:
    """The words of class names that are too short, or numbers, to be masked: they may stand anywhere."""
    return frozenset(word for name in classes for word in words_of(name) if not _is_telling(word))


def _is_telling(word: str) -> bool:
    return len(word) >= _SHORTEST and not word.isdecimal()


def masker(classes: Sequence[str]) -> Callable[[Gene, str], str]:
    """What masks a text of a gene in a task with these classes."""
    stems = label_stems(classes)

    def mask(gene: Gene, text: str) -> str:
        return replaced(
            _WORD.sub(blanked, without_names(gene.symbol, gene.aliases, text)), _LEFT_BEHIND
        ).strip()

    def blanked(found: re.Match[str]) -> str:
        word = found[0].lower()
        return "" if word in FAMILY_WORDS or stem(word) in stems else found[0]

    return mask


def without_names(symbol: str, aliases: Sequence[str], text: str) -> str:
    """`text` without the symbol and aliases of its gene, as whole words in whatever case."""
    names = sorted(filter(None, {symbol, *aliases}), key=len, reverse=True)
    if not names:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", "", text, flags=re.IGNORECASE)


def replaced(text: str, replacements: Sequence[Replacement]) -> str:
    """`text` with each pattern replaced, one after the other."""
    for pattern, replacement in replacements:
        text = pattern.sub(replacement, text)
    return text
