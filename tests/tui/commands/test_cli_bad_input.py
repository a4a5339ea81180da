"""Bad input ends in one sentence with a remedy and exit code 2, before anything heavy is loaded."""

from __future__ import annotations

import os

import pytest

GENES = "".join(f"G{n},{'up' if n % 2 else 'down'},text of gene {n}\n" for n in range(60))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--models", "all-MiniLM-L6-v3"), "'all-MiniLM-L6-v2'"),
        (("--models", "avsolatorio/GIST-small-Embedding-v0"), "hf:"),
        (("--models", "gte-small"), "genearena fetch model gte-small"),
        (("--models", ""), "No models are chosen"),
        (("--tasks", "dosage-sensitivty"), "'dosage-sensitivity'"),
        (("--tasks", "task9"), "task9"),
        (("--tasks", ""), "No tasks are chosen"),
        (("--protocols", "lr-vc"), "'lr-cv'"),
        (("--protocols", ","), "No protocols are chosen"),
        (("--preset", "papr"), "'paper'"),
        (("--axis", "scalin=l2"), "'scaling'"),
        (("--axis", "scaling=l3"), "none, l2, standard"),
        (("--axis", "scaling"), "NAME=VALUE"),
        (("--axis", "finetune_tokens=many"), "whole number"),
        (("--text", "fact"), "'facts'"),
        (("--seeds", "50-41"), "50-41"),
        (("--seeds", "41;42"), "41-50 or 41,42"),
        (("--seeds", "-1"), "-1"),
        (("--seeds", "1-100000"), "10000"),
        (("--seeds", "9999999999"), "out of range"),
        (("--seeds", ""), "No seeds are chosen"),
        (("--param", "epoch=3", "--protocols", "finetune"), "'epochs'"),
        (("--param", "C=much"), "C"),
        (("--epochs", "3", "--protocols", "lr"), "epochs"),
        (("--device", "gpu"), "cuda"),
        (("--descriptions", "/nowhere/texts.csv"), "/nowhere/texts.csv"),
    ],
)
def test_choices_that_cannot_be(call, arguments, words):
    assert words in call.refused("run", *arguments)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"gene,label,description\n" + b"".join(b"G%d,up,text\n" % n for n in range(60)), "class"),
        (b"gene,label,description\n" + GENES.encode() + b"X1,rare,text\nX2,rare,text\n", "rare"),
        (b"gene,description\nG1,text\n", "label"),
        (b"", "empty"),
        (b"gene,label,description\nG1,up,te\0xt\n", "line 2"),
        (b"gene,label,description\nG1,up,caf\x81\n", "line 2"),
    ],
    ids=["one class", "a class too small", "a missing column", "an empty file", "a NUL byte", "not UTF-8"],
)
def test_task_files_that_cannot_be(call, tmp_path, content, words):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    sentence = call.refused("run", "--tasks", str(path), "--protocols", "lr")
    assert words in sentence
    assert "mine" in sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [(GENES, "'label' is text"), (GENES.replace("down", "0").replace("up", "1"), "'label' is a label")],
    ids=["words", "numbers and texts"],
)
def test_labels_named_as_a_model(call, tmp_path, content, words):
    path = tmp_path / "mine.csv"
    path.write_text(f"gene,label,description\n{content}", encoding="utf-8")
    sentence = call.refused("run", "--models", str(path), "--protocols", "lr")
    assert f"{path} has no column that can be a dimension: {words}" in sentence
    assert "labels are imported as a task" in sentence


def test_labels_that_are_numbers_named_as_a_model(call, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("gene,label\n" + "".join(f"G{n},{n % 2}\n" for n in range(60)), encoding="utf-8")
    assert "no column that can be a dimension: 'label' is a label" in call.refused(
        "run", "--models", str(path)
    )


def test_a_task_file_that_is_not_there(call, tmp_path):
    assert "nowhere.csv" in call.refused("run", "--tasks", str(tmp_path / "nowhere.csv"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_may_not_be_written(tmp_path, call):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "--home" in call.refused("run", "--home", str(locked / "home"))


@pytest.mark.parametrize(
    "place", ["/proc/genearena", "/dev/null/genearena", "~no-such-user/home", "/tmp/" + "x" * 300]
)
def test_a_home_that_cannot_be_made(call, place):
    assert "GENEARENA_HOME" in call.refused("run", "--home", place)


def test_a_config_file_that_is_not_toml(call, home):
    home.create()
    home.config_file.write_text("models = [")
    assert str(home.config_file) in call.refused("models")


def test_a_store_that_is_no_store(call, home):
    home.create()
    home.database.write_bytes(b"not a database at all" * 100)
    assert str(home.database) in call.refused("rank", code=3)


@pytest.mark.parametrize("more", [(), ("--detach",)], ids=["here", "detached"])
def test_a_device_that_is_not_here_fails_no_unit(call, home, more):
    pytest.importorskip("torch")
    assert "cuda:999" in call.refused("run", "--device", "cuda:999", *more)
    assert not list(home.journals.iterdir())


def test_a_home_of_no_name_is_not_the_usual_one(call):
    assert "--home" in call.refused("rank", "--home", "")


def test_a_home_of_too_long_a_name_is_refused(call):
    assert "File name too long" in call.refused("rank", "--home", "/tmp/" + 300 * "a")


@pytest.mark.parametrize(
    "command",
    [
        ("tasks",),
        ("import", "task"),
        ("import", "vectors", "--name", "x"),
        ("import", "descriptions", "--name", "x"),
        ("import", "genes"),
    ],
)
def test_the_home_of_a_user_who_is_not_there_is_a_path_like_any_other(call, command):
    assert "~nobody-of-that-name/x" in call.refused(*command, "~nobody-of-that-name/x")
