"""Two homes made one, a home kept in a file, and what may go from one."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import time

import numpy as np
import pytest
from famous_genes import GENES

import store
from engine.catalog.models import list_models
from engine.data.importers import import_descriptions, import_task
from engine.data.importers.vectors import adopt_vectors
from engine.data.tasks.digest import task_digest
from engine.data.tasks.shelf import list_tasks
from engine.homes.backup import backup, restore
from engine.homes.clean import REMOVABLE, heaps, remove
from engine.homes.merge import merge, other_home
from engine.homes.removal import take_back
from store.entries import entry_of
from store.errors import DataError, OtherFormat, UsageError
from store.home import find_home
from store.journal import JournalWriter
from store.provenance import Environment
from store.records import Metrics, Prediction, Scored, Unit
from store.store import Store

TABLES = ("units", "scores", "predictions", "environments", "conflicts", "ranked")
BOX = Environment("3.11", "Linux", "box", "cpu", "cpu", 2, {})


def unit(seed: int, model: str = "a", task: str = "t") -> Unit:
    spec = {
        "v": 1,
        "model": {"kind": "folder", "source": "", "revision": model},
        "embedding": {"prefix": ""},
        "input": {"prefix": ""},
        "task": task,
        "protocol": {"name": "lr", "revision": 1, "params": {}},
        "axes": {"text": "facts"},
        "split": {"scheme": "paper", "seed": seed},
    }
    return Unit(model, task, "lr", "paper", seed, spec)


def scored(of: Unit, auc: float, at: str = "2026-11-23T12:00:00+00:00") -> Scored:
    predictions = tuple(
        Prediction(place, gene, place % 2, (0.5, 0.5)) for place, gene in enumerate(GENES[:12])
    )
    return Scored(of, Metrics(auc, 0.5, 0.5, 0.5, 0.5, 0.25), predictions, "s", 100, 12, BOX.hash, at)


def save(home, *records) -> None:
    saved = Store(home)
    saved.append(BOX, *records)
    saved.flush()
    saved.close()


def contents(home) -> dict[str, list[tuple]]:
    with store.connect(home) as con:
        return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in TABLES}


def everything(home) -> dict[str, bytes]:
    """Every file of a home but its database and mailbox, by name."""
    found = {}
    for path in sorted(home.data.parent.rglob("*")):
        if path.is_file() and path != home.database:
            found[str(path.relative_to(home.data.parent))] = path.read_bytes()
    return found


def label_file(folder, name: str, first: str = "one"):
    path = folder / f"{name}.csv"
    rows = [f"{gene},{first if place % 2 else 'two'}" for place, gene in enumerate(GENES)]
    path.write_text("\n".join(["gene,label", *rows]) + "\n")
    return path


def vector_file(folder, name: str):
    path = folder / f"{name}.npz"
    np.savez(path, genes=np.array(GENES), vectors=np.eye(len(GENES), dtype=np.float32))
    return path


@pytest.fixture(scope="session")
def two_boxes(tmp_path_factory):
    """Two homes; the second has a task, vectors and descriptions of its own."""
    folder = tmp_path_factory.mktemp("boxes")
    mine, other = find_home(folder / "mine"), find_home(folder / "other")
    save(mine, *(scored(unit(seed), 0.5 + seed / 50) for seed in range(6)))
    save(other, *(scored(unit(seed), 0.5 + seed / 50) for seed in range(4, 10)))
    import_task(label_file(folder, "labels"), "theirs", other, keep_unmapped=True)
    adopt_vectors(vector_file(folder, "table"), "table", other)
    texts = folder / "texts.csv"
    texts.write_text("gene,text\n" + "".join(f"{gene},about {gene}\n" for gene in GENES))
    import_descriptions(texts, "texts", other)
    return folder


@pytest.fixture
def boxes(two_boxes, tmp_path):
    """Copies of the two."""
    shutil.copytree(two_boxes, tmp_path, dirs_exist_ok=True)
    return find_home(tmp_path / "mine"), find_home(tmp_path / "other")


def test_merged_tables_equal_those_of_one_home_that_ran_everything(boxes, tmp_path):
    mine, other = boxes
    done = merge(mine, other_home(other.data.parent))
    assert (done.scored, done.conflicts, done.notes) == (4, 0, ())
    assert (done.tasks, done.vectors, done.descriptions, done.models) == (
        ("theirs",), ("table",), ("texts",), ("table",),
    )  # fmt: skip
    alone = find_home(tmp_path / "alone")
    save(alone, *(scored(unit(seed), 0.5 + seed / 50) for seed in range(10)))
    assert contents(mine) == contents(alone)
    assert "theirs" in {task.name for task in list_tasks(mine) if not task.problem}
    [model] = [model for model in list_models(mine) if model.name == "table"]
    assert model.source == str(mine.data / "vectors" / "table" / "vectors.npz")
    shutil.rmtree(other.data.parent)
    with np.load(model.source) as kept:
        assert list(kept["genes"]) == list(GENES)


def test_merging_twice_and_back_changes_nothing(boxes):
    mine, other = boxes
    merge(mine, other)
    before, tables = everything(mine), contents(mine)
    again = merge(mine, other)
    assert (again.journals, again.scored, again.tasks, again.vectors, again.models) == (0, 0, (), (), ())
    assert again.notes == ()
    assert (everything(mine), contents(mine)) == (before, tables)
    merge(other, mine)
    assert contents(other) == tables
    merge(mine, other)
    assert (everything(mine), contents(mine)) == (before, tables)


def test_what_the_other_box_adds_later_comes_with_the_next_merge(boxes):
    mine, other = boxes
    saved = Store(other)
    saved.append(scored(unit(20), 0.7))
    merge(mine, other)
    saved.append(scored(unit(21), 0.8))
    assert merge(mine, other).scored == 1
    assert sorted(seed for (seed,) in seeds(mine)) == [*range(10), 20, 21]


def seeds(home):
    with store.connect(home) as con:
        return con.execute("SELECT seed FROM scores").fetchall()


@pytest.mark.parametrize("first", ["mine", "other"])
def test_of_two_numbers_the_earliest_is_kept_on_both_sides_and_the_other_reported(tmp_path, first):
    mine, other = find_home(tmp_path / "mine"), find_home(tmp_path / "other")
    times = ["2026-11-23T10:00:00+00:00", "2026-11-23T12:00:00+00:00"]
    at = dict(zip(("mine", "other") if first == "mine" else ("other", "mine"), times, strict=True))
    save(mine, scored(unit(1), 0.6, at["mine"]))
    save(other, scored(unit(1), 0.7, at["other"]))
    assert merge(mine, other).conflicts == 1
    assert merge(other, mine).conflicts == 1
    kept, other_number = (0.6, 0.7) if first == "mine" else (0.7, 0.6)
    for home in (mine, other):
        with store.connect(home) as con:
            assert con.execute("SELECT auc FROM scores").fetchall() == [(kept,)]
            assert con.execute("SELECT kept_auc, auc FROM conflicts").fetchall() == [(kept, other_number)]


def test_a_journal_damaged_on_one_side_is_kept_beside_the_whole_one(boxes):
    mine, other = boxes
    merge(mine, other)
    (journal,) = [path for path in other.journals.iterdir() if (mine.journals / path.name).exists()]
    data = bytearray((mine.journals / journal.name).read_bytes())
    data[len(data) // 2] ^= 1
    (mine.journals / journal.name).write_bytes(data)
    for wanted in (1, 0):
        assert merge(mine, other).journals == wanted
    mine.database.unlink()
    Store(mine).flush()
    assert len(seeds(mine)) == 10


def test_a_removed_task_stays_removed_until_its_owner_imports_it_again(boxes, tmp_path):
    mine, other = boxes
    merge(mine, other)
    take_back(mine, "task", "theirs")
    assert "theirs" not in {task.name for task in list_tasks(mine)}
    for _ in range(2):
        done = merge(mine, other)
        assert done.tasks == ()
        assert done.notes == ("The task theirs was removed, and stays so; import it to have it again.",)
    third = find_home(tmp_path / "third")
    merge(third, mine)
    assert merge(third, other).tasks == ()
    import_task(label_file(tmp_path, "labels"), "theirs", mine, keep_unmapped=True)
    merge(third, mine)
    assert merge(third, other).tasks == ()
    assert "theirs" in {task.name for task in list_tasks(third)}


def test_another_task_of_the_same_name_is_reported_and_the_own_one_stays(boxes, tmp_path):
    mine, other = boxes
    import_task(label_file(tmp_path, "mine", first="three"), "theirs", mine, keep_unmapped=True)
    before = task_digest(mine.tasks / "theirs")
    done = merge(mine, other)
    assert done.tasks == ()
    [note] = done.notes
    assert note.startswith("The task theirs is another there than here; the one here stays.")
    assert task_digest(mine.tasks / "theirs") == before


def test_the_same_task_imported_from_elsewhere_is_the_same_task(boxes, tmp_path):
    mine, other = boxes
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    import_task(label_file(elsewhere, "renamed"), "theirs", mine, keep_unmapped=True)
    assert merge(mine, other).notes == ()


def test_what_is_not_another_home_is_refused(boxes, tmp_path):
    mine, _ = boxes
    with pytest.raises(UsageError, match="There is no folder"):
        other_home(tmp_path / "nope")
    with pytest.raises(UsageError, match="is not a home of genearena"):
        other_home(tmp_path)
    with pytest.raises(UsageError, match="is this home itself"):
        merge(mine, other_home(mine.data))
    (tmp_path / "old" / "data" / "journal").mkdir(parents=True)
    JournalWriter(tmp_path / "old" / "data" / "journal").append([entry_of(scored(unit(1), 0.5))])
    with pytest.raises(OtherFormat, match="made by an earlier build"):
        other_home(tmp_path / "old")


@pytest.mark.parametrize("name", ["kept.tar", "kept.tar.gz"])
def test_a_backup_restored_elsewhere_is_the_home_again(boxes, tmp_path, name):
    _, other = boxes
    (other.config / "queries.json").write_text('{"mine": "select 1"}')
    (other.config / "endpoints.json").write_text('{"host": true}')
    tables = contents(other)
    done = backup(other, tmp_path / name)
    with tarfile.open(done.path) as archive:
        assert len(archive.getnames()) == done.files + 1
    shutil.rmtree(other.data.parent)
    again = find_home(tmp_path / "again")
    assert restore(again, done.path).scored == 6
    assert contents(again) == tables
    assert json.loads((again.config / "queries.json").read_text()) == {"mine": "select 1"}
    assert not (again.config / "endpoints.json").exists()
    [model] = [model for model in list_models(again) if model.name == "table"]
    assert model.source == str(again.data / "vectors" / "table" / "vectors.npz")
    assert restore(again, done.path).scored == 0
    assert not list(again.cache.glob(".restore*"))


def test_a_backup_keeps_out_of_the_home_and_replaces_only_on_request(boxes, tmp_path):
    mine, _ = boxes
    for place in (mine.data / "kept.tar", mine.journals / "kept.jsonl"):
        with pytest.raises(UsageError):
            backup(mine, place)
    backup(mine, tmp_path / "kept.tar")
    with pytest.raises(UsageError, match="is there already"):
        backup(mine, tmp_path / "kept.tar")
    backup(mine, tmp_path / "kept.tar", replace=True)


def hostile(path, name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
        archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("data/../../escaped", tarfile.REGTYPE),
        ("/tmp/escaped", tarfile.REGTYPE),
        ("data/journal/link.jsonl", tarfile.SYMTYPE),
        ("data/pipe", tarfile.FIFOTYPE),
        ("elsewhere/file", tarfile.REGTYPE),
        ("data/without/manifest", tarfile.REGTYPE),
    ],
)
def test_a_hostile_backup_is_refused_and_nothing_is_written(tmp_path, name, kind):
    home = find_home(tmp_path / "home").create()
    before = everything(home)
    hostile(tmp_path / "hostile.tar", name, kind=kind)
    with pytest.raises(DataError):
        restore(home, tmp_path / "hostile.tar")
    assert everything(home) == before
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("harm", ["cut", "flip", "text", "empty"])
def test_a_damaged_backup_is_refused_whole(boxes, tmp_path, harm):
    _, other = boxes
    path = backup(other, tmp_path / "kept.tar").path
    data = bytearray(path.read_bytes())
    place = data.index(b'"kind":"scored"')
    data[place] ^= 1
    path.write_bytes(
        {"cut": data[: len(data) // 2], "flip": data, "text": b"not a tar", "empty": b""}[harm]
    )
    home = find_home(tmp_path / "home")
    with pytest.raises(DataError):
        restore(home, path)
    assert Store(home).finished() == {}


def test_clean_removes_what_is_named_and_never_a_result(boxes, tmp_path):
    mine, other = boxes
    merge(mine, other)
    before = contents(mine)
    (mine.embeddings / "ab").mkdir(parents=True)
    (mine.embeddings / "ab" / "shard.npy").write_bytes(b"x" * 1000)
    (mine.downloads / "ncbi").mkdir(parents=True)
    (mine.downloads / "ncbi" / "gene_info.gz").write_bytes(b"x" * 500)
    for age in (0, 7200):
        part = mine.downloads / "ncbi" / f"{age}.part"
        part.write_bytes(b"x" * 70)
        os.utime(part, (time.time() - age, time.time() - age))
    (mine.data / "arena.20260101T000000000000.duckdb").write_bytes(b"x" * 30)
    sizes = {heap.name: heap.size for heap in heaps(mine)}
    assert (sizes["embeddings"], sizes["downloads"], sizes["old-databases"]) == (1000, 500, 30)
    assert remove(mine, ["embeddings"]) == 1000
    assert not list(mine.embeddings.rglob("*.npy"))
    assert (mine.downloads / "ncbi" / "gene_info.gz").exists()
    assert remove(mine, ["results", "imported"]) == 0
    remove(mine, REMOVABLE)
    assert [path.name for path in mine.downloads.rglob("*") if path.is_file()] == ["0.part"]
    assert contents(mine) == before
    assert "theirs" in {task.name for task in list_tasks(mine)}
