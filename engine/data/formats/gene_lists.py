"""One list of genes for each class: Geneformer's pickle of a dictionary, or a folder of text files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from engine.data.formats.raw import RawTask, raw_task
from engine.files.lists import read_list
from engine.files.outside import outside_file
from engine.files.safe_pickle import read_lists
from store.errors import DataError

MOST_FILES: Final = 50


def read_pickled(path: Path) -> RawTask:
    """A pickled dict[str, list[str]]; the first of two classes is the positive one.

    Raises:
        DataError: it holds anything else, or is unsafe.
    """
    return _from_lists(path, read_lists(path))


def text_files(folder: Path) -> tuple[Path, ...]:
    """The text files of `folder`, by name."""
    with outside_file(folder):
        return tuple(sorted(path for path in folder.glob("*.txt") if path.is_file()))


def read_texts(folder: Path) -> RawTask:
    """Each `*.txt` of `folder` as one class, one gene a line; classes are named by the files.

    Raises:
        DataError: fewer than two files, or one that is not a list.
    """
    files = text_files(folder)
    if not 2 <= len(files) <= MOST_FILES:
        raise DataError(
            f"{folder} holds {len(files)} text files; one for each class is needed.",
            "Put one list of genes for each class into a folder.",
        )
    lists = {path.stem.removesuffix("_gene_labels"): read_list(path) for path in files}
    return _from_lists(folder, lists)


def _from_lists(path: Path, lists: Mapping[str, Sequence[str]]) -> RawTask:
    genes = [member.strip() for members in lists.values() for member in members]
    labels = [name for name, members in lists.items() for _ in members]
    names = list(lists)
    return raw_task(path, genes, labels, classes=names[::-1] if len(names) == 2 else names)
