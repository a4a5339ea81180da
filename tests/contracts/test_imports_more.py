"""More of the contract of importers: what labs handed in and was once taken for something else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from imports_checks import FRESH
from imports_formats import GENES, TEXTS, take_labels, take_texts, take_vectors, write_parquet, write_rows

from engine.data.importers import import_descriptions, import_task
from engine.data.importers.vectors import import_vectors
from engine.data.preview import LabelFile, look_at_descriptions, look_at_vectors
from store.errors import GeneArenaError
from store.home import Home, find_home

SYMBOLS = [gene.symbol for gene in GENES]
LABELS = ["case" if place < 13 else "control" for place in range(len(GENES))]
NUMBERS = np.random.default_rng(6).normal(size=(len(GENES), 3)).astype(np.float32)
ROLES = ("task", "descriptions", "vectors")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home").create()


def cells(role: str, place: int) -> list[str]:
    """What stands beside the gene."""
    if role == "vectors":
        return [repr(float(number)) for number in NUMBERS[place]]
    return [LABELS[place] if role == "task" else TEXTS[SYMBOLS[place]]]


def titles(role: str) -> list[str]:
    return {"task": ["label"], "descriptions": ["description"], "vectors": ["d1", "d2", "d3"]}[role]


def write(path: Path, role: str, title: str, names: list[str]) -> Path:
    return write_rows(
        path, [[title, *titles(role)], *([name, *cells(role, n)] for n, name in enumerate(names))]
    )


def take(role: str, path: Path, home: Home) -> object:
    if role == "task":
        return take_labels(path, home)
    return (take_texts if role == "descriptions" else take_vectors)(path, home)


LOOKS: dict[str, Callable[[Path, Home], object]] = {
    "task": lambda path, home: LabelFile(path, home).look(_choices()),
    "descriptions": look_at_descriptions,
    "vectors": look_at_vectors,
}


def _choices() -> object:
    from engine.data.formats.choices import Choices

    return Choices()


def refused(role: str, path: Path, home: Home) -> str:
    """The sentences with which the import refuses; the preview refuses with it."""
    imports = {"task": import_task, "descriptions": import_descriptions, "vectors": import_vectors}
    with pytest.raises(GeneArenaError) as error:
        imports[role](path, FRESH, home)
    with contextlib.suppress(GeneArenaError):
        assert LOOKS[role](path, home).problem, "the preview would import it"  # type: ignore[attr-defined]
    return f"{error.value.message} {error.value.hint}"


@pytest.mark.parametrize("title", ["hgnc_id", "HGNC ID", "HGNC"])
@pytest.mark.parametrize("role", ROLES)
def test_bare_numbers_under_a_title_of_hgnc_are_its_ids(
    role: str, title: str, home: Home, tmp_path: Path
) -> None:
    plain = [gene.hgnc_id.removeprefix("HGNC:") for gene in GENES]
    bare, full = (
        write(tmp_path / f"{n}.csv", role, title, names)
        for n, names in enumerate((plain, [gene.hgnc_id for gene in GENES]))
    )
    other = find_home(tmp_path / "other").create()
    assert take(role, bare, home) == take(role, full, other)


STRANGERS = {
    "accessions of RefSeq": lambda n: f"NM_{n:06d}.2",
    "transcripts of Ensembl": lambda n: f"ENST{n:011d}.1",
    "proteins of Ensembl": lambda n: f"9606.ENSP{n:011d}",
    "ids of another species": lambda n: f"ENSMUSG{n:011d}",
    "probes of an array": lambda n: f"{n + 1000}_s_at",
    "proteins of UniProt": lambda n: f"P9{n:04d}",
    "several genes in a cell": lambda n: f"{SYMBOLS[n]} /// {SYMBOLS[n - 1]}",
}


@pytest.mark.parametrize("what", STRANGERS)
@pytest.mark.parametrize("role", ROLES)
def test_names_of_no_human_gene_are_called_what_they_are(
    role: str, what: str, home: Home, tmp_path: Path
) -> None:
    path = write(tmp_path / "mine.csv", role, "gene", [STRANGERS[what](n) for n in range(len(GENES))])
    assert f"They look like {what}." in refused(role, path, home)


@pytest.mark.parametrize("role", ROLES)
def test_a_remark_below_the_table_is_quoted_with_its_line(role: str, home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", role, "gene", SYMBOLS)
    path.write_text(path.read_text() + "Source: DepMap\n")
    said = refused(role, path, home)
    assert f"has 1 column on line {len(GENES) + 2}, but" in said
    assert "'Source: DepMap'" in said


def record(role: str, place: int) -> dict[str, object]:
    beside = NUMBERS[place].tolist() if role == "vectors" else cells(role, place)[0]
    return {"gene": SYMBOLS[place], "vector" if role == "vectors" else titles(role)[0]: beside}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("indent", [None, 1])
def test_an_entry_of_a_json_list_is_counted_as_one(
    role: str, indent: int | None, home: Home, tmp_path: Path
) -> None:
    rows: list[object] = [record(role, place) for place in range(len(GENES))]
    rows[5] = 7
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(rows, indent=indent))
    assert "in entry 6" in refused(role, path, home)


def test_a_missing_number_is_said_by_what_the_file_counts(home: Home, tmp_path: Path) -> None:
    rows = [record("vectors", place) for place in range(len(GENES))]
    rows[5]["vector"] = [0.5, None, 0.5]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write_parquet(tmp_path / "a.parquet", {"gene": SYMBOLS, "v": [row["vector"] for row in rows]})
    for ending, where in (("json", "in entry 6"), ("jsonl", "on line 6"), ("parquet", "in row 6")):
        assert where in refused("vectors", tmp_path / f"a.{ending}", home)


def test_objects_inside_of_records_are_no_texts(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    rows = [{"gene": gene, "description": {"text": text}} for gene, text in TEXTS.items()]
    path.write_text(json.dumps(rows))
    assert "no text for any gene" in refused("descriptions", path, home)
    rows = [{"gene": gene, "description": text, "more": {"n": 1}} for gene, text in TEXTS.items()]
    path.write_text(json.dumps(rows))
    assert take("descriptions", path, home) == TEXTS


def test_a_sentence_with_commas_outside_of_quotation_marks_shifts_no_column(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("gene,description\n" + "".join(f"{gene},A protein, of a kind.\n" for gene in SYMBOLS))
    assert "has 3 columns on line 2, but 2 in its header" in refused("descriptions", path, home)


@pytest.mark.parametrize("role", ROLES)
def test_blanks_before_quotation_marks_are_none_of_the_cell(role: str, home: Home, tmp_path: Path) -> None:
    rows = [["gene", *titles(role)], *([gene, *cells(role, n)] for n, gene in enumerate(SYMBOLS))]
    good, spaced = tmp_path / "good.csv", tmp_path / "spaced.csv"
    write_rows(good, rows)
    quoted = ([cell.replace('"', '""') for cell in row] for row in rows)
    spaced.write_text("".join(", ".join(f'"{cell}"' for cell in row) + "\n" for row in quoted))
    assert take(role, spaced, home) == take(role, good, find_home(tmp_path / "other").create())


@pytest.mark.parametrize(
    "spellings",
    [
        ("non-case", "non\u2011case", "non\u2013case", "non\u2212case"),
        ("0", "0.", "0.00", "0e0"),
        ("-1", "\u22121", "-1.0", "-1."),
    ],
)
def test_dashes_and_points_make_no_class(spellings: tuple[str, ...], home: Home, tmp_path: Path) -> None:
    labels = ["7" if n < 13 else spellings[n % len(spellings)] for n in range(len(GENES))]
    rows = zip(SYMBOLS, labels, strict=True)
    found = take_labels(write_rows(tmp_path / "mine.csv", [("gene", "label"), *rows]), home)
    assert len({label for _, label in found}) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("gone", ["", "NA", "nan"])
def test_a_row_of_a_matrix_whose_name_is_missing_is_left_out(gone: str, home: Home, tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", NUMBERS)
    listed = tmp_path / "genes.txt"
    listed.write_text("\n".join([*SYMBOLS[:5], gone, *SYMBOLS[6:]]))
    report = import_vectors(tmp_path / "mine.npy", FRESH, home, listed)
    assert (report.genes, report.nameless) == (len(GENES) - 1, (6,))
    assert not report.unknown


@pytest.mark.parametrize(
    ("names", "key"), [(("genes", "vectors"), ""), (("symbol", "X"), ""), (("names", "b"), "b")]
)
def test_the_arrays_of_an_npz_may_have_any_name(
    names: tuple[str, str], key: str, home: Home, tmp_path: Path
) -> None:
    more = {"a": NUMBERS[:, :2]} if key else {}
    np.savez(tmp_path / "mine.npz", **{names[0]: np.array(SYMBOLS), names[1]: NUMBERS}, **more)
    if key:
        assert "has several matrices" in refused("vectors", tmp_path / "mine.npz", home)
    report = import_vectors(tmp_path / "mine.npz", FRESH, home, key=key)
    assert (report.genes, report.dimension) == (len(GENES), 3)


def test_a_number_with_commas_between_thousands_is_no_vector(home: Home, tmp_path: Path) -> None:
    rows = [[gene, *cells("vectors", n), f"{n + 1},234,567"] for n, gene in enumerate(SYMBOLS)]
    write_rows(tmp_path / "mine.csv", [["gene", *titles("vectors"), "length"], *rows])
    report = import_vectors(tmp_path / "mine.csv", FRESH, home)
    assert (report.dimension, [one.column for one in report.left_out]) == (3, ["length"])


FOREIGN = {
    "LZ4": b"\x04\x22\x4d\x18" + bytes(40),
    "a stream of Arrow": b"\xff\xff\xff\xff" + bytes(40),
    "an ORC file": b"ORC" + bytes(40),
    "a file of MATLAB": b"MATLAB 5.0 MAT-file, made by hand" + bytes(40),
    "a file of SPSS": b"$FL2@(#) SPSS" + bytes(40),
    "a file of Stata": b"<stata_dta><header>" + bytes(40),
    "an empty ZIP file": b"PK\x05\x06" + bytes(18),
    "UTF-32": "gene,label\n".encode("utf-32"),
    "a GCT table": b"#1.2\n2\t1\nName\tDescription\ta\nTP53\tna\t1\nMYC\tna\t2\n",
    "a table of HTML": b"<table border=1><tr><td>gene</td></tr></table>",
    "word2vec's binary form": b"2 3\nTP53 " + bytes(12) + b"\nMYC " + bytes(12),
}


@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("role", ROLES)
def test_a_file_of_another_program_is_named(role: str, what: str, home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(FOREIGN[what])
    assert what in refused(role, tmp_path / "mine.txt", home)
