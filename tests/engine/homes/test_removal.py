"""What a user brought in, removed: out of the home, past any merge, until it is brought in again."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from famous_genes import GENES

from engine.catalog.adopt import adopt_model
from engine.catalog.models import list_models
from engine.data.genes.descriptions import kept_descriptions
from engine.data.importers import import_descriptions, import_task
from engine.data.importers.vectors import adopt_vectors
from engine.data.tasks.sets import define_set
from engine.data.tasks.shelf import task_names
from engine.homes.backup import backup, restore
from engine.homes.merge import merge
from engine.homes.removal import take_back
from engine.mailbox import enqueue, waiting
from engine.plan.launch import Launch
from engine.plan.selection import Selection
from store.errors import UsageError
from store.home import find_home
from store.store import Store

KINDS = ("task", "vectors", "descriptions", "model")


def bring_in(kind, home, folder, name="mine"):
    """The same content each time."""
    folder.mkdir(exist_ok=True)
    if kind == "task":
        rows = (f"{gene},{'odd' if place % 2 else 'even'}\n" for place, gene in enumerate(GENES))
        (folder / "task.csv").write_text("gene,label\n" + "".join(rows))
        import_task(folder / "task.csv", name, home)
    elif kind == "vectors":
        np.savez(folder / "v.npz", genes=np.array(GENES), vectors=np.eye(len(GENES), dtype=np.float32))
        adopt_vectors(folder / "v.npz", name, home)
    elif kind == "descriptions":
        (folder / "d.csv").write_text("gene,text\n" + "".join(f"{gene},about {gene}\n" for gene in GENES))
        import_descriptions(folder / "d.csv", name, home)
    else:
        adopt_model(home, {"name": name, "source": str(folder), "pooling": "mean"})


def there(home) -> set[str]:
    """The kinds of what is called `mine`."""
    found = set()
    if "mine" in task_names(home):
        found.add("task")
    if (home.data / "vectors" / "mine").exists():
        found.add("vectors")
    if "mine" in kept_descriptions(home):
        found.add("descriptions")
    if any(model.name == "mine" and model.kind == "folder" for model in list_models(home)):
        found.add("model")
    return found


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_before_does_not_bring_it_back_and_its_owner_does(home, tmp_path, kind):
    files = tmp_path / "files"
    bring_in(kind, home, files)
    Store(home).flush()
    shutil.copytree(home.data.parent, tmp_path / "older")
    older = find_home(tmp_path / "older")
    kept = backup(home, tmp_path / "kept.tar").path
    [sentence] = take_back(home, kind, "mine")
    assert sentence.endswith("ing it again brings it back, and no merge does.")
    assert there(home) == set()
    assert files.is_dir()
    assert not list((home.data / ("tasks" if kind == "task" else kind)).glob(".*"))
    for done in (merge(home, older), merge(home, older), restore(home, kept)):
        assert [note for note in done.notes if "mine was removed, and stays so" in note]
        assert (done.tasks, done.vectors, done.descriptions, done.models) == ((), (), (), ())
        assert there(home) == set()
        assert [model for model in list_models(home) if model.name == "mine"] == []
    bring_in(kind, home, files)
    merge(home, older)
    assert there(home) == {kind}
    third = find_home(tmp_path / "third")
    merge(third, home)
    assert there(third) == {kind}


def test_one_name_of_many_things_is_told_apart_by_what_it_is(home, tmp_path):
    for kind in ("task", "vectors", "descriptions"):
        bring_in(kind, home, tmp_path / "files")
    take_back(home, "vectors", "mine")
    assert there(home) == {"task", "descriptions"}
    with pytest.raises(UsageError) as error:
        take_back(home, "vectors", "mine")
    assert error.value.message == "There is no imported table of vectors named 'mine'."
    assert error.value.hint == "For the task of your own: genearena remove task mine"
    take_back(home, "descriptions", "mine")
    assert there(home) == {"task"}


def test_a_model_that_is_an_imported_table_goes_with_its_table(home, tmp_path):
    bring_in("vectors", home, tmp_path / "files", "mine")
    bring_in("model", home, tmp_path / "files", "kept")
    text = home.config_file.read_text()
    home.config_file.write_text(f"[ui]\nmouse = false  # no\n\n{text}")
    [sentence] = take_back(home, "model", "mine")
    assert sentence.startswith("The table of vectors mine is removed; its results stay.")
    assert there(home) == set()
    assert [model.name for model in list_models(home)][-1] == "kept"
    assert "mouse = false  # no" in home.config_file.read_text()
    take_back(home, "model", "kept")
    assert (tmp_path / "files").is_dir()
    assert "models" not in home.config_file.read_text()


@pytest.mark.parametrize(
    ("kind", "name", "message", "hint"),
    [
        ("task", "task1", "The task task1 comes with the program", "--tasks"),
        ("task", "essential", "The task essential comes with the program", "--tasks"),
        ("model", "gte-small", "The model gte-small comes with the program", "--models"),
        ("model", "tfidf", "The model tfidf comes with the program", "--models"),
        ("task", "mina", "There is no task of your own named 'mina'", "Did you mean 'mine'?"),
        ("descriptions", "mine", "There is no imported file of descriptions named", "remove task mine"),
        ("task", "both", "There is no task of your own named 'both'", "genearena sets both --remove"),
        ("model", "none", "There is no model of your own named 'none'", "There is none yet."),
        ("task", "../tasks/mine", "There is no task of your own named", ""),
    ],
)
def test_what_cannot_be_removed_is_said_in_one_sentence(home, tmp_path, kind, name, message, hint):
    bring_in("task", home, tmp_path / "files")
    define_set(home, "both", ("mine", "essential"), ("mine", "essential"))
    with pytest.raises(UsageError) as error:
        take_back(home, kind, name)
    assert error.value.message.startswith(message)
    assert hint in error.value.hint
    assert Store(home).removals() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_launches_that_wait_for_it_are_named(home, tmp_path, kind):
    bring_in(kind, home, tmp_path / "files")
    task, model = ("mine" if kind == one else "other" for one in ("task", "model"))
    texts = str(kept_descriptions(home)["mine"]) if kind == "descriptions" else ""
    models = ("mine",) if kind == "vectors" else (model,)
    enqueue(home, Launch(Selection(models, (task,), ("lr",), descriptions=texts)))
    enqueue(home, Launch(Selection(("other",), ("other",), ("lr",))))
    [needs, _] = waiting(home)
    _, note = take_back(home, kind, "mine")
    assert note.startswith(f"Waiting runs that need it will not start: {needs.id};")


def test_a_damaged_import_can_be_removed(home, tmp_path):
    bring_in("vectors", home, tmp_path / "files")
    (home.data / "vectors" / "mine" / "vectors.npz").unlink()
    take_back(home, "vectors", "mine")
    assert there(home) == set()
    assert Store(home).removals() == {}
