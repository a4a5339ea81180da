"""`import`: a file of one's own becomes something to choose, with every step told."""

from __future__ import annotations

import json
import shlex
import tomllib

import pytest

from engine.catalog.adopt import adopt_model
from engine.data.genes.facts import read_genes
from engine.data.tasks.shelf import SAMPLE
from store.errors import UsageError
from store.home import find_home
from tui.questions.imports import import_file

SYMBOLS = ("SOX2", "PAX6", "OTX2")


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "my genes.csv"
    rows = "".join(
        f"{'ENSG' if n % 3 else 'G'}{n:011d},{'up' if n % 2 else 'down'},text {n}\n" for n in range(60)
    )
    path.write_text("gene,label,description\n" + rows)
    return str(path)


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vec.csv"
    names = [*SYMBOLS, *(f"G{n}" for n in range(20))]
    path.write_text("gene,x,y\n" + "".join(f"{name},{n}.5,{-n * n}.5\n" for n, name in enumerate(names, 1)))
    return str(path)


def to_run(plan, model="all-MiniLM-L6-v2"):
    """The units of one model: which others and which controls there are is not asked here."""
    return sum(cell["to_run"] for cell in plan["cells"] if cell["model"] == model)


def test_a_task_is_imported_listed_and_planned(call, labels):
    report = call.json(
        "import", "task", labels, "--name", "mine", "--positive", "down", "--title", "My genes"
    )
    assert report["counts"] == [30, 30]
    assert report["classes"][-1] == "down"
    assert sum(report["steps"].values()) == 60
    assert "mine" in {task["name"] for task in call.json("tasks")}
    assert to_run(call.json("run", "--tasks", "mine", "--protocols", "lr", "--dry-run")) == 10


def test_without_a_name_it_is_made_of_the_files(call, labels):
    assert call.json("import", "task", labels)["name"] == "my-genes"
    assert "'my-genes' is taken" in call.refused("import", "task", labels)


def test_an_import_tells_each_step_in_words(call, labels):
    result = call("import", "task", labels, "--name", "mine")
    assert "up" in result.stdout
    assert "resolved by" in result.stdout
    assert "genearena run --tasks mine" in result.stderr


@pytest.mark.parametrize(
    ("what", "file"), [("task", "labels"), ("vectors", "vectors"), ("descriptions", "labels")]
)
def test_the_command_line_and_the_screens_tell_the_same(call, tmp_path, request, what, file):
    path = request.getfixturevalue(file)
    imported = import_file(find_home(tmp_path / "other").create(), what, path)
    told = call("import", what, path)
    lines = [*told.stdout.splitlines(), *told.stderr.splitlines()]
    assert lines[0] == imported.sentence
    for said in imported.report.splitlines():  # there keys choose another, here an option does
        longer = f"{said.removesuffix('.')}; --positive "
        assert said in lines or any(line.startswith(longer) for line in lines)


def test_vectors_become_a_model(call, home, vectors):
    report = call.json("import", "vectors", vectors, "--name", "table")
    assert (report["genes"], report["dimension"]) == (23, 2)
    covered = sum(part["covered"] for part in report["coverage"] if part["task"] == "bivalent-vs-lys4")
    assert 0 < covered <= 3
    model = next(model for model in call.json("models") if model["name"] == "table")
    assert model["kind"] == "vectors"
    assert "already" in call.refused("import", "vectors", vectors, "--name", "TABLE")
    for name in ("tfidf", "Random-3"):
        assert "name of a control" in call.refused("import", "vectors", vectors, "--name", name)


def test_descriptions_can_be_named_instead_of_found(call, labels):
    assert call.json("import", "descriptions", labels, "--name", "texts")["genes"] == 60
    chosen = ("--tasks", labels, "--descriptions", "texts", "--protocols", "lr")
    plan = call.json("run", *chosen, "--dry-run")
    assert to_run(plan) == 10
    assert plan["selection"]["descriptions"].endswith("texts.csv")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("labels", "x.csv"), "'task'"),
        (("genes", "x.csv", "--name", "mine"), "--name"),
        (("task", "nowhere.csv"), "nowhere.csv"),
        (("vectors", "nowhere.npy"), "nowhere.npy"),
        (("descriptions", "nowhere.json"), "nowhere.json"),
        (("vectors", "nowhere.npy", "--positive", "up"), "--positive"),
        (("task", "nowhere.csv", "--genes", "list.txt"), "--genes"),
        (("task", "nowhere.csv", "--name", "../up"), "name"),
        (("task", "nowhere.csv", "--kind", "tabel"), "'table'"),
    ],
)
def test_what_cannot_be_imported_is_refused(call, arguments, words):
    assert words in call.refused("import", *arguments)


def test_adopting_leaves_the_rest_of_the_config_as_it_is(home, tmp_path):
    home.create()
    home.config_file.write_text("# mine\n[ui]\ntheme = 'nord'  # dark\n")
    (tmp_path / "v.csv").write_text("gene,x\nA,1\n")
    adopt_model(home, {"name": "own", "source": str(tmp_path / "v.csv")})
    adopt_model(home, {"name": "two", "source": str(tmp_path / "v.csv")})
    text = home.config_file.read_text()
    assert text.startswith("# mine\n[ui]\ntheme = 'nord'  # dark\n")
    assert [model["name"] for model in tomllib.loads(text)["models"]] == ["own", "two"]


def test_a_model_that_cannot_be_used_leaves_no_trace(home):
    home.create()
    home.config_file.write_text("# mine\n")
    with pytest.raises(UsageError):
        adopt_model(home, {"name": "own", "source": "hf:org/name"})
    assert home.config_file.read_text() == "# mine\n"


def test_a_task_can_be_cut_to_the_genes_of_a_table(call, tmp_path, labels):
    call("import", "task", labels, "--name", "mine")
    path = tmp_path / "part.csv"
    path.write_text(
        "gene,x,y\n" + "".join(f"{'ENSG' if n % 3 else 'G'}{n:011d},{n}.5,1\n" for n in range(40))
    )
    call("import", "vectors", str(path), "--name", "table")
    report = call.json("import", "task", "mine", "--covered-by", "table")
    assert (report["name"], report["counts"]) == ("mine.in.table", [20, 20])
    plan = call.json(
        "run", "--tasks", "mine.in.table", "--models", "table", "--protocols", "lr", "--dry-run"
    )
    assert to_run(plan, "table") == 10
    assert "not a table of vectors" in call.refused("import", "task", "mine", "--covered-by", "gte-small")
    assert "--positive" in call.refused(
        "import", "task", "mine", "--covered-by", "table", "--positive", "up"
    )


@pytest.fixture
def deseq2(tmp_path):
    path = tmp_path / "deseq2.csv"
    genes = [gene.symbol for gene in read_genes(SAMPLE / "genes.csv")][:60]
    rows = "".join(f'"{gene}",{n / 10},{n / 100}\n' for n, gene in enumerate(genes))
    path.write_text('"gene","baseMean","padj"\n' + rows)
    return str(path)


def test_a_preview_writes_nothing_and_shows_the_sizes(call, home, deseq2):
    result = call("import", "task", deseq2, "--label-from", "padj", "--threshold", "<0.2", "--preview")
    assert "20 genes  padj < 0.2" in result.stdout
    assert "cut at 0.2" in result.stdout
    assert "Nothing was written" in result.stderr
    assert not home.data.exists()


def test_a_deseq2_table_becomes_a_task_in_one_command(call, deseq2):
    options = ("--label-from", "padj", "--threshold", "<0.2")
    shown = call.json("import", "task", deseq2, *options, "--preview")
    report = call.json("import", "task", deseq2, *options)
    assert [group["rows"] for group in shown["classes"]] == report["counts"] == [40, 20]
    assert [group["genes"] for group in shown["classes"]] == report["used"]
    assert shlex.split(shown["command"])[3:] == [deseq2, *options]


def test_what_an_import_says_is_kept_with_the_task(call, home, deseq2):
    report = call.json("import", "task", deseq2, "--label-from", "padj", "--threshold", "<0.2")
    kept = json.loads((home.tasks / "deseq2" / "report.json").read_text())
    assert kept == report
    assert any("positive class" in note for note in kept["notes"])


@pytest.mark.parametrize(("what", "file"), [("vectors", "vectors"), ("descriptions", "labels")])
def test_vectors_and_descriptions_are_previewed(call, home, request, what, file):
    path = request.getfixturevalue(file)
    shown = call.json("import", what, path, "--preview")
    assert shown["what"] == what
    assert next(one["column"] for one in shown["taken"]) == "gene"
    assert path in call("import", what, path, "--preview").stdout
    assert not (home.data / what).exists()


def test_a_preview_names_the_command_that_was_asked_for(call, tmp_path, deseq2):
    options = ("--label-from", "padj", "--threshold", "<0.2", "--name", "my own")
    result = call("import", "task", deseq2, *options, "--preview")
    assert "--name 'my own'" in result.stdout
    assert "the same command without --preview imports it." in result.stderr
    (tmp_path / "list.txt").write_text("My genes\nSOX2\n", "utf-8")
    refused = call("import", "task", str(tmp_path / "list.txt"), "--preview")
    assert "It cannot be imported like this" in refused.stdout
    assert refused.stderr.strip() == "Nothing was written."


def test_a_gene_table_has_no_preview(call):
    assert "--preview is for" in call.refused("import", "genes", "x.csv", "--preview")
