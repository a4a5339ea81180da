"""Words of the class names that stand in the texts: then the answer can be read."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.data.tasks.masking import MASKED, label_stems, short_words, stem, words_of
from engine.leaks.finding import Finding, clearly_apart, percent
from store.records import Task
from store.texts import TextName

_SHOWN: Final = 3
"""Words that a sentence gives."""
_MOSTLY: Final = 0.5
"""Difference of the two shares from which on a short word or a number is the label."""


@dataclass(frozen=True, slots=True)
class LabelWord:
    """A word of some class names and how many texts it stands in."""

    word: str
    classes: tuple[str, ...]
    """Those that are called by it."""
    inside: int
    of_inside: int
    """Texts of these classes: with the word, and all."""
    outside: int
    of_outside: int
    short: bool
    """Whether it is too short, or a number, to be masked."""

    @property
    def telling(self) -> bool:
        """Whether it stands in texts of these classes far more often than in others."""
        apart = clearly_apart(self.inside, self.of_inside, self.outside, self.of_outside)
        return apart and (self.gap >= _MOSTLY or not self.short)

    @property
    def gap(self) -> float:
        """The difference of the two shares."""
        return self.inside / self.of_inside - self.outside / self.of_outside

    @property
    def sentence_part(self) -> str:
        """`"coding" in 100% of the texts of protein-coding and in 2% of the others`."""
        inside, outside = self.inside / self.of_inside, self.outside / self.of_outside
        return (
            f'"{self.word}" in {percent(inside)} of the texts of {" and ".join(self.classes)} '
            f"and in {percent(outside)} of the others"
        )


def label_words(task: Task) -> tuple[LabelWord, ...]:
    """The words that tell some classes of `task` from the others, the most telling first."""
    return tuple(sorted(filter(lambda one: one.telling, _counted(task)), key=lambda one: -one.gap))


def _counted(task: Task) -> Iterator[LabelWord]:
    short = short_words(task.classes)
    stems = label_stems(task.classes) | short
    sizes, having = Counter(task.labels), Counter[tuple[str, int]]()
    stemmed = functools.cache(stem)
    for text, label in zip(task.texts, task.labels, strict=True):
        having.update((one, label) for one in stems.intersection(map(stemmed, words_of(text))))
    own = [{stem(word): word for word in reversed(words_of(name))} for name in task.classes]
    for one in sorted(stems):
        named = [label for label, words in enumerate(own) if one in words]
        other = [label for label in sizes if label not in named]
        if other and any(sizes[label] for label in named):
            yield LabelWord(
                own[named[0]][one],
                tuple(task.classes[label] for label in named),
                sum(having[one, label] for label in named),
                sum(sizes[label] for label in named),
                sum(having[one, label] for label in other),
                sum(sizes[label] for label in other),
                one in short,
            )


def look_for_words(task: Task) -> Finding:
    """Whether the label stands in the text."""
    found = label_words(task)
    numbers = {
        "words": [
            {"word": one.word, "classes": list(one.classes), "inside": one.inside / one.of_inside}
            | {"outside": one.outside / one.of_outside}
            for one in found
        ]
    }
    if not found:
        said = "No word of a class name stands in texts of its class far more often than in others."
        return Finding("words", said, "", numbers)
    shown = "; ".join(one.sentence_part for one in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more words" if len(found) > _SHOWN else ""
    advice = f"Run it with --text {TextName.parse(task.recipe).recipe.removesuffix(MASKED)}{MASKED}."
    if task.recipe.endswith(MASKED) or all(one.short for one in found):
        advice = "Use other texts."
    return Finding("words", f"The label stands in the text: {shown}{more}.", advice, numbers)
