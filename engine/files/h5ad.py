"""Reading AnnData's `.h5ad` with h5py alone: its names, its columns and its matrices, within limits.

The layout is that of https://anndata.readthedocs.io/en/stable/fileformat-prose.html: groups `var` and `obs`
hold one data set a column, `varm` and `obsm` matrices of as many rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.files.outside import check_characters, check_file, outside_file, text_of
from engine.files.packed import HDF5, starts_with
from engine.files.tables import Table
from engine.files.tables.table import MAX_CELLS, checked_header, first_rows
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDINGS: Final = ("h5ad",)
"""Endings of such files."""
_HINT: Final = "Write it again in Python with anndata: adata.write_h5ad()."

_JUDGED: Final = 100
"""Names by which it is told where the genes are."""

Axis = Literal["var", "obs"]


@contextmanager
def open_h5ad(path: Path) -> Iterator[Any]:
    """An open `h5py.File` that has AnnData's groups; damage becomes one sentence.

    Raises:
        DataError: missing, damaged, or another layout.
    """
    import h5py

    check_file(path)
    with outside_file(path):
        path.open("rb").close()  # what HDF5 says of a file that may not be read is taken for damage
    try:
        with h5py.File(path, "r") as file:
            if not any(_is_frame(_inside(path, file, axis)) for axis in ("var", "obs")):
                raise DataError(
                    f"{path} is an HDF5 file without AnnData's groups var and obs.",
                    "Write it with anndata, or save its matrix and names as CSV.",
                )
            yield file
    except MemoryError as error:
        raise DataError(
            f"{path} asks for more memory than there is.", "Free some, or save less in it."
        ) from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")[:120] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a readable HDF5 file: {reason}.", _HINT) from error


def read_annotations(path: Path, axis: Axis = "var") -> Table:
    """What is known of each gene, as a table of text: a column `gene` of its names, then the others.

    Args:
        path: An `.h5ad` file.
        axis: `obs` where its rows are the genes.

    Raises:
        DataError: unreadable, or larger than a table may be.
    """
    with open_h5ad(path) as file:
        names = read_names(path, file, axis)
        frame = file[axis]
        titles = [title for title in column_titles(frame) if _is_column(_inside(path, frame, title))]
        if len(names) * (len(titles) + 1) > MAX_CELLS:
            raise DataError(f"{path} holds more than {MAX_CELLS:,} cells.", "Give a smaller table.")
        columns = [read_column(path, frame, title, len(names)) for title in titles]
    first = "gene" if "gene" not in map(str.casefold, titles) else f"{axis}_names"
    header = checked_header(path, (first, *titles))
    return Table(path, header, (names, *columns), range(1, len(names) + 1), unit="row")


def read_annotated(path: Path, is_gene: Callable[[str], object] | None = None) -> Table | None:
    """`read_annotations` of the genes, if the file is HDF5; else None.

    They are in `var`, unless what names a gene is in `obs` alone.

    Args:
        path: Any file.
        is_gene: Whether a text is known to mean a gene.

    Raises:
        DataError: as `read_annotations`.
    """
    check_file(path)
    with outside_file(path):
        if not starts_with(path, HDF5):
            return None
    with open_h5ad(path) as file:
        there: list[Axis] = [axis for axis in ("var", "obs") if _is_frame(_inside(path, file, axis))]
    table = read_annotations(path, there[0])
    share = _share_known(table, is_gene)
    if len(there) < 2 or 2 * share > 1:
        return table
    with suppress(DataError):  # a million cells, maybe, or no names
        other = read_annotations(path, there[1])
        if (_share_known(other, is_gene), len(other.columns) > 1) > (share, len(table.columns) > 1):
            return other
    return table


def _share_known(table: Table, is_gene: Callable[[str], object] | None) -> float:
    """The share of known genes in the first cells of the column that has most."""
    if is_gene is None:
        return 0.0
    first = [cells[:_JUDGED] for cells in table.columns]
    return max(sum(1 for cell in cells if is_gene(cell)) / max(len(cells), 1) for cells in first)


def read_names(path: Path, file: Any, axis: Axis) -> list[str]:
    """The names of the rows (`obs`) or columns (`var`).

    Raises:
        DataError: there are none.
    """
    frame = _inside(path, file, axis)
    if not _is_frame(frame):
        raise DataError(f"{path} has no {axis} with names.", _HINT)
    return read_column(path, frame, str(frame.attrs["_index"]), None)


def column_titles(frame: Any) -> list[str]:
    """The columns of `var` or `obs` in their order, without the index."""
    order = [str(title) for title in frame.attrs.get("column-order", ())]
    return [title for title in order if title in frame and title != str(frame.attrs["_index"])]


def read_column(path: Path, frame: Any, title: str, rows: int | None) -> list[str]:
    """One column as text, "" where a value is missing: texts, numbers, categories, or with a mask.

    Raises:
        DataError: it is of another kind, or not of `rows` rows.
    """
    found = _inside(path, frame, title)
    if _is_array(found):
        texts = _texts(path, read_array(path, found))
    elif found is not None and {"codes", "categories"} <= set(found):
        texts = _of_categories(path, found)
    elif found is not None and {"values", "mask"} <= set(found):
        values = _texts(path, read_array(path, _inside(path, found, "values")))
        mask = read_array(path, _inside(path, found, "mask"))
        texts = ["" if hidden else text for text, hidden in zip(values, mask, strict=True)]
    else:
        raise DataError(f"{path} has a column {title!r} that is not of texts or numbers.", _HINT)
    if rows not in (None, len(texts)):
        raise DataError(f"{path} has {len(texts)} values of {title!r} for {rows} names.", _HINT)
    check_characters(path, texts)
    return texts


def _of_categories(path: Path, group: Any) -> list[str]:
    categories = _texts(path, read_array(path, _inside(path, group, "categories")))
    codes = read_array(path, _inside(path, group, "codes"))
    if codes.size and int(codes.max()) >= len(categories):
        raise DataError(f"{path} has a category that it does not name.", _HINT)
    return [categories[code] if code >= 0 else "" for code in codes.tolist()]


def read_array(path: Path, found: Any, first: bool = False) -> NDArray[Any]:
    """All of a data set that lies in this file, or the first rows of a matrix.

    Raises:
        DataError: it is none, lies elsewhere, or is larger than a table may be.
    """
    if not _is_array(found) or found.is_virtual or found.external:
        raise DataError(f"{path} has a part that is not an array of its own.", _HINT)
    if found.size > 20 * MAX_CELLS:
        raise DataError(f"{path} holds an array of {found.size:,} values.", "Give a smaller table.")
    head = slice(first_rows(found.shape[1])) if first and found.ndim == 2 else ()
    content: NDArray[Any] = found[head]
    return content


def _texts(path: Path, values: NDArray[Any]) -> list[str]:
    return [_text(path, value) for value in values.reshape(-1).tolist()]


def _text(path: Path, value: Any) -> str:
    if isinstance(value, bytes):
        return text_of(path, value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None or value != value else str(value)


def _inside(path: Path, group: Any, name: str) -> Any:
    """What `name` is in `group`; None if nothing is, and nothing that a link fetches from elsewhere."""
    import h5py

    link = group.get(name, getlink=True) if name in group else None
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise DataError(f"{path} has a link in place of {name!r}.", "Copy what it leads to into the file.")
    return group[name]


def _is_array(found: Any) -> bool:
    import h5py

    return isinstance(found, h5py.Dataset)


def _is_frame(found: Any) -> bool:
    import h5py

    return isinstance(found, h5py.Group) and "_index" in found.attrs


def _is_column(found: Any) -> bool:
    return found is not None and (_is_array(found) or {"codes", "values"} & set(found) != set())


def matrices(path: Path, file: Any, group: str) -> Sequence[str]:
    """The names of the matrices in `varm` or `obsm`."""
    found = _inside(path, file, group)
    return () if found is None or _is_array(found) else tuple(sorted(found))


def read_matrix(
    path: Path, file: Any, group: str, name: str, first: bool = False
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """A matrix of `varm` or `obsm`, or its `first_rows`, with the names of its columns, if it has any.

    Raises:
        DataError: it is not a matrix of numbers.
    """
    import numpy as np

    found = _inside(path, file, group) if name in ("", group) else _inside(path, file[group], name)
    titles: tuple[str, ...] = ()
    if _is_frame(found):
        titles = tuple(column_titles(found))
        columns = [read_array(path, _inside(path, found, title)) for title in titles]
        matrix = np.stack(columns, axis=1) if columns else np.empty((0, 0))
    elif _is_array(found):
        matrix = read_array(path, found, first)
    else:
        raise DataError(f"{path} has a sparse matrix for {name or group!r}.", "Store it as a dense array.")
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise DataError(f"{path} does not hold a matrix of numbers in {name or group!r}.", _HINT)
    return matrix, titles
