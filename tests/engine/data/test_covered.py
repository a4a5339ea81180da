"""A task cut down to the genes of a table: other genes, another hash, its own name, and it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.catalog.models import find_model
from engine.data.importers import import_covered
from engine.data.load import load_task
from engine.embedding.embed import look_up
from store.errors import DataError, UsageError
from store.home import Home
from store.records import Model

TASK = "bivalent-vs-lys4"


def table(path: Path, genes: tuple[str, ...], home: Home) -> Model:
    np.savez(path, genes=np.array(genes), vectors=np.arange(1.0, 2 * len(genes) + 1).reshape(-1, 2))
    return find_model(str(path), home)


def test_the_smaller_task_has_every_covered_gene_and_no_other(tmp_path: Path, home: Home) -> None:
    whole = load_task(TASK, home)
    missing = set(whole.genes[::9])
    model = table(tmp_path / "a b.npz", tuple(gene for gene in whole.genes if gene not in missing), home)
    report = import_covered(TASK, [model], "smaller", home)
    assert f"{len(missing)} of {len(set(whole.genes))} genes have no vector" in report.notes[0]
    assert report.notes[0].endswith(f" and {len(missing) - 10} more.")
    smaller = load_task("smaller", home)
    kept = [place for place, gene in enumerate(whole.genes) if gene not in missing]
    assert smaller.genes == tuple(whole.genes[place] for place in kept)
    assert smaller.labels == tuple(whole.labels[place] for place in kept)
    assert smaller.texts == tuple(whole.texts[place] for place in kept)
    assert (smaller.classes, smaller.hash != whole.hash) == (whole.classes, True)
    assert str(tmp_path / "a b.npz") in smaller.title
    assert look_up(model, smaller.genes, home)[1] == ()


def test_its_name_tells_the_tables_and_all_of_them_have_its_genes(tmp_path: Path, home: Home) -> None:
    genes = tuple(dict.fromkeys(load_task(TASK, home).genes))
    one, two = (table(tmp_path / f"{n}.npz", genes[n * 5 : len(genes) - 9], home) for n in (0, 1))
    report = import_covered(TASK, [one, two], "", home)
    assert report.name.startswith(f"{TASK}.in.")
    assert set(load_task(report.name, home).genes) == set(genes[5 : len(genes) - 9])
    with pytest.raises(UsageError, match="is taken"):
        import_covered(TASK, [one, two], report.name, home)


def test_too_few_genes_are_told_and_nothing_is_kept(tmp_path: Path, home: Home) -> None:
    model = table(tmp_path / "a.npz", load_task(TASK, home).genes[:15], home)
    with pytest.raises(DataError, match="usable genes of class"):
        import_covered(TASK, [model], "tiny", home)
    assert not (home.tasks / "tiny").exists()
