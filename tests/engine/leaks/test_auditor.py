from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from made_tasks import (
    clean_task,
    with_gaps,
    with_label_code,
    with_label_word,
    with_long_texts,
    with_prefix,
    with_twins,
)

from engine.cancel import Stopped
from engine.data.genes.facts import Gene
from engine.data.genes.families import STEMS
from engine.data.tasks.masking import masker
from engine.leaks.alone import MOST, part_of, sample
from engine.leaks.auditor import audit_leaks
from engine.leaks.finding import Finding, clearly_apart, percent
from engine.leaks.relatives import look_for_both
from engine.leaks.tables import look_for_label, look_for_shared_vectors
from engine.leaks.words import look_for_words
from store.home import find_home


def audited(task, home) -> dict[str, Finding]:
    mask = masker(task.classes)
    texts = tuple(mask(Gene(gene), text) for gene, text in zip(task.genes, task.texts, strict=True))
    found = audit_leaks(task, replace(task, texts=texts), STEMS, (), home, threading.Event())
    assert [one.alarming for one in found] == sorted((one.alarming for one in found), reverse=True)
    return {one.kind: one for one in found}


def alarming(found) -> set[str]:
    return {kind for kind, one in found.items() if one.alarming}


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_task_alarms_nothing(seed, home):
    found = audited(clean_task(seed), home)
    assert not alarming(found), [one.sentence for one in found.values() if one.alarming]
    assert found["tfidf"].numbers["auc"] > 0.7, "there is something to learn"
    assert found["coverage"].sentence == "Every gene has a text."


@pytest.mark.parametrize(
    ("plant", "kinds", "advice"),
    [
        (with_label_word, {"words"}, "--text facts+masked"),
        (with_label_code, {"words"}, "Use other texts"),
        (with_long_texts, {"length"}, "--text symbol-name"),
        (with_prefix, {"symbol", "relatives"}, "--scheme grouped"),
        (lambda task: with_twins(task, across=False), {"twins"}, "--scheme grouped"),
        (lambda task: with_twins(task, across=True), {"contradictions"}, "texts that say more"),
        (with_gaps, {"coverage"}, "--text symbol-name"),
    ],
    ids=[
        "label word",
        "label code",
        "length",
        "symbol prefix",
        "twins",
        "twins across classes",
        "coverage",
    ],
)
def test_a_planted_leak_is_found_with_what_to_do(plant, kinds, advice, home):
    found = audited(plant(clean_task(11)), home)
    assert alarming(found) - {"masked"} == kinds, {one.kind: one.sentence for one in found.values()}
    assert any(advice in found[kind].advice for kind in kinds)


def test_a_label_word_is_named_with_its_shares():
    task = with_label_word(clean_task(3))
    said = look_for_words(task).sentence
    share = percent(sum("Loudly" in text for text in task.texts) / sum(task.labels))
    assert f'"loud" in {share} of the texts of loud and in 0% of the others' in said
    masked = replace(task, recipe="facts+masked")
    assert "facts" not in look_for_words(masked).advice


def test_texts_that_are_alike_by_chance_of_the_labels_alarm_nothing(home):
    """As those of random genes are, among them histones and olfactory receptors."""
    task = with_twins(clean_task(11), across=False)
    labels = np.random.default_rng(3).permutation(task.labels)
    found = audited(replace(task, labels=tuple(labels.tolist())), home)
    assert found["twins"].numbers["share"] > 0.2
    assert not found["twins"].alarming


def test_a_class_of_a_gene_type_stands_in_its_facts():
    task = clean_task(2)
    kinds = ("pseudogene", "protein-coding", "snoRNA")
    labels = tuple(number % 3 for number in range(len(task.genes)))
    texts = tuple(
        f"{gene}. Gene type: {kinds[label]}." for gene, label in zip(task.genes, labels, strict=True)
    )
    found = look_for_words(replace(task, classes=kinds, labels=labels, texts=texts))
    assert found.alarming
    assert {word["word"] for word in found.numbers["words"]} == {
        "pseudogene",
        "protein",
        "coding",
        "snorna",
    }
    assert '"coding" in 100% of the texts of protein-coding' in found.sentence or "1 more" in found.sentence


def test_genes_in_two_classes_are_named():
    task = clean_task(1)
    genes = ("FOXP2", "FOXP2", *task.genes[2:])
    found = look_for_both(replace(task, genes=genes))
    assert found.sentence == "FOXP2 stands in more than one class."
    assert "labels=clean" in found.advice


def test_genes_that_share_a_vector_are_named_and_a_missing_one_is_not():
    task = clean_task(1, 40)
    vectors = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)
    vectors[4] = vectors[9]
    vectors[[20, 30]] = 0
    missing = (task.genes[20], task.genes[30])
    found = look_for_shared_vectors(task, "table", vectors, missing)
    assert found.numbers["groups"] == [f"{task.genes[4]}={task.genes[9]}"]
    assert found.numbers["across_classes"] == 1
    assert found.alarming
    vectors[4, 0] = np.nextafter(vectors[4, 0], np.float32(9))
    assert not look_for_shared_vectors(task, "table", vectors, missing).alarming


@pytest.mark.parametrize("classes", [2, 3])
def test_a_number_of_a_vector_that_is_the_label_is_found(classes):
    labels = tuple(number % classes for number in range(60))
    task = replace(clean_task(1, 60), labels=labels, classes=("one", "two", "three")[:classes])
    vectors = np.random.default_rng(0).standard_normal((60, 256)).astype(np.float32)
    assert not look_for_label(task, "table", vectors).alarming
    vectors[:, 17] = np.array(labels) == 1
    found = look_for_label(task, "table", vectors)
    assert found.alarming
    assert "number 18 of the vectors alone tells two from the others: AUC 1.000" in found.sentence
    few = replace(task, genes=task.genes[:6], labels=labels[:6], texts=task.texts[:6])
    assert not look_for_label(few, "table", vectors[:6]).alarming, "chance does so, too"


def test_few_genes_prove_nothing():
    assert clearly_apart(90, 100, 50, 100)
    assert not clearly_apart(4, 5, 1, 5)
    assert not clearly_apart(500, 1000, 450, 1000)


def test_of_a_long_list_a_sample_with_the_same_classes_is_classified():
    task = clean_task(0, 6_000)
    labels = tuple(int(number % 400 == 0) for number in range(6_000))
    places = sample(replace(task, labels=labels))
    assert abs(len(places) - MOST) < 20
    part = part_of(replace(task, labels=labels), places)
    assert sum(part.labels) == 15, "all of a small class"
    assert list(part.genes) == [task.genes[place] for place in places]
    assert places == sorted(set(places))


def test_the_auditor_stops_when_it_is_told(home):
    cancel = threading.Event()
    steps = []

    def progress(done, total):
        steps.append((done, total))
        if done == 6:
            cancel.set()

    with pytest.raises(Stopped):
        audit_leaks(clean_task(0), None, STEMS, (), home, cancel, progress)
    assert [done for done, _ in steps] == list(range(1, 7))


def test_more_than_two_classes(home):
    task = clean_task(5, 240)
    labels = tuple((label + 2 * (number % 4 > 1)) % 3 for number, label in enumerate(task.labels))
    found = audited(replace(task, classes=("a1", "b1", "c1"), labels=labels), home)
    assert 0.5 < found["tfidf"].numbers["auc"] < 1
