from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from workbench import write_task

from engine.catalog.presets import PRESETS, Axes, axes_for, preset_label
from engine.catalog.protocols import CHOICES, LIMITS, PROTOCOLS
from engine.embedding.endpoint.consent import agree
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.errors import UsageError, unknown
from store.home import find_home
from store.records import Unit, canonical_json, content_hash


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return find_home(tmp_path / "home").create()


@pytest.fixture
def selection(tmp_path):
    return Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path),), ("lr", "lr-cv"), seeds=(41, 42))


def keys(selection, home):
    return [unit.key for unit in build_plan(selection, home, {}).units]


def test_one_unit_for_each_model_task_protocol_and_seed(selection, home):
    plan = build_plan(selection, home, {})
    assert [(u.protocol, u.seed) for u in plan.units] == [
        ("lr", 41),
        ("lr", 42),
        ("lr-cv", 41),
        ("lr-cv", 42),
    ]
    assert len({u.key for u in plan.units}) == 4
    assert plan.todo == plan.units


def test_the_family_of_a_unit_is_that_of_its_protocol(selection, home):
    plan = build_plan(replace(selection, protocols=tuple(PROTOCOLS)), home, {})
    assert {(u.protocol, u.family == "finetune") for u in plan.units} == {
        (name, protocol.finetunes) for name, protocol in PROTOCOLS.items()
    }


def test_a_task_under_two_names_is_run_under_the_first(selection, home, tmp_path):
    [path] = selection.tasks
    copy = tmp_path / "copy.csv"
    copy.write_bytes(Path(path).read_bytes())
    plan = build_plan(replace(selection, tasks=(path, str(copy))), home, {})
    assert {unit.task for unit in plan.units} == {"toy"}
    assert len({unit.key for unit in plan.units}) == len(plan.units)
    assert [(item.task, item.units) for item in plan.blocked] == [("copy", 2)] * 2
    assert plan.blocked[0].reason.endswith("on toy by another name.")


def test_two_files_of_one_name_do_not_stand_for_each_other(selection, home, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = write_task(tmp_path / "elsewhere", per_class=15)
    plan = build_plan(replace(selection, tasks=(*selection.tasks, other)), home, {})
    assert {unit.task for unit in plan.units} == {"toy"}
    assert [(item.task, item.units) for item in plan.blocked] == [(other, 2)] * 2
    assert "called toy too" in plan.blocked[0].reason


def test_done_units_are_skipped_and_failed_ones_only_retried_when_asked(selection, home):
    first, second, *_ = keys(selection, home)
    finished = {first: "scored", second: "failed"}
    assert first not in {u.key for u in build_plan(selection, home, finished).todo}
    assert second not in {u.key for u in build_plan(selection, home, finished).todo}
    again = build_plan(replace(selection, retry_failed=True), home, finished)
    assert second in {u.key for u in again.todo}
    assert first not in {u.key for u in again.todo}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"preset": "corrected"}, {"lr", "lr-cv"}),
        ({"axes": {"scaling": "l2"}}, {"lr", "lr-cv"}),
        ({"axes": {"precision": "bf16"}}, {"lr", "lr-cv"}),
        ({"axes": {"lr_solver": "lbfgs"}}, {"lr-cv"}),
        ({"axes": {"finetune_tokens": 512}}, set()),
        ({"params": {"C": "0.5"}}, {"lr", "lr-cv"}),
        ({"params": {"folds": 4}}, {"lr-cv"}),
        ({"text": "symbol"}, {"lr", "lr-cv"}),
        ({"scheme": "cv-10x10"}, {"lr", "lr-cv"}),
    ],
)
def test_a_key_changes_exactly_where_the_number_can(selection, home, change, touched):
    before = build_plan(selection, home, {}).units
    after = build_plan(replace(selection, **change), home, {}).units
    changed = {a.protocol for a, b in zip(before, after, strict=True) if a.key != b.key}
    assert changed == touched


def test_what_is_set_apart_ranks_apart(selection, home):
    one = replace(selection, protocols=("rf-cv", "lr"), params={"trees": "25,50", "C": 1})
    labels = {u.protocol: u.preset for u in build_plan(one, home, {}).units}
    assert labels == {"rf-cv": "paper trees=25,50", "lr": "paper"}


def test_renaming_the_file_keeps_the_key_and_changing_a_label_does_not(tmp_path, home):
    path = tmp_path / write_task(tmp_path, "first")
    base = Selection(("all-MiniLM-L6-v2",), (str(path),), ("lr",), seeds=(41,))
    renamed = path.with_name("second.csv")
    renamed.write_text(path.read_text())
    assert keys(base, home) == keys(replace(base, tasks=(str(renamed),)), home)
    renamed.write_text(path.read_text().replace("first_up0,up", "first_up0,down"))
    assert keys(base, home) != keys(replace(base, tasks=(str(renamed),)), home)


def test_the_order_of_the_rows_does_not_matter(tmp_path, home):
    path = tmp_path / write_task(tmp_path, "first")
    header, *rows = path.read_text().splitlines()
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([header, *reversed(rows)]) + "\n")
    base = Selection(("all-MiniLM-L6-v2",), (str(path),), ("lr",), seeds=(41,))
    assert keys(base, home) == keys(replace(base, tasks=(str(shuffled),)), home)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"models": ("all-MiniLM-L6-v3",)}, "all-MiniLM-L6-v2"),
        ({"tasks": ("dosage-sensitivty",)}, "dosage-sensitivity"),
        ({"protocols": ("rf-vc",)}, "rf-cv"),
        ({"preset": "papper"}, "paper"),
        ({"axes": {"scalling": "l2"}}, "scaling"),
        ({"axes": {"scaling": "l3"}}, "l2"),
        ({"params": {"epoch": 3}}, "parameter"),
        ({"params": {"C": "warm"}}, "warm"),
        ({"params": {"C": "0"}}, "from 1e-12 to 1e"),
        ({"params": {"C": "nan"}}, "'nan'"),
        ({"params": {"max_iter": "0"}}, "from 1 "),
        ({"params": {"folds": "0"}}, "from 2 "),
        ({"params": {"folds": "1"}}, "from 2 "),
        ({"params": {"penalty": "l3"}}, "l1, l2"),
        ({"models": ()}, "No models"),
        ({"seeds": (-1,)}, "Seed -1"),
        ({"scheme": "cv10x10"}, "cv-10x10"),
        ({"scheme": "cv-10x10", "seeds": (99, 100)}, "cv-10x10 go from 0 to 99"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(selection, home, change, sentence):
    with pytest.raises(UsageError, match=sentence):
        build_plan(replace(selection, **change), home, {})


def test_a_task_that_cannot_be_used_is_blocked_with_its_reason(tmp_path, home, selection):
    bad = tmp_path / "bad.csv"
    bad.write_text("gene,label,description\n" + "".join(f"G{n},only,text\n" for n in range(30)))
    plan = build_plan(replace(selection, tasks=(*selection.tasks, str(bad))), home, {})
    assert {b.task for b in plan.blocked} == {str(bad)}
    assert len(plan.todo) == 4


def test_a_model_that_is_not_here_is_blocked_with_the_remedy(home, selection):
    plan = build_plan(replace(selection, models=("e5-small",)), home, {})
    assert not plan.units
    assert "genearena fetch model e5-small" in plan.blocked[0].reason


def test_the_units_of_an_unfetched_model_are_counted_but_have_no_keys(home, selection):
    plan = build_plan(replace(selection, models=("all-MiniLM-L6-v2", "e5-small")), home, {})
    assert (len(plan.units), plan.unknown) == (4, 4)
    assert {(part.model, part.unfetched, part.units) for part in plan.blocked} == {("e5-small", True, 2)}
    assert all(len(unit.spec["model"]["revision"]) == 64 for unit in plan.units)
    never = build_plan(replace(selection, models=("OpenAI",), protocols=("finetune",)), home, {})
    assert never.unknown == 0  # which fetching it would not change


def test_a_choice_says_how_its_splits_are_drawn(selection):
    folds = replace(selection, scheme="cv-10x10", seeds=(0, 1, 2, 9), tasks=("toy",))
    assert folds.words == "all-MiniLM-L6-v2 x toy x lr, lr-cv x seeds 0-2, 9, splits cv-10x10"
    assert "splits" not in selection.words
    assert Selection.from_json(folds.to_json()) == folds


def test_selection_survives_json(selection):
    assert Selection.from_json(selection.to_json()) == selection


def test_presets_are_named_by_what_differs():
    assert preset_label(axes_for("corrected"), "vectors") == "corrected"
    assert preset_label(axes_for("paper", {"finetune_tokens": "512"}), "vectors") == "paper"
    assert (
        preset_label(axes_for("paper", {"finetune_tokens": "512"}), "finetune")
        == "paper finetune_tokens=512"
    )
    assert axes_for("paper") == Axes() == PRESETS["paper"]


def test_canonical_json_is_one_text_for_one_value():
    assert canonical_json({"b": 1.0, "a": "e\u0301"}) == '{"a":"\u00e9","b":1}'
    for value in (float("nan"), {1, 2}, object()):
        with pytest.raises(ValueError):
            canonical_json(value)


def test_keys_do_not_depend_on_the_process():
    unit = Unit("m", "t", "lr", "paper", 41, {"model": {"source": "x"}, "params": {"b": 2, "a": 0.1}})
    code = (
        "from store.records import Unit;"
        "print(Unit('m','t','lr','paper',41,{'params':{'a':.1,'b':2.0},'model':{'source':'x'}}).key)"
    )
    for seed in ("0", "1"):
        printed = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        )
        assert printed.stdout.strip() == unit.key
    assert unit.key == content_hash(unit.spec)[:40]


def test_different_description_files_never_share_a_table(tmp_path, home):
    labels = []
    for number in (1, 2):
        path = tmp_path / f"texts{number}.csv"
        path.write_text(f"gene,description\nPAX6,text {number}\n")
        chosen = Selection(
            ("all-MiniLM-L6-v2",), ("bivalent-vs-lys4",), ("lr",), seeds=(41,), descriptions=str(path)
        )
        labels.append(build_plan(chosen, home, {}).units[0].spec["axes"]["text"])
    assert all(label.startswith("summary@") for label in labels)
    assert labels[0] != labels[1]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("minilm", "all-MiniLM-L6-v2"),
        ("GTE-SMALL", "gte-small"),
        ("qqqq", "Known: all-MiniLM-L6-v2, gte-small."),
    ],
)
def test_the_nearest_name_ignores_case_and_knows_parts(wrong, hint):
    assert hint in unknown("model", wrong, ["all-MiniLM-L6-v2", "gte-small"])[1]


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)
def test_every_parameter_has_limits_that_its_own_values_keep(protocol):
    for name, value in protocol.params.items():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str):
                assert item in CHOICES[name]
            elif item is not None:
                low, high = LIMITS[name]
                assert low <= item <= high


@pytest.mark.parametrize("wrong", [{"trees": "0"}, {"trees": "50,0"}, {"max_depth": "none,0"}])
def test_forests_that_cannot_grow_are_refused(selection, home, wrong):
    with pytest.raises(UsageError, match="from 1 "):
        build_plan(replace(selection, protocols=("rf-cv",), params=wrong), home, {})


def test_an_endpoint_is_blocked_until_its_host_is_agreed_to(home, selection):
    home.config_file.write_text(
        '[[models]]\nname = "served"\nkind = "endpoint"\nsource = "http://localhost:9/v1#minilm"\n'
        'revision = "1"\ndimension = 4\n'
    )
    chosen = replace(selection, models=("served",))
    plan = build_plan(chosen, home, {})
    assert not plan.units
    assert "to localhost:9" in plan.blocked[0].reason
    assert "genearena models --allow localhost:9" in plan.blocked[0].reason
    agree(home, "localhost:9")
    assert len(build_plan(chosen, home, {}).todo) == 4


def test_a_frozen_encoder_is_read_by_the_models_pooling_and_a_trained_one_as_the_paper_did(selection, home):
    chosen = replace(selection, protocols=("finetune", "linear-probe", "lora"), seeds=(41,))
    specs = {unit.protocol: unit.spec for unit in build_plan(chosen, home, {}).units}
    forced = build_plan(replace(chosen, axes={"pooling": "cls"}), home, {}).units
    assert specs["finetune"]["input"] == {"prefix": ""}
    assert specs["finetune"]["axes"]["finetune_head"] == "pooler"
    for protocol in ("linear-probe", "lora"):
        assert specs[protocol]["input"] == {"prefix": "", "pooling": "mean", "normalize": True}
        assert specs[protocol]["axes"]["pooling"] == "card"
        assert specs[protocol]["embedding"] == {}
    assert [unit.spec["input"].get("pooling") for unit in forced] == [None, "cls", "cls"]
    assert forced[0].spec == specs["finetune"]


def test_controls_stand_beside_the_models_under_keys_of_their_own(selection, home):
    plan = build_plan(replace(selection, controls="default"), home, {})
    assert {unit.control for unit in plan.units} == {
        "",
        "tfidf",
        "symbol",
        *(f"random-{n}" for n in range(1, 6)),
    }
    assert [unit.key for unit in plan.units if not unit.control] == keys(selection, home)
    assert len({unit.key for unit in plan.units}) == 8 * 2 * 2
    named = build_plan(replace(selection, models=("tfidf",)), home, {})
    assert {unit.key for unit in named.units} == {
        unit.key for unit in plan.units if unit.control == "tfidf"
    }


def test_permuted_labels_have_the_vectors_of_the_first_model(selection, home):
    plan = build_plan(replace(selection, controls="all"), home, {})
    [unit, *_] = [unit for unit in plan.units if unit.control == "permuted"]
    [own, *_] = [unit for unit in plan.units if not unit.control]
    assert unit.spec["model"]["of"] == own.spec["model"]
    assert unit.spec["embedding"] == own.spec["embedding"]
    assert plan.models["permuted"].source == plan.models["all-MiniLM-L6-v2"].source
    alone = build_plan(replace(selection, models=("permuted",)), home, {})
    assert unit.key in {unit.key for unit in alone.units}


def test_coverage_does_not_apply_where_every_gene_has_a_text(selection, home):
    plan = build_plan(replace(selection, controls="all"), home, {})
    blocked = [part for part in plan.blocked if part.model == "coverage"]
    assert len(blocked) == 2
    assert "so coverage does not apply" in blocked[0].reason


def test_a_control_is_not_fine_tuned(selection, home):
    plan = build_plan(replace(selection, models=("symbol",), protocols=("lora",)), home, {})
    assert "has nothing to fine-tune" in plan.blocked[0].reason
