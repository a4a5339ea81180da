"""Loading a task by name or path, and the one sentence for each way it can fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.data.importers import import_task
from engine.data.load import load_task
from engine.data.tasks import folder as folder_module
from engine.data.tasks.shelf import SAMPLE, list_tasks
from engine.files import outside
from engine.plan.names import resolve_tasks
from store.errors import DataError, GeneArenaError, UsageError
from store.home import Home, find_home

GENES = [line.partition(",")[0] for line in (SAMPLE / "genes.csv").read_text().splitlines()[1:]]


def table(
    path: Path, per_class: int = 12, classes: tuple[str, ...] = ("no", "yes"), text: str = ""
) -> Path:
    lines = ["gene,label" + (",description" if text else "")]
    genes = iter(GENES)
    for name in classes:
        lines += [
            f"{next(genes)},{name}" + (f",{text} {place}" if text else "") for place in range(per_class)
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_facts_are_written_out_as_documented(home: Home) -> None:
    task = load_task("bivalent-vs-lys4", home)
    pax6 = task.texts[task.genes.index("PAX6")]
    assert pax6.startswith("PAX6: paired box 6. Also known as ")
    assert pax6.endswith(". Gene type: protein-coding. Location: 11p13.")


def test_same_task_same_hash_and_other_text_other_hash(home: Home) -> None:
    first = load_task("dosage-sensitivity", home)
    assert first.hash == load_task("dosage-sensitivity", home).hash
    assert first.hash != load_task("dosage-sensitivity", home, text="symbol").hash
    assert first.hash != load_task("dosage-sensitivity", home, labels="raw").hash
    assert load_task("dosage-sensitivity", home, labels="raw").genes == tuple(
        sorted(load_task("dosage-sensitivity", home, labels="raw").genes, key=first.genes.index)
    )


def test_unknown_name_offers_the_nearest(home: Home) -> None:
    with pytest.raises(UsageError, match="Did you mean 'dosage-sensitivity'"):
        load_task("dosage-sensitivty", home)
    with pytest.raises(UsageError, match=r"no text recipe named 'fact'.*Did you mean 'facts'"):
        load_task("dosage-sensitivity", home, text="fact")


def test_a_path_loads_like_the_same_task_imported(tmp_path: Path, home: Home) -> None:
    path = table(tmp_path / "mine.csv")
    import_task(path, "mine", home)
    assert load_task(str(path), home).genes == load_task("mine", home).genes
    assert [task.name for task in list_tasks(home)][5:] == ["mine"]


def test_own_descriptions_are_the_text_by_default(tmp_path: Path, home: Home) -> None:
    path = table(tmp_path / "mine.csv", text="[sic] grows tails")
    task = load_task(str(path), home)
    assert set(task.texts) == {f"[sic] grows tails {place}" for place in range(12)}
    assert not task.audit.genes


def test_more_than_two_classes(tmp_path: Path, home: Home) -> None:
    task = load_task(str(table(tmp_path / "three.csv", classes=("b", "c", "a"))), home)
    assert task.classes == ("a", "b", "c")
    assert [item.used for item in task.audit.classes] == [12, 12, 12]


def test_rows_in_another_order_are_the_same_task(tmp_path: Path, home: Home) -> None:
    path = table(tmp_path / "one.csv", classes=("red", "blue"))
    header, *rows = path.read_text().splitlines()
    other = tmp_path / "two.csv"
    other.write_text("\n".join([header, *rows[::-1]]))
    assert load_task(str(path), home).hash == load_task(str(other), home).hash


BAD = {
    "one class": (b"gene,label\n" + b"".join(b"G%d,yes\n" % i for i in range(20)), "only one class"),
    "nine genes": (
        b"gene,label\n" + b"".join(b"%s,%d\n" % (GENES[i].encode(), i < 9) for i in range(30)),
        "9 usable genes of class '1'",
    ),
    "missing column": (b"gene,score,origin\nTP53,1,here\n", "no column 'label'"),
    "empty": (b"", "is empty"),
    "blank": (b" \n\n", "is empty"),
    "header only": (b"gene,label\n", "no usable rows"),
    "NUL": (b"gene,label\nTP53,1\nMY\0C,0\n", "NUL byte at byte 20, line 3"),
    "no encoding": (b"gene,label\nTP53,1\nM\xff\xfe\xfdC,0\n", "not UTF-8 at byte 19, line 3"),
    "UTF-16 without mark": ("gene,label\nTP53,1\n".encode("utf-16-le"), "NUL byte"),
    "duplicate header": (b"gene,label,gene\nTP53,1,TP53\n", "two columns named 'gene'"),
    "ragged": (b"gene,label\nTP53,1\nMYC\n", "1 column on line 3, but 2"),
    "million columns": (b"c" + b",c" * 999_999 + b"\n", "1,000,000 columns on line 1"),
    "huge field": (b"gene,label\n" + b"A" * 5_000_000 + b",1\n", "field larger than field limit"),
    "open quote": (b'gene,label\n"TP53,1\nMYC,0\n', "cannot be read at line"),
    "no gene": (b"gene,label\n,1\n", "names no gene beside a label"),
    "quantity": (b"gene,label\nA,0.5\nB,0.25\n", "are a quantity"),
    "too many classes": (
        b"gene,label\n" + b"".join(b"G%d,c%d\n" % (i, i) for i in range(60)),
        "60 different labels",
    ),
    "gzip, damaged": (b"\x1f\x8b\x08\0\0\0\0\0", "damaged gzip"),
    "two texts": (
        b"gene,label,description\nA,1,x\nA,1,y\n",
        "second, different description of 'A' on line 3",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_end_in_one_sentence(case: str, tmp_path: Path, home: Home) -> None:
    content, sentence = BAD[case]
    path = tmp_path / "task.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        load_task(str(path), home)
    assert sentence in refused.value.message
    assert "task" in refused.value.message
    assert "\n" not in str(refused.value)
    assert len(refused.value.message) < 300


def test_missing_file_and_folder_without_tasks(tmp_path: Path, home: Home) -> None:
    with pytest.raises(DataError, match="does not exist"):
        load_task(str(tmp_path / "none.csv"), home)
    with pytest.raises(DataError, match="folder of no known format"):
        load_task(str(tmp_path), home)


def test_sample_folder_by_path_asks_which_task(home: Home) -> None:
    from engine.data.tasks.shelf import SAMPLE

    with pytest.raises(UsageError, match="holds 4 tasks"):
        load_task(str(SAMPLE), home)


def test_a_damaged_imported_task_is_listed_with_its_problem(tmp_path: Path, home: Home) -> None:
    import_task(table(tmp_path / "a.csv"), "broken", home)
    import_task(table(tmp_path / "b.csv"), "whole", home)
    (home.tasks / "broken" / "tasks.toml").write_text("[[task]]\nname = 3\n")
    infos = {info.name: info for info in list_tasks(home)}
    assert "does not describe tasks" in infos["broken"].problem
    assert infos["whole"].problem == ""
    assert load_task("whole", home).genes
    with pytest.raises(DataError, match="does not describe tasks"):
        load_task("broken", home)


@pytest.mark.parametrize("damage", ["tasks.toml", "genes.csv", "identifiers.csv", "tasks/t.csv"])
@pytest.mark.parametrize(
    "content", [b"", b"\0\0", b"\xff\xfe", b"x\n1\n", b"identifier,label,symbol,step\nq,q,q,q\n"]
)
def test_any_damage_to_a_kept_task_is_one_sentence(
    damage: str, content: bytes, tmp_path: Path, home: Home
) -> None:
    import_task(table(tmp_path / "a.csv"), "t", home)
    (home.tasks / "t" / damage).write_bytes(content)
    with pytest.raises(GeneArenaError):
        load_task("t", home)
    list_tasks(home)


def imported(home: Home, *names: str) -> None:
    """Tasks of forty genes of these names."""
    path = home.data / "labels.csv"
    path.write_text("gene,label\n" + "".join(f"{GENES[n]},{'ab'[n % 2]}\n" for n in range(40)))
    for name in names:
        import_task(path, name, home)


def test_of_many_tasks_only_the_one_asked_for_is_read(tmp_path: Path, monkeypatch) -> None:
    home = find_home(tmp_path).create()
    imported(home, "one", "two", "three")
    read: set[Path] = set()
    check_file = outside.check_file
    monkeypatch.setattr(outside, "check_file", lambda path: (read.add(path), check_file(path)))
    assert resolve_tasks(home, ("two",)) == ("two",)
    assert load_task("two", home).name == "two"
    places = {path.relative_to(home.tasks).parts[0] for path in read if path.is_relative_to(home.tasks)}
    assert places == {"two"}
    assert {path.name for path in read if path.is_relative_to(SAMPLE)} == {"tasks.toml"}


def test_a_list_of_tasks_reads_no_label_file_unless_it_was_changed(tmp_path: Path, monkeypatch) -> None:
    home = find_home(tmp_path).create()
    imported(home, "one", "two")
    with monkeypatch.context() as patch:
        read = folder_module.read_rows

        def read_sample_only(path, *rest):  # a fresh checkout's own lists may look changed
            assert not path.is_relative_to(home.tasks), "the label file was read"
            return read(path, *rest)

        patch.setattr(folder_module, "read_rows", read_sample_only)
        assert [task.counts for task in list_tasks(home)[-2:]] == [(20, 20), (20, 20)]
    labels = home.tasks / "two" / "tasks" / "two.csv"
    labels.write_text(labels.read_text() + f"{GENES[1]},a\n")
    os.utime(labels, ns=(0, labels.stat().st_mtime_ns + 10**9))
    assert [task.counts for task in list_tasks(home)[-2:]] == [(20, 20), (21, 20)]
    labels.unlink()
    assert list_tasks(home)[-1].problem


def test_a_task_whose_folder_has_another_name_is_found(tmp_path: Path) -> None:
    home = find_home(tmp_path).create()
    imported(home, "one", "two")
    (home.tasks / "two").rename(home.tasks / "moved")
    assert load_task("two", home).name == "two"
    assert resolve_tasks(home, ("two", "moved")) == ("two", "moved")
    with pytest.raises(UsageError, match="no task named 'moved'"):
        load_task("moved", home)
