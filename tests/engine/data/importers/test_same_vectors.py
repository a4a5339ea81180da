"""One table of noise, written in every format with every kind of index, is one matrix everywhere.

The rows are sorted by label. So a row number that became a dimension would tell the label.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_workbook import rows_of, write_xlsx

from engine.data.genes.facts import read_genes
from engine.data.tasks.shelf import SAMPLE
from engine.files.vectors import read_vectors

GENES = tuple(gene.symbol for gene in read_genes(SAMPLE / "genes.csv"))[:60]
NOISE = np.random.default_rng(5).normal(size=(len(GENES), 12)).astype(np.float32)
DIMS = tuple(f"dim_{place}" for place in range(12))
ROWS = [[repr(float(number)) for number in row] for row in NOISE]
FRAME = pd.DataFrame(NOISE, index=pd.Index(GENES, name="gene"), columns=list(DIMS))
FLAT = FRAME.reset_index()
COUNTED = list(range(len(GENES)))

Writer = Callable[[Path], object]
FORMS: dict[str, Writer] = {}
"""File name -> what writes it."""


def form(name: str) -> Callable[[Writer], Writer]:
    def listed(write: Writer) -> Writer:
        assert name not in FORMS
        FORMS[name] = write
        return write

    return listed


def csv_text(rows: Iterable[Sequence[Any]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return stream.getvalue()


def table(
    titles: Sequence[Any] | None = ("gene", *DIMS),
    before: Sequence[Sequence[Any]] = (),
    after: Sequence[Sequence[Any]] = (),
    **dialect: Any,
) -> Writer:
    """A table of text with columns `before` the gene and `after` the dimensions."""
    rows = [
        [*(column[n] for column in before), gene, *ROWS[n], *(column[n] for column in after)]
        for n, gene in enumerate(GENES)
    ]
    text = csv_text([*([titles] if titles else []), *rows], **dialect)
    return lambda path: path.write_text(text)


def packed(pack: Callable[[bytes], bytes]) -> Writer:
    text = csv_text([("gene", *DIMS), *([gene, *row] for gene, row in zip(GENES, ROWS, strict=True))])
    return lambda path: path.write_bytes(pack(text.encode()))


SPACED = "\n".join(" ".join([gene, *row]) for gene, row in zip(GENES, ROWS, strict=True))
R_QUOTED = [[f'"{gene}"', *row] for gene, row in zip(GENES, ROWS, strict=True)]
LISTS = [f"[{', '.join(row)}]" for row in ROWS]
IDS = [str(7 * n + 100) for n in COUNTED]

FORMS |= {
    "plain.csv": table(),
    "tabbed.tsv": table(delimiter="\t"),
    "bars.csv": table(delimiter="|"),
    "semicolons.csv": table(delimiter=";"),
    "counted from 0.csv": table(("gene", *range(12))),
    "counted from 1.csv": table(("gene", *range(1, 13))),
    "chosen features.csv": table(("symbol", *range(3, 63, 5))),
    "no header.csv": table(None),
    "no header, row numbers.csv": table(None, [COUNTED]),
    "PC.csv": table(("symbol", *(f"PC{n}" for n in range(1, 13)))),
    "odd gene title.csv": table(("Hugo", *DIMS)),
    "pandas index.csv": table(("", "gene", *DIMS), [COUNTED]),
    "pandas index, counted.csv": table(("", "gene", *range(12)), [COUNTED]),
    "pandas index twice.csv": table(("Unnamed: 0.1", "Unnamed: 0", "gene", *DIMS), [COUNTED, COUNTED]),
    "pandas index of a part.csv": table(("", "gene", *DIMS), [[3 * n + 5 for n in COUNTED]]),
    "pandas reset_index.csv": table(("index", "gene", *DIMS), [COUNTED]),
    "polars row index.csv": table(("row_nr", "gene", *DIMS), [COUNTED]),
    "R write.csv, row numbers.csv": table(
        ("", "gene", *(f"V{n}" for n in range(1, 13))),
        [[n + 1 for n in COUNTED]],
        quoting=csv.QUOTE_NONNUMERIC,
    ),
    "R write.csv.csv": table(("", *(f"V{n}" for n in range(1, 13)))),
    "readr.csv": table(("...1", "gene", *DIMS), [COUNTED]),
    "trailing delimiters.csv": table(("gene", *DIMS, "", ""), (), [[""] * len(GENES)] * 2),
    "R write.table.tsv": lambda path: path.write_text(
        csv_text([DIMS, *([gene, *row] for gene, row in zip(GENES, ROWS, strict=True))], "\t")
    ),
    "comments.csv": lambda path: path.write_text(
        "# made by hand\n"
        + csv_text([("gene", *DIMS), *([g, *r] for g, r in zip(GENES, ROWS, strict=True))])
    ),
    "R write.table.txt": lambda path: path.write_text(
        "\n".join(" ".join(row) for row in [[f'"V{n}"' for n in range(1, 13)], *R_QUOTED])
    ),
    "R write.table, row numbers.txt": lambda path: path.write_text(
        "\n".join(
            [
                " ".join(['"gene"', *(f'"V{n}"' for n in range(1, 13))]),
                *(" ".join([f'"{n}"', *row]) for n, row in enumerate(R_QUOTED, 1)),
            ]
        )
    ),
    "identifiers.csv": table(("ncbi_id", "gene", *DIMS), [IDS]),
    "identifiers behind.csv": table(("gene", *DIMS, "entrez", "row"), (), [IDS, COUNTED]),
    "counts.csv": table(("gene", *DIMS, "n", "length", "n_tokens"), (), [COUNTED, IDS, IDS]),
    "chromosome.csv": table(("gene", *DIMS, "chromosome", "start"), (), [["1"] * 55 + ["X"] * 5, IDS]),
    "label.csv": table(("gene", *DIMS, "label"), (), [[int(n > 30) for n in COUNTED]]),
    "score.csv": table(("gene", *DIMS, "score"), (), [[n / 7 for n in COUNTED]]),
    "booleans.csv": table(("gene", *DIMS, "essential"), (), [[n > 30 for n in COUNTED]]),
    "species.csv": table(("species", "gene", *DIMS), [["human"] * len(GENES)]),
    "description.csv": table(("gene", *DIMS, "text"), (), [[f"gene {n} of many" for n in COUNTED]]),
    "missing ids.csv": table(("gene", *DIMS, "ncbi_id"), (), [["", *IDS[1:]]]),
    "row numbers among letters.csv": table(("gene", *"abcdefghijkl", "z"), (), [COUNTED]),
    "shuffled row numbers.csv": table(
        ("gene", *DIMS, "dim_12"), (), [[(7 * n) % len(GENES) for n in COUNTED]]
    ),
    "decimal commas.csv": lambda path: path.write_text(
        csv_text([("gene", *DIMS), *([g, *r] for g, r in zip(GENES, ROWS, strict=True))], ";").replace(
            ".", ","
        )
    ),
    "decimal commas, no header.csv": lambda path: path.write_text(
        csv_text(([g, *r] for g, r in zip(GENES, ROWS, strict=True)), ";").replace(".", ",")
    ),
    "list cells.csv": lambda path: path.write_text(
        csv_text([("gene", "vector"), *zip(GENES, LISTS, strict=True)])
    ),
    "list cells beside numbers.csv": lambda path: path.write_text(
        csv_text([("", "gene", "n", "embedding"), *zip(COUNTED, GENES, IDS, LISTS, strict=True)])
    ),
    "blanks in a cell.csv": lambda path: path.write_text(
        csv_text([("gene", "vector"), *zip(GENES, map(" ".join, ROWS), strict=True)])
    ),
    "blanks in a cell, no header.csv": lambda path: path.write_text(
        csv_text(zip(GENES, map(" ".join, ROWS), strict=True))
    ),
    "printed arrays.csv": lambda path: path.write_text(
        csv_text(
            [("gene", "vector"), *((g, str(row)) for g, row in zip(GENES, map(list, NOISE), strict=True))]
        )
    ),
    "gene2vec.txt": lambda path: path.write_text(
        "\n".join(f"{gene}\t{' '.join(row)} " for gene, row in zip(GENES, ROWS, strict=True))
    ),
    "word2vec.vec": lambda path: path.write_text(f"{len(GENES)} 12\n{SPACED}\n"),
    "words.txt": lambda path: path.write_text(SPACED),
    "words, counted.txt": lambda path: path.write_text(
        "gene " + " ".join(map(str, range(12))) + "\n" + SPACED
    ),
    "gzip.csv.gz": packed(gzip.compress),
    "bzip2.csv.bz2": packed(bz2.compress),
    "xz.csv.xz": packed(lzma.compress),
    "zstandard.csv.zst": packed(lambda raw: pa.compress(raw, "zstd", asbytes=True)),
}


@form("zip.csv.zip")
def _(path: Path) -> None:
    packed(lambda raw: raw)(inner := path.with_name("inner.csv"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, "inner.csv")


def write_ods(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    names = {key: f"urn:oasis:names:tc:opendocument:xmlns:{key}:1.0" for key in ("office", "table", "text")}

    def cell(value: Any) -> str:
        kind = "string" if isinstance(value, str) else f'float" office:value="{value}'
        return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    spaces = "".join(f' xmlns:{key}="{name}"' for key, name in names.items())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content{spaces}>"
            f'<office:body><office:spreadsheet><table:table table:name="one">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


@form("workbook.xlsx")
def _(path: Path) -> None:
    rows = [
        ("", "gene", *DIMS),
        *((n, g, *r) for n, (g, r) in enumerate(zip(GENES, NOISE.tolist(), strict=True))),
    ]
    write_xlsx(path, vectors=rows_of(*rows), other=rows_of(("a", 1)))


@form("sheet.ods")
def _(path: Path) -> None:
    write_ods(path, [("gene", *DIMS), *((g, *r) for g, r in zip(GENES, NOISE.tolist(), strict=True))])


FORMS |= {
    "pandas default.csv": lambda path: FLAT.to_csv(path),
    "pandas without index.csv": lambda path: FLAT.to_csv(path, index=False),
    "pandas named index.csv": lambda path: FRAME.to_csv(path),
    "pandas RangeIndex.parquet": lambda path: FLAT.to_parquet(path),
    "pandas named index.parquet": lambda path: FRAME.to_parquet(path),
    "pandas unnamed index of genes.parquet": lambda path: FRAME.rename_axis(None).to_parquet(path),
    "pandas filtered.parquet": lambda path: (
        pd.concat([FLAT.head(0), FLAT]).set_axis([2 * n + 9 for n in COUNTED]).to_parquet(path)
    ),
    "pandas integer index named.parquet": lambda path: FLAT.set_axis(
        pd.Index([3 * n for n in COUNTED], name="entry")
    ).to_parquet(path),
    "pandas numbers for titles.csv": lambda path: FRAME.set_axis(range(12), axis=1).to_csv(path),
    "pandas records.json": lambda path: FLAT.to_json(path, orient="records", double_precision=15),
    "pandas records.jsonl": lambda path: FLAT.to_json(
        path, orient="records", lines=True, double_precision=15
    ),
    "pandas columns.json": lambda path: FLAT.to_json(path, double_precision=15),
    "pandas columns of genes.json": lambda path: FRAME.to_json(path, double_precision=15),
    "pandas index.json": lambda path: FRAME.to_json(path, orient="index", double_precision=15),
}


def parquet(columns: dict[str, Any], **options: Any) -> Writer:
    return lambda path: pq.write_table(pa.table(columns), path, **options)


NUMBERED = {name: NOISE[:, place] for place, name in enumerate(DIMS)}
FLATTENED = pa.array(NOISE.ravel())
FORMS |= {
    "float32.parquet": parquet({"gene": GENES, **NUMBERED}),
    "float64.parquet": parquet({"gene": GENES, **{name: c.astype(float) for name, c in NUMBERED.items()}}),
    "batches.parquet": parquet({"gene": GENES, **NUMBERED}, row_group_size=7),
    "polars row index.parquet": parquet(
        {"index": pa.array(COUNTED, pa.uint32()), "gene": pa.array(GENES, pa.large_string()), **NUMBERED}
    ),
    "string view.parquet": parquet({"gene": pa.array(GENES, pa.string_view()), **NUMBERED}),
    "binary.parquet": parquet({"gene": pa.array([g.encode() for g in GENES], pa.binary()), **NUMBERED}),
    "dictionary.parquet": parquet({"gene": pa.array(GENES).dictionary_encode(), **NUMBERED}),
    "identifier and flag.parquet": parquet(
        {
            "ncbi_id": pa.array([None, *range(1, len(GENES))], pa.int64()),
            "gene": GENES,
            **NUMBERED,
            "essential": [n > 30 for n in COUNTED],
        }
    ),
    "lists.parquet": parquet({"gene": GENES, "vector": pa.array(NOISE.tolist(), pa.list_(pa.float32()))}),
    "lists of doubles.parquet": parquet({"n": COUNTED, "gene": GENES, "vector": NOISE.tolist()}),
    "large lists.parquet": parquet(
        {"gene": GENES, "vector": pa.array(NOISE.tolist(), pa.large_list(pa.float32()))}
    ),
    "fixed lists.parquet": parquet(
        {"gene": GENES, "vector": pa.FixedSizeListArray.from_arrays(FLATTENED, 12)}
    ),
    "object.json": lambda path: path.write_text(json.dumps(dict(zip(GENES, NOISE.tolist(), strict=True)))),
    "records.json": lambda path: path.write_text(json.dumps(records(vector=True), indent=1)),
    "lines.jsonl": lambda path: path.write_text("\n".join(map(json.dumps, records(vector=True)))),
    "lines.json": lambda path: path.write_text("\n".join(map(json.dumps, records(vector=False)))),
    "lines.jsonl.gz": lambda path: path.write_bytes(
        gzip.compress("\n".join(map(json.dumps, records(vector=True))).encode())
    ),
    "a.npz": lambda path: np.savez(path, genes=np.array(GENES), vectors=NOISE),
    "objects.npz": lambda path: np.savez(path, genes=np.array(GENES, object), vectors=NOISE),
    "row numbers.npz": lambda path: np.savez(
        path, genes=np.array(GENES), vectors=np.column_stack([COUNTED, NOISE])
    ),
    "dictionary.npy": lambda path: np.save(path, dict(zip(GENES, NOISE, strict=True))),  # type: ignore[arg-type]
    "lists.pickle": lambda path: path.write_bytes(
        pickle.dumps(dict(zip(GENES, NOISE.tolist(), strict=True)), protocol=4)
    ),
    "arrays.pkl": lambda path: path.write_bytes(pickle.dumps(dict(zip(GENES, NOISE, strict=True)))),
}


def records(*, vector: bool) -> list[dict[str, Any]]:
    rows = NOISE.tolist()
    if vector:
        return [
            {"id": n, "gene": g, "vector": row} for n, (g, row) in enumerate(zip(GENES, rows, strict=True))
        ]
    return [{"gene": g, **dict(zip(DIMS, row, strict=True))} for g, row in zip(GENES, rows, strict=True)]


def annotated(path: Path, axis: str, names: Sequence[Any], matrices: dict[str, Any]) -> h5py.File:
    file = h5py.File(path, "w")
    other = "obs" if axis == "var" else "var"
    for group, index in ((axis, names), (other, [f"cell{n}" for n in range(12)])):
        frame = file.create_group(group)
        frame.attrs["_index"], frame.attrs["column-order"] = "_index", []
        frame["_index"] = [str(name) for name in index]
    for name, matrix in matrices.items():
        file[name] = matrix
    return file


@form("varm.h5ad")
def _(path: Path) -> None:
    annotated(path, "var", GENES, {"varm/vectors": NOISE, "obsm/X_umap": np.ones((12, 2))}).close()


@form("column of genes.h5ad")
def _(path: Path) -> None:
    with annotated(path, "var", COUNTED, {"varm/vectors": NOISE.astype(float)}) as file:
        file["var"].attrs["column-order"] = ["gene_symbol"]
        column = file["var"].create_group("gene_symbol")
        column["categories"] = sorted(GENES)
        column["codes"] = [sorted(GENES).index(gene) for gene in GENES]


@form("obsm.h5ad")
def _(path: Path) -> None:
    annotated(path, "obs", GENES, {"obsm/vectors": NOISE}).close()


@form("X.h5ad")
def _(path: Path) -> None:
    annotated(path, "obs", GENES, {"X": NOISE}).close()


@form("frame in varm.h5ad")
def _(path: Path) -> None:
    with annotated(path, "var", GENES, {}) as file:
        frame = file.create_group("varm/vectors")
        frame.attrs["_index"], frame.attrs["column-order"] = "_index", list(DIMS)
        frame["_index"] = list(GENES)
        for place, name in enumerate(DIMS):
            frame[name] = NOISE[:, place]


MATRICES: dict[str, Writer] = {
    "a.npy": lambda path: np.save(path, NOISE),
    "doubles.npy": lambda path: np.save(path, NOISE.astype(float)),
    "row numbers.npy": lambda path: np.save(path, np.column_stack([COUNTED, NOISE])),
    "bare.csv": lambda path: path.write_text(csv_text(ROWS)),
    "bare, counted.csv": lambda path: path.write_text(csv_text([range(12), *ROWS])),
    "bare, counted from 1.csv": lambda path: path.write_text(csv_text([range(1, 13), *ROWS])),
    "bare, titles.csv": lambda path: path.write_text(csv_text([DIMS, *ROWS])),
    "bare, pandas.csv": lambda path: path.write_text(
        csv_text([("", *range(12)), *([n, *row] for n, row in enumerate(ROWS))])
    ),
}
"""The same of matrices without names, whose genes are a file of their own."""


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_one_matrix(name: str, tmp_path: Path) -> None:
    FORMS[name](tmp_path / name)
    found = read_vectors(tmp_path / name)
    assert found.genes == GENES
    assert found.matrix.dtype == np.float32
    assert found.matrix.tobytes() == NOISE.tobytes()


@pytest.mark.parametrize("name", MATRICES)
def test_every_matrix_with_a_list_is_that_matrix(name: str, tmp_path: Path) -> None:
    MATRICES[name](tmp_path / name)
    (tmp_path / "genes.txt").write_text("\n".join(GENES))
    found = read_vectors(tmp_path / name, tmp_path / "genes.txt")
    assert found.genes == GENES
    assert found.matrix.tobytes() == NOISE.tobytes()
