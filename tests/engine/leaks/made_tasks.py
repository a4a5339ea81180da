"""Tasks made up for the auditor: clean ones, and the same with one leak planted."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

from store.records import Audit, Task

WORDS = [
    first + second
    for first in ("ab", "de", "no", "pi")
    for second in (
        "lase",
        "some",
        "tide",
        "plex",
        "zyme",
        "rins",
        "cept",
        "tors",
        "vane",
        "fers",
        "mers",
        "gens",
    )
]
"""Of one length."""
CLASSES = ("silent", "loud")


def clean_task(seed: int = 0, genes: int = 120) -> Task:
    """Two classes whose genes differ in a sixth of their words, and in nothing else."""
    draw = random.Random(seed)
    symbols = draw.sample(list(map("".join, product(LETTERS, repeat=4))), genes)
    labels = [number % 2 for number in range(genes)]
    texts = []
    for symbol, label in zip(symbols, labels, strict=True):
        own = WORDS[:40] if label else WORDS[8:]
        texts.append(f"{symbol} is a {' '.join(draw.sample(own, 8))}.")
    return Task("made", "Made up", CLASSES, tuple(symbols), tuple(labels), tuple(texts), Audit(()),
                described=(True,) * genes)  # fmt: skip


LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def with_texts(task: Task, change) -> Task:
    """`task` with each text changed by a function of text, label and a generator."""
    draw = random.Random(7)
    texts = [change(text, label, draw) for text, label in zip(task.texts, task.labels, strict=True)]
    return replace(task, texts=tuple(texts))


def with_label_word(task: Task) -> Task:
    """Half of one class read `loudness`, a word of its name."""
    return with_texts(
        task, lambda text, label, draw: f"{text[:-7]}Loudly." if label and draw.random() < 0.5 else text
    )


def with_label_code(task: Task) -> Task:
    """Classes are called by two letters, and each text ends in those of its class."""
    codes = ("HI", "LT")
    coded = with_texts(task, lambda text, label, draw: f"{text} List {codes[label]}.")
    return replace(coded, classes=codes)


def with_long_texts(task: Task) -> Task:
    """The texts of one class have more words, which are of both classes."""
    return with_texts(
        task,
        lambda text, label, draw: (
            f"{text} {' '.join(draw.sample(WORDS, 8 if label else draw.randrange(9)))}"
        ),
    )


def with_prefix(task: Task) -> Task:
    """Two thirds of one class are numbered members of one family."""
    draw = random.Random(7)
    genes = tuple(
        f"LOUD{number}" if label and draw.random() < 0.67 else gene
        for number, (gene, label) in enumerate(zip(task.genes, task.labels, strict=True))
    )
    return replace(task, genes=genes)


def with_twins(task: Task, *, across: bool) -> Task:
    """One gene in four reads like the one before it but for its symbol, of its own or another class."""
    texts = list(task.texts)
    for place in range(4, len(texts), 4):
        other = place - 3 if across else place - 2
        texts[place] = texts[other].replace(task.genes[other], task.genes[place])
    return replace(task, texts=tuple(texts))


def with_gaps(task: Task) -> Task:
    """Of one class two genes in five have no text."""
    described = tuple(bool(label) or number % 5 > 1 for number, label in enumerate(task.labels))
    texts = tuple(
        text if known else gene for gene, text, known in zip(task.genes, task.texts, described, strict=True)
    )
    return replace(task, described=described, texts=texts)
