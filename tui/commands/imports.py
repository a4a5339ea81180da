"""`genearena import` and `genearena fetch`: your own data, and the public files the arena can use."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.plan.names import names
from store.errors import UsageError
from store.files import user_path
from tui.commands.common import Session, command, json_option, put, put_json, say
from tui.commands.narrate import Narrator, bytes_line

if TYPE_CHECKING:
    from engine.data.formats.choices import Choices
    from engine.data.importers import DescriptionsReport, GenesReport, ImportReport
    from engine.data.importers.vector_report import VectorReport
    from store.home import Home

_OWNERS: Final = {
    "kind": "task",
    "title": "task",
    "positive": "task",
    "sheet": "task or vectors or descriptions",
    "gene_column": "task",
    "label_column": "task",
    "text_column": "task",
    "sets": "task",
    "classes": "task",
    "label_from": "task",
    "threshold": "task",
    "quantiles": "task",
    "keep_unmapped": "task",
    "covered_by": "task",
    "genes": "vectors",
    "key": "vectors",
}
"""What an option is for."""
_CHOICES: Final = (
    "positive", "sheet", "gene_column", "label_column", "text_column", "sets", "classes", "label_from",
    "threshold", "quantiles",
)  # fmt: skip
"""Those of a label file."""
_UNSET: Final[tuple[object, ...]] = ("", "auto", None, (), 0.0, False)


@command("import")
@click.argument("what", type=click.Choice(["task", "vectors", "descriptions", "genes"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Its name from now on.  [default: the file's]")
@click.option("--kind", default="auto", show_default=True, help="Task: the format of the file.")
@click.option("--title", default="", help="Task: a line to show.")
@click.option("--positive", default="", metavar="CLASS", help="Task: the positive one of two classes.")
@click.option("--sheet", default="", metavar="NAME", help="Of a workbook; its first if not named.")
@click.option("--gene-column", default="", metavar="NAME", help="Task: the column that names the genes.")
@click.option("--label-column", default="", metavar="NAME", help="Task: the column of classes.")
@click.option("--text-column", default="", metavar="NAME", help="Task: the column of descriptions.")
@click.option(
    "--set", "sets", multiple=True, metavar="NAME", help="Task: a gene set, against another or the rest."
)
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="CLASS:CONDITION",
    help="Task: a class by numbers, as 'down: padj < 0.05 and log2FoldChange < 0'.",
)
@click.option("--label-from", default="", metavar="COLUMN", help="Task: a column of numbers to cut in two.")
@click.option("--threshold", default="", metavar="'<0.05'", help="Task: where to cut it.")
@click.option("--quantiles", default=0.0, help="Task: the lowest against the highest share, as 0.25.")
@click.option(
    "--keep-unmapped", is_flag=True, help="Task: keep names that are not known genes as they are."
)
@click.option(
    "--covered-by",
    multiple=True,
    metavar="A,B",
    help="Task: only its genes that these tables of vectors have; FILE may name a task.",
)
@click.option(
    "--genes", type=click.Path(path_type=Path), help="Vectors: one gene a line, for a bare matrix."
)
@click.option("--key", default="", metavar="NAME", help="Vectors: which of several matrices or lists.")
@click.option("--preview", is_flag=True, help="Show what would be made of FILE, and write nothing.")
@json_option
def import_command(
    session: Session,
    what: str,
    file: Path,
    name: str,
    preview: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Import FILE: a task's labels, a table of gene vectors, gene descriptions, or a gene table.

    A task is a table of genes and labels (CSV, Excel, Parquet, ...), or of genes and numbers to make
    classes of (--class, --label-from); a folder of gene lists; a GMT of gene sets; a Geneformer pickle; or
    a gene-benchmark folder. Genes may be symbols, aliases, Ensembl, NCBI or HGNC ids; every step is told.
    All human genes are known without a network. A gene table, which then comes first, is NCBI's
    gene_info or gene2ensembl or HGNC's complete set.
    """
    if what == "genes" and name:
        raise UsageError("A gene table keeps its own name.", "Leave --name out.")
    from engine.data.importers.names import plain_name

    for option, owner in _OWNERS.items():
        if what not in owner.split(" or ") and chosen[option] not in _UNSET:
            raise UsageError(f"--{_written(option)} is for {owner}, not for {what}.")
    if preview:
        _preview(session.home, what, user_path(file), name, as_json, chosen)
        return
    if chosen["covered_by"]:
        _import_covered(session.writable(), file, name, as_json, chosen)
        return
    name = name or plain_name(user_path(file).name.partition(".")[0])
    _IMPORTERS[what](session.writable(), file, name, as_json, chosen)


def _written(option: str) -> str:
    return {"sets": "set", "classes": "class"}.get(option, option.replace("_", "-"))


def _preview(home: Home, what: str, file: Path, name: str, as_json: bool, chosen: dict[str, Any]) -> None:
    if what == "genes" or chosen["covered_by"]:
        raise UsageError(
            "--preview is for a task, vectors or descriptions.", "Leave it out, or --covered-by."
        )
    from engine.data.preview import LabelFile, lines_of, look_at_descriptions, look_at_vectors

    if what == "task":
        looked = LabelFile(file, home, chosen["kind"])
        shown = looked.look(_choices(chosen), keep_unmapped=chosen["keep_unmapped"])
    elif what == "vectors":
        shown = look_at_vectors(file, home, chosen["genes"], chosen["key"] or chosen["sheet"])
    else:
        shown = look_at_descriptions(file, home, chosen["sheet"])
    if name and shown.command:
        shown = replace(shown, command=f"{shown.command} {shlex.join(['--name', name])}")
    if as_json:
        put_json(asdict(shown))
        return
    for line in lines_of(shown):
        put(line)
    how = "" if shown.problem else "; the same command without --preview imports it"
    say(f"Nothing was written{how}.")


def _choices(chosen: dict[str, Any]) -> Choices:
    from engine.data.formats.choices import Choices

    return Choices(**{option: chosen[option] for option in _CHOICES})


def _import_task(home: Home, file: Path, name: str, as_json: bool, chosen: dict[str, Any]) -> None:
    from engine.data.importers import import_task

    report = import_task(
        user_path(file),
        name,
        home,
        chosen["kind"],
        title=chosen["title"],
        choices=_choices(chosen),
        keep_unmapped=chosen["keep_unmapped"],
    )
    _put_task(report, as_json)


def _import_covered(home: Home, file: Path, name: str, as_json: bool, chosen: dict[str, Any]) -> None:
    from engine.catalog.models import find_model
    from engine.data.importers import import_covered

    for option in ("kind", "title", "keep_unmapped", *_CHOICES):
        if chosen[option] not in _UNSET:
            raise UsageError(
                f"--{_written(option)} does not go with --covered-by.", "Import the whole task first."
            )
    models = [find_model(one, home) for one in names(chosen["covered_by"])]
    _put_task(import_covered(str(file), models, name, home), as_json)


def _put_task(report: ImportReport, as_json: bool) -> None:
    use = f"`genearena run --tasks {report.name} --rank` runs it and prints the ranked tables."
    _put_report(report, as_json, report.lines, f"All of it is in {report.folder}/report.json.", use)


def _import_vectors(home: Home, file: Path, name: str, as_json: bool, chosen: dict[str, Any]) -> None:
    from engine.data.importers.vectors import adopt_vectors

    report = adopt_vectors(user_path(file), name, home, chosen["genes"], chosen["key"] or chosen["sheet"])
    _put_report(report, as_json, report.lines, f"`genearena run --models {report.name}` uses them.")


def _import_descriptions(home: Home, file: Path, name: str, as_json: bool, chosen: dict[str, Any]) -> None:
    from engine.data.importers import import_descriptions

    report = import_descriptions(user_path(file), name, home, chosen["sheet"])
    _put_report(report, as_json, (), f"`genearena run --descriptions {report.name}` uses them.")


def _import_genes(home: Home, file: Path, _name: str, as_json: bool, _: dict[str, Any]) -> None:
    from engine.data.importers import import_genes

    _put_report(import_genes(user_path(file), home), as_json)


def _put_report(
    report: ImportReport | VectorReport | DescriptionsReport | GenesReport,
    as_json: bool,
    lines: Sequence[str] = (),
    *hints: str,
) -> None:
    if as_json:
        put_json({**asdict(report), "notes": report.notes})
        return
    for line in (report.sentence, *lines):
        put(line)
    for note in (*report.notes, *hints):
        say(note)


_IMPORTERS: Final[dict[str, Callable[[Home, Path, str, bool, dict[str, Any]], None]]] = {
    "task": _import_task,
    "vectors": _import_vectors,
    "descriptions": _import_descriptions,
    "genes": _import_genes,
}


@command("fetch")
@click.argument("what")
@click.argument("name", default="")
@json_option
def fetch_command(session: Session, what: str, name: str, as_json: bool) -> None:
    """Download WHAT: a public data set, `model NAME`, or `all`. What is here already is not fetched.

    An interrupted download goes on where it stopped; every file is checked before it takes its place.
    """
    from engine.fetch import choices, fetch

    if (what == "model") != bool(name):
        known = ", ".join(("model NAME", *choices()))
        raise UsageError(
            "A model is fetched by its name, and nothing else has one.", f"There are: {known}."
        )
    began: dict[str, tuple[float, int]] = {}
    files = []

    def progress(file: str, done: int, total: int) -> None:
        now = time.monotonic()
        start, before = began.setdefault(file, (now, done))  # what came in an earlier call took no time now
        rate = (done - before) / (now - start) if now > start else 0.0
        share = done / total if total else None
        narrator.bar(file, bytes_line(file, done, total, rate), 0 < total <= done, share)

    with contextlib.closing(Narrator()) as narrator:
        for got in fetch(what, session.writable(), model=name, progress=progress, offline=session.offline):
            narrator.line(f"{'fetched' if got.fresh else 'here already'}: {got.path}")
            files.append({"path": str(got.path), "size": got.size, "fresh": got.fresh})
    if as_json:
        put_json(files)
    else:
        fresh = [file for file in files if file["fresh"]]
        put(f"{len(fresh)} files fetched, {len(files) - len(fresh)} were here already")
