"""`models`: what is declared, printed and measured of each model, and how many texts it cuts."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
import workbench
from hub_layouts import LAYOUTS, LIMIT, TEXTS, Layout, install, make_folder

import engine.run.threads
from engine.catalog.models import find_model
from engine.embedding.tokens import token_lengths
from store.entries import entry_of
from store.home import find_home
from store.journal import JournalWriter
from store.provenance import Measurement

MODEL = "all-MiniLM-L6-v2"


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def shown(call, what, *arguments):
    return {row["model"]: row for row in call.json("models", "--show", what, *arguments)}


def test_use_tells_what_a_preset_does_and_where_the_files_say_otherwise(call):
    install(replace(LAYOUTS["e5-small"], pooling="cls"), "e5-small")
    install(LAYOUTS["stella-base-en-v2"], "stella-base-en-v2")
    install(LAYOUTS["GIST-all-MiniLM-L6-v2"], "GIST-all-MiniLM-L6-v2")
    paper, corrected = (shown(call, "use", "--preset", name) for name in ("paper", "corrected"))
    assert (paper["e5-small"]["prefix"], corrected["e5-small"]["prefix"]) == ("", "query: ")
    assert (paper["e5-small"]["pooling"], paper["e5-small"]["weights"]) == ("mean", "safetensors")
    assert paper["stella-base-en-v2"]["weights"] == "pickle"
    assert paper["NoInstruct-small-Embedding-v0"]["unit length"] == "no"
    assert paper["GIST-all-MiniLM-L6-v2"]["max tokens"] == LIMIT // 2
    assert paper["MedEmbed-small-v0"]["pooling"] == "as its files say"
    told = call("models", "e5-small", "--show", "use").stderr
    assert "its files say pooling cls, the catalog mean; mean was used." in told


def test_a_damaged_folder_is_told_and_the_others_are_shown(call):
    _, folder = install(LAYOUTS["e5-small"], "e5-small")
    (folder / "modules.json").write_text("{")
    result = call("models", "e5-small", "gte-small", "--show", "use")
    assert result.exit_code == 0
    assert "modules.json is not valid JSON" in result.stderr
    assert "gte-small" in result.stdout


def test_the_papers_figures_stand_beside_the_true_ones(call):
    rows = shown(call, "paper")
    stella = rows["stella-base-en-v2"]
    assert (stella["printed parameters"], stella["true parameters"]) == ("55M", "109.5M")
    assert (stella["printed GB"], stella["fp32 GB"], stella["fp16 GB"]) == (0.2, 0.438, 0.219)
    bge = rows["bge-small-en-v1.5"]
    assert (bge["printed MTEB"], bge["card MTEB"]) == (72.2, 74.14)
    assert "BioBERT" not in rows


def test_cost_is_told_once_something_was_embedded(call, tmp_path, monkeypatch):
    assert call.json("models", "--show", "cost") == []
    monkeypatch.setattr(engine.run.threads, "LocalCompute", lambda home: workbench.FakeCompute())
    call(
        "run",
        "--models",
        MODEL,
        "--protocols",
        "lr",
        "--tasks",
        workbench.write_task(tmp_path),
        "--seeds",
        "41",
    )
    [row] = call.json("models", "--show", "cost")
    assert (row["model"], row["device"], row["texts"], row["parameters"]) == (MODEL, "cpu", 24, 1000)
    assert row["ms per text"] == round(500 / 24, 2)
    written = csv.DictReader(io.StringIO(call("models", "--show", "cost", "--format", "csv").stdout))
    assert [line["ms per text"] for line in written] == [str(row["ms per text"])]


def test_cut_texts_are_counted_with_the_models_own_tokenizer(call, tmp_path):
    folder = str(make_folder(tmp_path / "mine", Layout(max_seq_length=LIMIT // 2)))
    task = tmp_path / "task.csv"
    texts = {f"G{row}": " ".join([text] * 5) for row, text in enumerate(TEXTS)}
    rows = [f"{gene},{row % 2},{text}" for row, (gene, text) in enumerate(texts.items())]
    task.write_text("gene,label,description\n" + "\n".join(rows) + "\n")
    [found] = call.json("models", folder, "--show", "tokens", "--tasks", str(task))
    lengths = token_lengths(find_model(folder, find_home()), [*dict.fromkeys(texts.values())], find_home())
    for limit in (128, 256, 512):
        beyond = sum(length > limit for length in lengths)
        assert found[f"beyond {limit} %"] == round(100 * beyond / len(lengths), 1)
    assert 0 < found["beyond 256 %"] < found["beyond 128 %"] < 100
    assert (found["longest"], found["reads"]) == (max(lengths), LIMIT // 2)
    assert found["cut %"] > found["beyond 128 %"]


def test_a_model_that_is_not_here_has_no_tokenizer_to_count_with(call):
    result = call("models", "gte-small", MODEL, "--show", "tokens")
    assert result.exit_code == 0
    assert "gte-small" not in result.stdout
    assert "No tokenizer is here of: gte-small." in result.stderr


def test_a_tokenizer_that_cannot_be_read_is_told_and_the_others_are_counted(call, tmp_path):
    _, folder = install(LAYOUTS["e5-small"], "e5-small")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_bytes(b"\xff\xfe")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "NoSuchTokenizer"}')
    task = workbench.write_task(tmp_path)
    result = call("models", "e5-small", MODEL, "--show", "tokens", "--tasks", task)
    assert result.exit_code == 0
    assert "e5-small: " in result.stderr
    assert "has no readable tokenizer" in result.stderr
    assert MODEL in result.stdout


def test_cost_is_told_of_what_only_the_journals_have_and_by_revision(call, home):
    writer = JournalWriter(home.create().journals)
    for revision in ("a" * 40, "b" * 40):
        cost = Measurement(MODEL, revision, "fp32", "e", "2026-01-01T00:00:00+00:00", 10, 1.0)
        writer.append([entry_of(cost)])
    writer.close()
    rows = call.json("models", "--show", "cost")
    assert sorted(row["revision"] for row in rows) == ["a" * 8, "b" * 8]
