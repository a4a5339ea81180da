"""Records survive the journal unchanged: from their entries they can be made again."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.entries import entry_of
from store.journal import encode
from store.provenance import Environment, Measurement, Removal, Run
from store.records import (
    Audit,
    AuditedGene,
    ClassAudit,
    CvTrial,
    Epoch,
    Failed,
    Metrics,
    Model,
    Prediction,
    Scored,
    Task,
    Unit,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=5), json_values, max_size=3)
mappings = st.dictionaries(st.text(max_size=5), numbers, max_size=3)
tuples = lambda of: st.lists(of, max_size=3).map(tuple)  # noqa: E731
texts = st.text(max_size=8)
units = st.builds(Unit, texts, texts, texts, texts, st.integers(), objects)
predictions = st.builds(Prediction, st.integers(0), texts, st.integers(0, 3), tuples(numbers))
epochs = st.builds(Epoch, st.integers(1, 2), st.integers(1), numbers, st.none() | numbers, numbers, numbers)
records = {
    "scored": st.builds(
        Scored,
        units,
        st.builds(Metrics, *[numbers] * 6),
        tuples(predictions),
        texts,
        st.integers(0),
        st.integers(0),
        texts,
        texts,
        mappings,
        texts,
        objects,
        tuples(st.builds(CvTrial, objects, tuples(numbers), st.booleans())),
        tuples(epochs),
        tuples(texts),
    ),
    "failed": st.builds(Failed, units, texts, texts, texts, texts, texts, st.integers(1)),
    "run": st.builds(Run, texts, texts, objects, st.integers(0), st.integers(0), st.integers(0), texts),
    "environment": st.builds(
        Environment, texts, texts, texts, texts, texts, st.integers(1), st.dictionaries(texts, texts)
    ),
    "model": st.builds(
        Model, texts, st.just("folder"), texts, printed=mappings, max_tokens=st.none() | st.integers()
    ),
    "measurement": st.builds(
        Measurement,
        *[texts] * 5,
        st.integers(1),
        numbers,
        st.none() | st.integers(),
        st.none() | st.integers(),
    ),
    "removal": st.builds(Removal, texts, texts, st.booleans(), st.integers(0), texts, st.just("vectors")),
    "task": st.builds(
        Task,
        texts,
        texts,
        tuples(texts),
        tuples(texts),
        tuples(st.integers(0, 2)),
        tuples(texts),
        st.builds(
            Audit,
            tuples(st.builds(ClassAudit, texts, *[st.integers(0)] * 5)),
            tuples(st.builds(AuditedGene, texts, texts, texts, texts, st.booleans())),
        ),
        texts,
    ),
}


def scored(record):
    places = zip(
        *(record["predictions"][name] for name in ("index", "gene", "label", "scores")), strict=True
    )
    trials = (CvTrial(**{**trial, "fold_aucs": tuple(trial["fold_aucs"])}) for trial in record["trials"])
    parts = {
        "unit": Unit(**record["unit"]),
        "metrics": Metrics(**record["metrics"]),
        "predictions": tuple(Prediction(*place, tuple(scores)) for *place, scores in places),
        "trials": tuple(trials),
        "epochs": tuple(Epoch(**epoch) for epoch in record["epochs"]),
        "notes": tuple(record["notes"]),
    }
    return Scored(**{**record, **parts})


def task(record):
    audit = Audit(
        tuple(ClassAudit(**item) for item in record["audit"]["classes"]),
        tuple(AuditedGene(**item) for item in record["audit"]["genes"]),
    )
    lists = {name: tuple(record[name]) for name in ("classes", "genes", "labels", "texts", "described")}
    return Task(**{**record, **lists, "audit": audit})


made_again = {
    "scored": scored,
    "failed": lambda record: Failed(**{**record, "unit": Unit(**record["unit"])}),
    "run": lambda record: Run(**{**record, "configs": tuple(record["configs"])}),
    "environment": lambda record: Environment(**record),
    "model": lambda record: Model(**record),
    "measurement": lambda record: Measurement(**record),
    "task": task,
    "removal": lambda record: Removal(**record),
}


@pytest.mark.parametrize("kind", records)
@given(data=st.data())
@settings(max_examples=40)
def test_round_trip(kind, data):
    record = data.draw(records[kind])
    line = json.loads(encode(entry_of(record)))
    assert line["kind"] == kind
    assert made_again[kind](line["record"]) == record


def test_a_loss_that_diverged_is_written_as_null():
    unit = Unit("m", "t", "finetune", "paper", 41, {})
    epoch = Epoch(1, 1, math.inf, math.nan, 1e-5, 1.0)
    record = Scored(unit, Metrics(math.nan, 0, 0, 0, 0, 0), (), "", 0, 0, "", "", epochs=(epoch,))
    body = json.loads(encode(entry_of(record)))["record"]
    assert body["epochs"][0] == {
        "stage": 1,
        "epoch": 1,
        "loss": None,
        "eval_auc": None,
        "learning_rate": 1e-5,
        "seconds": 1.0,
    }
    assert body["metrics"]["auc"] is None


def test_a_path_that_is_not_unicode_can_be_saved():
    failure = Failed(Unit("m", "t", "lr", "paper", 41, {}), "no \udcff.txt", "", "OSError", "", "")
    assert json.loads(encode(entry_of(failure)))["record"]["sentence"] == "no \\udcff.txt"


def test_kinds_and_keys():
    unit = Unit("m", "t", "lr", "paper", 41, {"v": 1})
    run = Run("run-1", "now", {}, 1, 0, 1, "box")
    assert entry_of(Failed(unit, "", "", "", "", "")) | {"record": 0} == {
        "kind": "failed",
        "key": unit.key,
        "record": 0,
    }
    assert entry_of(run)["kind"] == "run"
    assert entry_of(Run("run-1", "now", {}, 1, 0, 1, "box", "later", "finished"))["kind"] == "run_end"
    assert entry_of(Model("a", "folder", "x"))["key"] != entry_of(Model("a", "folder", "y"))["key"]
