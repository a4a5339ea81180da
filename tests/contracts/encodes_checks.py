"""What every `Encodes` keeps to, as plain functions that take a `Subject`.

A check needs nothing but `encode`, so that a wrong encoder can be handed to it as well.
"""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counted_cancel import Looks
from hub_layouts import TEXTS, WORDS
from numpy.typing import NDArray

from engine.cancel import Stopped
from engine.embedding.embed import Embeddings, Encodes, embed
from store.home import Home
from store.records import EmbeddingOptions, Model

Vectors = NDArray[np.float32]

SEVERAL_BATCHES = tuple(f"{text} {text} gene{place % 60}" for place, text in enumerate(TEXTS * 4))
ODD = (
    "",
    " ",
    "\n\t\r\n",
    "a\x00b",
    "\x1b[31mred\x1b[0m",
    "\ufeffgene1",
    "naïve α-synuclein ‑ 5′",
    "\u202egene1\u202c",
    "e\u0301 \u00e9",
    "👩‍🔬🧬",
    "基因 지놈 ゲノム",
    "\U0010ffff\ufffd",
    "gene1\u200bgene2",
    "/" * 300,
)


@dataclass(frozen=True)
class Subject:
    """One encoder, and how far two computations of one vector may lie apart."""

    encoder: Encodes
    tolerance: float = 1e-6

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, of batches that are checked on the way."""
        rows: dict[int, Vectors] = {}
        for places, made in self.encoder.encode(texts, threading.Event()):
            assert isinstance(made, np.ndarray)
            assert made.dtype == np.float32
            assert made.ndim == 2
            assert len(made) == len(places)
            assert not set(places) & set(rows), "an index came twice"
            rows.update(zip(places, made, strict=True))
        assert sorted(rows) == list(range(len(texts)))
        return np.stack([rows[place] for place in range(len(texts))])

    def assert_near(self, found: Vectors, expected: Vectors) -> None:
        np.testing.assert_allclose(found, expected, rtol=self.tolerance, atol=self.tolerance)


Check = Callable[[Subject], None]
CHECKS: list[Check] = []


def checked(check: Check) -> Check:
    """List `check` among those that every encoder passes."""
    CHECKS.append(check)
    return check


@checked
def check_vectors_are_finite_and_of_one_length(subject: Subject) -> None:
    vectors = subject.vectors(TEXTS)
    assert np.isfinite(vectors).all()
    assert vectors.shape[1] > 0
    assert len(np.unique(vectors, axis=0)) > len(set(TEXTS)) / 2, "texts are not told apart"


@checked
def check_what_is_known_about_it_can_be_kept(subject: Subject) -> None:
    subject.vectors(TEXTS[:2])
    assert isinstance(subject.encoder.notes, tuple)
    assert all(isinstance(note, str) for note in subject.encoder.notes)
    assert subject.encoder.parameters is None or subject.encoder.parameters > 0


@checked
def check_the_same_input_gives_the_same_bits(subject: Subject) -> None:
    assert np.array_equal(subject.vectors(TEXTS), subject.vectors(TEXTS))


@checked
def check_a_row_does_not_depend_on_its_company(subject: Subject) -> None:
    together = subject.vectors(TEXTS)
    for place, text in enumerate(TEXTS[:12]):
        subject.assert_near(subject.vectors([text])[0], together[place])
    subject.assert_near(subject.vectors(TEXTS[::3]), together[::3])
    subject.assert_near(subject.vectors([TEXTS[6], *TEXTS * 3])[1 : 1 + len(TEXTS)], together)


@checked
def check_a_row_does_not_depend_on_the_order(subject: Subject) -> None:
    together = subject.vectors(SEVERAL_BATCHES)
    order = list(range(len(SEVERAL_BATCHES)))
    random.Random(1).shuffle(order)
    shuffled = subject.vectors([SEVERAL_BATCHES[place] for place in order])
    subject.assert_near(shuffled, together[order])


@checked
def check_equal_texts_have_equal_vectors(subject: Subject) -> None:
    repeated = subject.vectors([TEXTS[4], TEXTS[9], TEXTS[4], TEXTS[4]])
    subject.assert_near(repeated[[2, 3]], repeated[[0, 0]])


@checked
def check_odd_texts_have_vectors_of_their_own(subject: Subject) -> None:
    together = subject.vectors([*ODD, *TEXTS])
    assert np.isfinite(together).all()
    for place, text in enumerate(ODD):
        subject.assert_near(subject.vectors([text])[0], together[place])


@checked
def check_a_very_long_text_is_cut_and_not_refused(subject: Subject) -> None:
    long = " ".join(WORDS) * 2000
    vectors = subject.vectors([TEXTS[0], long, TEXTS[1]])
    assert np.isfinite(vectors).all()
    subject.assert_near(vectors[[0, 2]], subject.vectors(TEXTS[:2]))


@checked
def check_no_text_gives_no_batch(subject: Subject) -> None:
    assert list(subject.encoder.encode([], threading.Event())) == []


@checked
def check_ten_thousand_texts_all_come(subject: Subject) -> None:
    texts = [f"gene{place % 60} {WORDS[place // 60 % len(WORDS)]}" for place in range(10_000)]
    vectors = subject.vectors(texts)
    assert np.isfinite(vectors).all()
    subject.assert_near(vectors[:3960], vectors[3960:7920])  # 60 x 66 different texts


@checked
def check_the_texts_are_left_as_they_were(subject: Subject) -> None:
    texts = list(TEXTS)
    subject.vectors(texts)
    assert texts == list(TEXTS)


@checked
def check_cancel_is_heeded_at_every_look(subject: Subject) -> None:
    whole = subject.vectors(SEVERAL_BATCHES)
    free = Looks()
    batches = len(list(subject.encoder.encode(SEVERAL_BATCHES, free)))
    assert batches > 1, "the texts fit into one batch, so that this shows nothing"
    assert free.looks >= batches, "there is not a look for every batch"
    for until in {0, 1, free.looks // 2, free.looks - 1}:
        cancel = Looks(until)
        finished = _batches_until_stopped(subject.encoder, cancel)
        assert cancel.looks == until + 1
        assert len(finished) <= until
        for places, made in finished:
            subject.assert_near(made, whole[places])


@checked
def check_cancel_between_batches_gives_at_most_one_more(subject: Subject) -> None:
    cancel = threading.Event()
    assert len(_batches_until_stopped(subject.encoder, cancel, cancel.set)) <= 2


@checked
def check_what_was_finished_before_a_cancel_is_kept(subject: Subject) -> None:
    """As `embed` keeps it: the second call computes the rest and no more."""
    cancel, finished = threading.Event(), []

    def stop(done: int, _: int) -> None:
        finished.append(done)
        if done:
            cancel.set()

    with tempfile.TemporaryDirectory() as name:
        with pytest.raises(Stopped):
            _embedded(subject.encoder, Path(name), cancel, stop)
        assert 0 < finished[-1] < len(set(SEVERAL_BATCHES))
        rest = _embedded(subject.encoder, Path(name), threading.Event(), lambda done, total: None)
    assert rest.from_cache == finished[-1]
    subject.assert_near(rest.vectors, subject.vectors(SEVERAL_BATCHES))


def _batches_until_stopped(
    encoder: Encodes, cancel: threading.Event, after_each: Callable[[], None] = lambda: None
) -> list[tuple[list[int], Vectors]]:
    finished = []
    try:
        for batch in encoder.encode(SEVERAL_BATCHES, cancel):
            finished.append(batch)
            after_each()
    except Stopped:
        return finished
    raise AssertionError("it went on to the end")


def _embedded(encoder: Encodes, cache: Path, cancel: threading.Event, progress: Any) -> Embeddings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.embedding.embed._encoder", lambda *_: encoder)
        return embed(
            Model("any", "folder", "/nowhere"),
            SEVERAL_BATCHES,
            EmbeddingOptions(),
            Home(cache, cache, cache, cache),
            device="cpu",
            cancel=cancel,
            progress=progress,
        )
