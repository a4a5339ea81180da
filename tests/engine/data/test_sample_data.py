"""The shipped tasks are the published ones, and every number told about them is theirs."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from engine.data.genes.identifiers import BOX
from engine.data.genes.meanings import NOT_MAPPED, read_meanings
from engine.data.load import load_task
from engine.data.tasks.folder import read_headings, read_label_list, read_rows
from engine.data.tasks.shelf import ESSENTIALITY, SAMPLE, list_tasks
from store.home import Home

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data"
NAMES = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")


def test_tasks_and_raw_counts_are_the_papers(home: Home) -> None:
    *tasks, other = list_tasks(home)
    assert [task.name for task in tasks] == list(NAMES)
    assert (other.name, other.paper_task) == ("essential", "")
    assert [task.counts for task in tasks] == [(130, 46), (368, 122), (80, 107), (42, 107)]
    assert [task.paper_task for task in tasks] == ["task1", "task2", "task3", "task4"]
    assert [task.classes[1] for task in tasks] == ["long-range", "dosage-sensitive", "bivalent", "bivalent"]


@pytest.mark.parametrize(
    ("name", "rows", "genes", "used"),
    [
        ("long-vs-short-tf", 176, 176, (130, 46)),
        ("dosage-sensitivity", 486, 486, (364, 122)),
        ("bivalent-vs-lys4", 171, 171, (76, 95)),
        ("bivalent-vs-no-methyl", 134, 133, (39, 95)),
    ],
)
def test_analysed_genes(name: str, rows: int, genes: int, used: tuple[int, int], home: Home) -> None:
    task = load_task(name, home)
    assert (len(task.genes), len(set(task.genes))) == (rows, genes)
    assert tuple(item.used for item in task.audit.classes) == used
    assert Counter(task.labels) == {0: used[0], 1: used[1]}


def test_whole_universe(home: Home) -> None:
    genes = set[str]().union(*(load_task(name, home).genes for name in NAMES))
    identifiers = {item for heading in read_headings(SAMPLE) for item, _ in read_rows(SAMPLE, heading)}
    assert len(genes) == 810
    assert len(identifiers) == 816


def test_retired_ids_tell_their_route() -> None:
    meanings = read_meanings(SAMPLE / "identifiers.csv")
    assert meanings["ENSG00000267841"].symbols == ("GATA1",)
    assert meanings["ENSG00000267841"].step == "retired Ensembl id"
    assert meanings["ENSG00000063438"].symbols == ("AHRR",)
    assert meanings["ENSG00000204604"].symbols == ("ZNF320", "ZNF468")
    unmapped = {item.identifier for item in meanings.values() if item.step == NOT_MAPPED}
    assert unmapped == {"ENSG00000214189", "ENSG00000267281", "ENSG00000285283", "ENSG00000285708"}


def test_first_entry_of_each_file_is_of_class_1() -> None:
    for heading in read_headings(SAMPLE):
        rows = read_label_list(SAMPLE, heading).rows
        labels = [label for _, label in rows]
        assert labels == sorted(labels, reverse=True)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the original files are not here")
def test_script_makes_the_shipped_files(tmp_path: Path) -> None:
    script = ROOT / "tools" / "build_sample_data.py"
    arguments = [str(SHARED / "geneformer"), str(SHARED / "ncbi"), str(tmp_path)]
    subprocess.run([sys.executable, str(script), *arguments], check=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {name: (SAMPLE / name).read_bytes() for name in made}
    assert len(made) == 7


@pytest.mark.skipif(not SHARED.is_dir(), reason="the original files are not here")
def test_scripts_make_the_table_of_all_genes_and_the_essential_ones(tmp_path: Path) -> None:
    for script, source in (
        ("build_all_genes.py", SHARED / "ncbi_wide" / "Homo_sapiens.gene_info.gz"),
        ("build_essential.py", SHARED / "gene_lists"),
    ):
        subprocess.run([sys.executable, ROOT / "tools" / script, source, tmp_path], check=True)
    packed = (tmp_path / BOX).read_bytes()
    assert packed[4:8] == bytes(4)  # no time in it
    assert gzip.decompress(packed) == gzip.decompress((SAMPLE / BOX).read_bytes())
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.name != BOX}
    assert len(made) == 4
    assert all((tmp_path / path).read_bytes() == (ESSENTIALITY / path).read_bytes() for path in made)


def test_essential_genes_are_the_lists_but_for_what_is_not_mapped(home: Home) -> None:
    task = load_task("essential", home)
    assert task.classes == ("non-essential", "essential")
    assert [(item.raw, item.unique, item.used) for item in task.audit.classes] == [
        (927, 926, 922),
        (684, 684, 684),
    ]
    assert all(item.with_text == item.mapped for item in task.audit.classes)
    left_out = {item.identifier: item.reason for item in task.audit.genes if not item.used}
    assert {name for name, reason in left_out.items() if reason == NOT_MAPPED} == {
        "CT45A4",
        "CXorf1",
        "PRAMEF3",
    }
    assert left_out["MMP21"].endswith("MMP21 or MMP23A")


def test_no_sentence_longer_than_a_name_is_shipped() -> None:
    for line in (SAMPLE / "genes.csv").read_text(encoding="utf-8").splitlines():
        assert " encodes " not in line
        assert len(line) < 600
