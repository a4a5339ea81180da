from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from made_tasks import clean_task
from sklearn.feature_extraction.text import TfidfVectorizer

from engine.cancel import Stopped
from engine.data.tasks.masking import without_names
from engine.leaks import twins
from engine.leaks.twins import ALIKE, find_twins


def worn(task, seed=0):
    """The same texts, most of them copies of others with up to three words of other texts."""
    draw = np.random.default_rng(seed)
    texts = list(task.texts)
    for place in range(10, len(texts)):
        words = texts[place % 10].split()
        for _ in range(draw.integers(0, 4)):
            words[draw.integers(2, len(words))] = draw.choice(texts[-place].split())
        texts[place] = " ".join([task.genes[place], *words[1:]])
    return replace(task, texts=tuple(texts))


@pytest.mark.parametrize("block", [1, 500, 10_000_000])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_pairs_as_of_all_cosines(seed, block, monkeypatch):
    monkeypatch.setattr(twins, "_AT_ONCE", block)
    task = worn(clean_task(seed, 120), seed)
    bare = [
        " ".join(without_names(gene, (), text).split())
        for gene, text in zip(task.genes, task.texts, strict=True)
    ]
    distinct = list(dict.fromkeys(bare))
    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(distinct).toarray()
    place = [distinct.index(text) for text in bare]
    expected = (vectors @ vectors.T >= ALIKE)[np.ix_(place, place)]
    found = find_twins(task, threading.Event())
    got = (found.alike.toarray() > 0)[np.ix_(found.group, found.group)]
    assert np.array_equal(got, expected)
    assert 0 < np.triu(expected, 1).sum() < 119 * 60


def test_the_genes_own_symbol_does_not_keep_two_texts_apart():
    task = clean_task(0, 40)
    texts = [f"{task.genes[place]} binds to DNA and {task.genes[place]} alone." for place in range(2)]
    found = find_twins(replace(task, texts=(*texts, *task.texts[2:])), threading.Event())
    assert found.group[0] == found.group[1]
    labels = np.array([0, 1, 1, *[0] * 37])
    assert found.of_each_class(np.array([0, 2]), np.array([1, 3]), labels).tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize("rest", ["", "."])
def test_texts_without_a_word_are_nobodys_twins(rest):
    task = clean_task(0, 40)
    found = find_twins(replace(task, texts=tuple(gene + rest for gene in task.genes)), threading.Event())
    labels = np.array(task.labels)
    assert not found.of_each_class(np.arange(20), np.arange(20, 40), labels).any()


def test_it_stops_when_it_is_told():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Stopped):
        find_twins(clean_task(0, 40), cancel)
