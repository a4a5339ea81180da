from __future__ import annotations

import threading

import numpy as np
import pytest
from made_tasks import clean_task

import engine.leaks.auditor
from engine.data.genes.families import STEMS
from engine.data.importers import import_task
from engine.data.importers.vectors import adopt_vectors
from engine.data.load import load_task
from engine.data.outline import Reading
from engine.leaks.alone import splits_of
from engine.leaks.finding import Finding
from engine.leaks.kept import leaks_of
from engine.leaks.relatives import look_for_relatives
from store.home import find_home

NEVER = threading.Event()


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def mine(tmp_path, home):
    task = clean_task(1, 40)
    path = tmp_path / "mine.csv"
    rows = zip(task.genes, task.labels, task.texts, strict=True)
    path.write_text("gene,label,description\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    import_task(path, "mine", home)
    return path


@pytest.fixture
def asked(monkeypatch):
    """What the auditor was asked about; it answers at once."""
    found = []

    def audit_leaks(task, masked, families, tables, home, cancel, progress):
        found.append((task, masked))
        return (Finding("length", f"{len(found)}", "Do this.", {"auc": 0.75, "interval": [0.6, 0.8]}),)

    monkeypatch.setattr(engine.leaks.auditor, "audit_leaks", audit_leaks)
    return found


def test_the_second_time_nobody_looks_again(home, mine, asked):
    first = leaks_of("mine", home, Reading(), NEVER)
    assert leaks_of("mine", home, Reading(), NEVER) == first
    assert len(asked) == 1
    task, masked = asked[0]
    assert task.recipe == "summary"
    assert masked.recipe == "summary+masked"


@pytest.mark.parametrize("reading", [Reading(text="symbol-name"), Reading(provenance="strip", text="page")])
def test_other_texts_are_looked_at_anew(home, mine, asked, reading):
    leaks_of("mine", home, Reading(), NEVER)
    leaks_of("mine", home, reading, NEVER)
    assert len(asked) == 2


def test_masked_texts_have_no_masked_ones_beside_them(home, mine, asked):
    leaks_of("mine", home, Reading(text="facts+masked"), NEVER)
    assert asked[0][1] is None


def test_a_task_of_changed_labels_is_looked_at_anew(home, mine, asked, tmp_path):
    leaks_of("mine", home, Reading(), NEVER)
    changed = mine.read_text().replace(",0,", ",2,").replace(",1,", ",0,").replace(",2,", ",1,")
    (tmp_path / "other.csv").write_text(changed)
    leaks_of(str(tmp_path / "other.csv"), home, Reading(), NEVER)
    assert len(asked) == 2


def test_damage_is_looked_at_anew(home, mine, asked):
    leaks_of("mine", home, Reading(), NEVER)
    [kept] = (home.cache / "leaks").iterdir()
    kept.write_text(kept.read_text().replace("Do this", "Do that"))
    assert leaks_of("mine", home, Reading(), NEVER)[0].advice == "Do this."
    assert len(asked) == 2


def test_genes_that_share_a_vector_in_an_imported_table_are_found(home, mine, tmp_path):
    genes = [line.partition(",")[0] for line in mine.read_text().splitlines()[1:]]
    vectors = np.random.default_rng(0).standard_normal((len(genes), 4)).astype(np.float32)
    vectors[5] = vectors[2]
    np.savez(tmp_path / "table.npz", genes=np.array(genes), vectors=vectors)
    before = leaks_of("mine", home, Reading(), NEVER)
    adopt_vectors(tmp_path / "table.npz", "table", home)
    found, label = [one for one in leaks_of("mine", home, Reading(), NEVER) if one not in before]
    assert (found.kind, label.kind, label.alarming) == ("vectors", "label", False)
    assert set(found.numbers["groups"][0].split("=")) == {genes[5], genes[2]}
    assert "1 of these groups stands in several classes" in found.sentence


def test_a_task_of_the_paper(home):
    found = {one.kind: one for one in leaks_of("bivalent-vs-no-methyl", home, Reading(), NEVER)}
    assert found["tfidf"].numbers["auc"] == pytest.approx(0.8875, abs=1e-6)
    assert found["tfidf"].numbers["interval"] == pytest.approx([0.646423, 0.971462], abs=1e-4)
    assert found["length"].numbers["auc"] == pytest.approx(0.772, abs=0.001)
    assert found["symbol"].numbers["auc"] == pytest.approx(0.84, abs=1e-6)
    assert found["masked"].numbers["masked"] == pytest.approx(0.806, abs=0.01)
    assert found["relatives"].numbers["share"] == pytest.approx(0.614, abs=0.0005)
    assert found["both"].sentence == "FOXP2 stands in more than one class."


@pytest.mark.parametrize(
    ("name", "share"),
    [("long-vs-short-tf", 0.628), ("dosage-sensitivity", 0.790), ("bivalent-vs-lys4", 0.494)],
)
def test_the_share_of_test_genes_with_a_relative_in_training(home, name, share):
    task = load_task(name, home)
    found = look_for_relatives(task, splits_of(task), STEMS)
    assert found.numbers["share"] == pytest.approx(share, abs=0.0005)
    assert "--scheme grouped" in found.advice


def test_a_masked_text_of_the_paper(home):
    plain = load_task("bivalent-vs-no-methyl", home)
    masked = load_task("bivalent-vs-no-methyl", home, text="facts+masked")
    assert masked.recipe == "facts+masked"
    assert masked.hash != plain.hash
    at = plain.genes.index("DLX1")
    assert masked.texts[at] == "distal-less 1. Gene type: protein-coding. Location: 2q31.1."
