from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace

import numpy as np
import pytest
from fake_records import ENVIRONMENT, failed, scored, unit
from hub_layouts import LIMIT, Layout, make_folder

from engine.catalog.models import find_model
from engine.data.load import load_task
from engine.embedding.cache import VectorCache, text_key
from engine.embedding.embed import fingerprint
from engine.environment import cpu_kernels
from store import connect
from store.arm import Arm, Table
from store.errors import UsageError
from store.home import find_home
from store.records import Audit, EmbeddingOptions, Model, Task, Unit
from store.store import Store
from tui.questions.arena import Arena
from tui.questions.cells import Place, Side, band, cell_detail, sides
from tui.questions.genelist import contestants
from tui.questions.genes import GeneScore, gene_detail, genes
from tui.questions.saved import SavedResults
from tui.questions.sql import SqlDesk

MODEL = "all-MiniLM-L6-v2"
GENES = tuple(f"GENE{number}" for number in range(12))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home")).create()
    task = Task("dosage-sensitivity", "Dosage", ("no", "yes"), GENES, (0, 1) * 6, GENES, Audit(()), "here")
    store = Store(home)

    def of_task(**options):
        made = unit(**options)
        return replace(made, spec={**made.spec, "task": task.hash})

    store.append(task, ENVIRONMENT, find_model(MODEL, find_home()))
    for seed, (lr, rf) in enumerate([(0.9, 0.8), (0.8, 0.85), (0.7, 0.7)], 41):
        store.append(scored(of_task(seed=seed), lr), scored(of_task(seed=seed, protocol="rf"), rf))
    store.append(scored(of_task(seed=41, protocol="lr-cv"), 0.9), failed(of_task(seed=44)))
    store.flush()
    store.close()
    return home


@pytest.fixture
def con(home):
    with connect(home) as con:
        yield con


def test_a_cell_has_its_splits_curves_and_provenance(con):
    detail = cell_detail(con, Place(MODEL, "dosage-sensitivity", Arm("lr-cv")))
    assert [split["seed"] for split in detail.splits] == [41]
    [curve] = detail.roc.values()
    assert (curve[0], curve[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert detail.trials[0][1:] == (0.625, 1)
    assert detail.epochs == [(41, 1, 1, 0.7, 0.6, 1e-5)]
    assert detail.environments[0][1:3] == ("box", "cpu")
    lr = cell_detail(con, Place(MODEL, "dosage-sensitivity", Arm("lr")))
    assert [split["state"] for split in lr.splits] == ["scored"] * 3 + ["failed"]
    assert set(lr.roc) == {split["key"] for split in lr.splits[:3]}


def test_the_band_of_step_curves():
    low, mean, high = band([((0, 0), (0, 1), (1, 1)), ((0, 0), (1, 0), (1, 1))], steps=2)
    assert low == ((0, 0), (0.5, 0), (1, 1))
    assert mean == ((0, 0.5), (0.5, 0.5), (1, 1))
    assert high == ((0, 1), (0.5, 1), (1, 1))


def test_between_points_a_curve_is_straight():
    (_, mean, _) = band([((0.0, 0.0), (0.5, 1.0), (1.0, 1.0))], steps=4)
    assert [y for _, y in mean] == [0.0, 0.5, 1.0, 1.0, 1.0]


def test_sides_are_own_then_printed(con):
    found = sides(con)
    assert found[0] == Side("own", MODEL, Table(Arm("lr")))
    assert {side.source for side in found} == {"own", "paper", "rerun"}
    assert found[0].name == f"{MODEL} / lr"


def test_the_hardest_genes_come_first(con):
    found = genes(con, ())
    assert {row.gene for row in found} == set(GENES)
    assert all(row.tests == 7 for row in found)
    errors = [row.error for row in found]
    assert errors == sorted(errors, reverse=True)
    detail = gene_detail(con, found[0].gene, ())
    assert detail.labels == [("dosage-sensitivity", "no" if int(found[0].gene[4:]) % 2 == 0 else "yes")]
    assert detail.texts == [found[0].gene]
    assert {score.arm.protocol for score in detail.scores} == {"lr", "rf", "lr-cv"}


LATER = "2026-11-24T12:00:00+00:00"


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A home where one cell was computed before and after its model changed, and under another preset."""
    home = find_home(tmp_path_factory.mktemp("twice")).create()
    revised = {"model": {"source": MODEL, "revision": "2", "kind": "package"}}
    store = Store(home)
    for seed, old, new in ((41, 0.5, 0.9), (42, 0.6, 0.7)):
        # Rows come in this order, and the newest is the one between two old ones.
        before = replace(scored(unit(seed=seed), old), split_hash=f"split {seed}")
        unit_now = replace(unit(seed=seed), spec={**unit(seed=seed).spec, **revised})
        now = replace(scored(unit_now, new, at=LATER), split_hash=f"split {seed}")
        again = replace(
            scored(unit(seed=seed, axes={"text": "facts", "labels": "raw"}), old),
            split_hash=f"split {seed}",
        )
        apart = unit(seed=seed, axes={"text": "facts", "labels": "clean"})
        store.append(before, now, again, scored(replace(apart, preset="corrected"), new))
    store.flush()
    store.close()
    return home


def test_a_gene_is_scored_by_what_is_ranked_each_preset_apart(twice):
    with connect(twice) as con:
        detail = gene_detail(con, "GENE3", ())
        assert [(score.arm.preset, score.tests) for score in detail.scores] in (
            [("paper", 2), ("corrected", 2)],
            [("corrected", 2), ("paper", 2)],
        )
        chances = con.execute(
            """select scores[label + 1] from predictions join units using (key)
            where gene = 'GENE3' and preset = 'paper' and finished_at > '2026-11-24'"""
        ).fetchall()
        (paper,) = (score for score in detail.scores if score.arm.preset == "paper")
        assert paper == GeneScore("dosage-sensitivity", MODEL, Arm("lr"), sum(c for (c,) in chances) / 2, 2)


def a_task(name: str, texts: tuple[str, ...]) -> Task:
    return Task(name, name, ("no", "yes"), GENES, (0, 1) * 6, texts, Audit(()), "here")


def of(task: Task, seed: int, recipe: str = "facts", **spec) -> Unit:
    made = unit(seed=seed, task=task.name, axes={"text": recipe})
    return replace(made, spec={**made.spec, **spec, "task": task.hash})


def test_a_gene_is_looked_up_in_the_newest_version_of_a_task(tmp_path):
    older = a_task("mine", tuple(f"what {gene} was" for gene in GENES))
    now = tuple(f"what {gene} is" for gene in GENES)
    newer = replace(older, genes=("NEW", *GENES[1:]), labels=(1, 0) * 6, texts=now)
    summaries = replace(older, texts=tuple(f"a summary of {gene}" for gene in GENES))
    home = find_home(tmp_path).create()
    with closing(Store(home)) as store:
        store.append(older, newer, summaries, ENVIRONMENT)
        # Rows come in this order, and the newest is the first.
        store.append(scored(of(newer, 41), 0.5, at=LATER))
        store.append(scored(of(older, 41), 0.5), scored(of(summaries, 41, "summary"), 0.5))
        store.flush()
    with connect(home) as con:
        assert {row.gene for row in genes(con, ())} == set(newer.genes)
        detail = gene_detail(con, "GENE1", ())
        assert detail.labels == [("mine", "no")]
        assert detail.texts == ["what GENE1 is", "a summary of GENE1"]
        edited = replace(older, genes=("OTHER", *GENES[1:]), texts=tuple(f"now {gene}" for gene in GENES))
        found = genes(con, [edited])
        assert {row.gene for row in found} == set(edited.genes)
        assert [row.gene for row in found if row.error is None] == [found[-1].gene] == ["OTHER"]
        detail = gene_detail(con, "GENE1", [edited])
        assert detail.labels == [("mine", "yes")]
        assert detail.texts == ["now GENE1", "a summary of GENE1"]


def test_every_gene_that_can_be_chosen_is_there_before_a_run(tmp_path):
    home = find_home(tmp_path / "home").create()
    arena = Arena(home)
    found = {row.gene: row for row in arena.genes()}
    chosen = {name: load_task(name, home) for name in ("dosage-sensitivity", "bivalent-vs-lys4")}
    for task in chosen.values():
        assert set(task.genes) <= set(found)
    gene = min(set.intersection(*(set(task.genes) for task in chosen.values())))
    assert (found[gene].tests, found[gene].error) == (0, None)
    detail = arena.gene_detail(gene)
    for name, task in chosen.items():
        place = task.genes.index(gene)
        assert (name, task.classes[task.labels[place]]) in detail.labels
        assert task.texts[place] in detail.texts
    assert detail.scores == []


def test_neighbours_are_taken_among_vectors_of_one_kind_of_text(tmp_path):
    home = find_home(tmp_path).create()
    options = EmbeddingOptions("query: ", "cls", precision="bf16")
    spec = {
        "model": {"source": MODEL, "revision": "old", "kind": "package"},
        "embedding": asdict(options),
    }
    facts = a_task("dosage-sensitivity", GENES)
    summaries = a_task("dosage-sensitivity", tuple(f"a summary of {gene}" for gene in GENES))
    edited = a_task("dosage-sensitivity", tuple(f"what {gene} was" for gene in GENES))
    store = Store(home)
    store.append(facts, summaries, edited, ENVIRONMENT)
    store.append(*(scored(of(edited, seed, **spec), 0.5) for seed in range(41, 51)))
    store.append(*(scored(of(summaries, seed, "summary", **spec), 0.5) for seed in (41, 42)))
    store.append(*(scored(of(facts, seed, **spec), 0.5, at=LATER) for seed in (41, 42, 43)))
    store.flush()
    results = SavedResults(home, readonly=True)
    named = f"{MODEL} on facts, paper"
    assert results.neighbours("GENE0") == (
        named,
        [],
        f"The vector of GENE0 by {MODEL} is not in the cache.",
    )
    model = Model(MODEL, "package", MODEL, "old")
    angles = {
        text: number / 10 for number, text in enumerate((*facts.texts, *edited.texts, *summaries.texts))
    }
    vectors = np.array([[np.cos(angle), np.sin(angle)] for angle in angles.values()], np.float32)
    with VectorCache(home.embeddings / fingerprint(model, options, "cpu", cpu_kernels("AVX2"))) as cache:
        cache.add([text_key(text) for text in angles], vectors)
    who, found, trouble = results.neighbours("GENE0")
    assert (who, trouble) == (named, "")
    assert [item.gene for item in found] == [*GENES[1:]]
    assert found[0].similarity == pytest.approx(np.cos(0.1))
    assert found[0].labels == "yes"
    assert results.neighbours("NOGENE") == ("", [], "No model has embedded NOGENE here yet.")


def test_the_neighbours_by_a_table_of_vectors_come_from_the_table(tmp_path):
    home = find_home(tmp_path / "home").create()
    table = tmp_path / "mine.csv"
    # The last gene has no row.
    rows = [f"{gene},{np.cos(n / 10):.6f},{np.sin(n / 10):.6f}" for n, gene in enumerate(GENES[:-1])]
    table.write_text("\n".join(["gene,x,y", *rows]) + "\n")
    model = find_model(str(table), home)
    task = a_task("dosage-sensitivity", GENES)
    spec = {
        "model": {"source": "", "revision": model.revision, "kind": "vectors"},
        "embedding": asdict(EmbeddingOptions()),
    }
    made = replace(of(task, 41, **spec), model=model.name)
    store = Store(home)
    store.append(task, ENVIRONMENT, scored(made, 0.5))
    store.flush()
    results = SavedResults(home, readonly=True)
    _, found, trouble = results.neighbours("GENE0")
    assert trouble == ""
    assert [item.gene for item in found] == [*GENES[1:-1]]
    assert results.neighbours(GENES[-1])[2] == f"The vector of {GENES[-1]} by {table} is not in its table."
    assert results.maps("nowhere") == []
    [of_table] = results.maps("dosage-sensitivity")
    shown = results.gene_map(of_table)
    assert ([dot.gene for dot in shown.dots], shown.without) == ([*GENES[:-1]], 1)
    assert ([place for place, _ in shown.near[0]], shown.dots[0].agree) == ([*range(1, 11)], 2)
    # Ten others of each: 5 of 10 for the six of class no, 4 of 10 for the five of class yes.
    assert (shown.same, shown.chance) == (pytest.approx(5 / 11), pytest.approx(5 / 11))
    [score] = results.gene_detail("GENE7").scores
    assert shown.dots[7].error == pytest.approx(1 - score.score)
    with pytest.raises(UsageError, match="There are: preset paper with text facts"):
        results.gene_map(replace(of_table, preset="corrected"))
    with pytest.raises(UsageError, match="needs umap-learn"):
        results.gene_map(of_table, "umap")
    table.write_text("gene,x,y\nGENE0,1.5,0.5\nGENE1,0.5,1.5\n")
    assert "another file" in results.neighbours("GENE0")[2]


def test_a_long_text_is_cut_where_the_model_stops_reading(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    home = find_home(tmp_path / "home").create()
    # Nothing declares how long its texts may be but the number of its positions.
    folder = make_folder(tmp_path / "mine", Layout(modules=False))
    home.config.joinpath("config.toml").write_text(f'[[models]]\nname = "mine"\nsource = "{folder}"\n')

    def told(text):
        return next(cut for cut in Arena(home).cuts(text) if cut.model == "mine")

    short, long = told("a gene"), told("gene1 " * 400)
    assert short.at is None
    assert short.seen == "a gene"
    assert (long.tokens, long.limit) == (400, LIMIT - 2)
    assert long.at == (LIMIT - 2) * 6 - 1
    assert long.seen == ("gene1 " * (LIMIT - 2)).rstrip()
    (folder / "tokenizer.json").write_text("{")
    assert [cut.model for cut in Arena(home).cuts("a gene") if cut.model == "mine"] == []


def test_a_file_never_holds_rows_of_another_query(home, tmp_path):
    desk = SqlDesk(home)
    first, _ = desk.run("select seed from scores order by seed", 1)
    second, _ = desk.run("select -seed as negative from scores order by seed", 1)
    try:
        with pytest.raises(UsageError, match="another query has been run since"):
            desk.export(first, str(tmp_path / "seeds.csv"))
        assert list(tmp_path.iterdir()) == []
        assert desk.export(second, str(tmp_path / "seeds.csv")).read_text().splitlines()[:2] == [
            "negative",
            "-41",
        ]
    finally:
        desk.close()


def test_the_command_of_a_cell_is_one_a_shell_takes():
    place = Place(
        "my model", "a task", Arm("lr", "paper scaling=l2 max_iter=50", "template:{name} @ {locus}")
    )
    assert place.command == (
        "genearena run --models 'my model' --tasks 'a task' --protocols lr --preset paper "
        "--axis scaling=l2 --param max_iter=50 --controls none --text 'template:{name} @ {locus}'"
    )
    assert place.why_no_command == ""
    from_file = Place("m", "t", Arm("lr", text="summary@1a2b3c4d"))
    assert from_file.command == ""
    assert "--descriptions with the file of the texts summary@1a2b3c4d" in from_file.why_no_command


def test_the_best_own_model_comes_first_among_those_who_told_genes_apart(tmp_path):
    home = find_home(tmp_path).create()
    store = Store(home)
    for model, value in (("all-MiniLM-L6-v2", 0.7), ("best", 0.9), ("good", 0.8)):
        store.append(*(scored(unit(model=model, seed=seed), value) for seed in (41, 42)))
    store.append(ENVIRONMENT)
    store.flush()
    store.close()
    with connect(home) as con:
        assert [item.model for item in contestants(con)] == ["best", "good", "all-MiniLM-L6-v2"]
