from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from engine.catalog.controls import CONTROLS, PERMUTED, chosen, control_model, row_of, title_of
from engine.catalog.protocols import PROTOCOLS
from engine.classify import classify
from engine.controls.features import DIMENSION, features, permuted
from engine.data.tasks.splits import make_split
from store.errors import DataError
from store.records import Audit, Task

WORDS = ("kinase", "factor", "receptor", "channel", "zinc", "finger", "membrane", "nuclear", "small")


@pytest.fixture(scope="module")
def task():
    random = np.random.default_rng(3)
    genes = tuple(f"{stem}{number}" for number in range(30) for stem in ("FOX", "ZNF"))
    labels = tuple(place % 2 for place in range(60))
    hints = ["finger" if random.random() < 0.7 * label + 0.1 else "" for label in labels]
    texts = tuple(
        f"{gene}: {' '.join(random.choice(WORDS, 4))} {hint}."
        for gene, hint in zip(genes, hints, strict=True)
    )
    return Task("t", "T", ("a", "b"), genes, labels, texts, Audit(()), described=tuple(map(bool, labels)))


@pytest.fixture(scope="module")
def split(task):
    return make_split(task, "paper", 41)


def scores(protocol, task, split, control, **params):
    labels = np.array(task.labels)
    settings = {**PROTOCOLS[protocol].params, **params}
    result = classify(
        protocol, settings, features(control, task, split), labels, split,
        scaling="none", lr_solver="liblinear", cancel=threading.Event(),
    )  # fmt: skip
    return result.scores[:, 1]


VECTORIZERS = {
    "tfidf": (lambda: TfidfVectorizer(sublinear_tf=True), "texts"),
    "symbol": (lambda: TfidfVectorizer(analyzer="char", ngram_range=(1, 4)), "genes"),
}
CLASSIFIERS = {
    "lr": lambda: LogisticRegression(max_iter=100),
    "rf": lambda: RandomForestClassifier(20, random_state=42),
    "lr-cv": lambda: GridSearchCV(
        LogisticRegression(solver="liblinear", random_state=42),
        {"C": [0.01, 0.1, 1.0, 10.0, 100.0], "l1_ratio": [1.0, 0.0]},
        cv=5,
        scoring="roc_auc",
    ),
    "rf-cv": lambda: GridSearchCV(
        RandomForestClassifier(random_state=42),
        {"max_depth": [None, 2], "n_estimators": [5, 10]},
        cv=5,
        scoring="roc_auc",
    ),
}
PARAMS = {"rf": {"trees": 20}, "rf-cv": {"trees": (5, 10), "max_depth": (None, 2)}}


@pytest.mark.parametrize("protocol", CLASSIFIERS)
@pytest.mark.parametrize("control", VECTORIZERS)
@pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
def test_words_and_letters_are_those_of_plain_scikit_learn(task, split, control, protocol):
    make, documents = VECTORIZERS[control]
    documents, labels = getattr(task, documents), np.array(task.labels)
    rows = [*split.train, *split.evaluation]
    vectorizer = make().fit([documents[row] for row in rows])
    model = CLASSIFIERS[protocol]().fit(
        vectorizer.transform([documents[row] for row in rows]), labels[rows]
    )
    expected = model.predict_proba(vectorizer.transform([documents[row] for row in split.test]))[:, 1]
    found = scores(protocol, task, split, control, **PARAMS.get(protocol, {}))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_words_of_test_genes_are_not_known(task, split):
    known = features("tfidf", task, split).shape[1]
    rare = tuple(f"{text} word{place}" for place, text in enumerate(task.texts))
    other = Task("t", "T", task.classes, task.genes, task.labels, rare, Audit(()))
    assert features("tfidf", other, split).shape[1] - known == len(split.train) + len(split.evaluation)


def test_a_gene_has_the_same_random_vector_in_every_task(task, split):
    first = features("random-1", task, split)
    turned = Task("u", "U", task.classes, task.genes[::-1], task.labels[::-1], task.texts[::-1], Audit(()))
    np.testing.assert_array_equal(features("random-1", turned, split), first[::-1])
    assert first.shape == (60, DIMENSION)
    assert abs(np.corrcoef(first[0], first[1])[0, 1]) < 0.2
    assert not np.array_equal(features("random-2", task, split), first)


def test_one_number_is_standardised_on_the_training_genes(task, split):
    rows = [*split.train, *split.evaluation]
    length = features("length", task, split)
    assert length.shape == (60, 1)
    assert length[rows].mean() == pytest.approx(0, abs=1e-6)
    assert length[rows].std() == pytest.approx(1, abs=1e-6)
    assert np.argmax(length) == np.argmax([len(text) for text in task.texts])


def test_coverage_finds_a_class_whose_genes_alone_have_texts(task, split):
    labels = np.array(task.labels)[list(split.test)]
    found = scores("lr", task, split, "coverage")
    assert set(found[labels == 1]).isdisjoint(found[labels == 0])
    with pytest.raises(DataError, match="Which genes of t have a text was not kept"):
        features(
            "coverage", Task("t", "T", task.classes, task.genes, task.labels, task.texts, Audit(())), split
        )


def test_the_majority_tells_no_two_genes_apart(task, split):
    for protocol in ("lr", "rf"):
        assert len(set(scores(protocol, task, split, "majority"))) == 1


def test_permuted_labels_give_each_gene_the_vector_of_one_gene_whatever_the_split():
    order = permuted(60)
    assert sorted(order) == list(range(60))
    assert (order != np.arange(60)).sum() > 50
    np.testing.assert_array_equal(permuted(60), order)


def test_texts_without_a_word_are_refused_in_a_sentence(task, split):
    silent = Task("t", "T", task.classes, task.genes, task.labels, ("!",) * 60, Audit(()))
    with pytest.raises(DataError, match="hold no word"):
        features("tfidf", silent, split)


def test_every_control_of_the_catalog_has_features_but_permuted_labels(task, split):
    for name in CONTROLS:
        if name != PERMUTED:
            assert features(name, task, split).shape[0] == 60, name
        assert control_model(name).control


def test_which_controls_stand_beside_which_protocols():
    assert chosen("none", ("lr",)) == {}
    usual = ("tfidf", "symbol", "random-1", "random-2", "random-3", "random-4", "random-5")
    assert chosen("default", ("lr", "rf-cv", "lora")) == dict.fromkeys(usual, ("lr",))
    assert chosen("default", ("rf-cv",)) == {}
    assert chosen("all", ("rf-cv", "finetune")) == dict.fromkeys(CONTROLS, ("lr", "rf-cv"))
    assert {row_of(name) for name in usual} == {"tfidf", "symbol", "random"}
    assert title_of("tfidf") == "TF-IDF words"
    assert title_of("e5-small") == "e5-small"
