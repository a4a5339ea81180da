"""`genearena genes`: the hardest genes, or one gene in every task."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from engine.plan.names import resolve_tasks
from store.errors import GeneArenaError, UsageError, nearest, unknown
from store.home import Home
from tui.commands.common import Session, command, json_option, put, put_json, put_table, say
from tui.ranked.figures import short

if TYPE_CHECKING:
    import duckdb

    from engine.data.genes.facts import Gene
    from tui.questions.hardest import Tests
    from tui.questions.nearest import Neighbour

_MOST: Final = 20
_NEAREST: Final = 8


@command("genes")
@click.argument("gene", required=False)
@click.option("--task", "--tasks", "tasks", multiple=True, metavar="A,B", help="Only of these tasks.")
@click.option("--protocol", default="", metavar="NAME", help="Only tests of this protocol; else of all.")
@click.option(
    "--most", type=click.IntRange(1), default=_MOST, show_default=True, help="Genes of a list at most."
)
@json_option
def genes_command(
    session: Session,
    gene: str | None,
    tasks: tuple[str, ...],
    protocol: str,
    most: int,
    as_json: bool,
) -> None:
    """The genes that models tell apart worst; or all about GENE: its classes, texts, what each model says
    of it, and which genes are near it.

    An error is the mean distance of the true class's probability from 1, over tests by contestants; from
    .5 it is wrong, from .75 surely.
    """
    chosen = tuple(resolve_tasks(session.home, tasks)) if tasks else ()
    home = session.saved
    from store import connect

    if not home.database.exists() and gene is None:
        say("Nothing is scored yet; `genearena run` does it.")
        return
    if gene is None:
        with connect(home) as connection:
            _put_hardest(connection, chosen, protocol, most, as_json)
        return
    found = _about(home, gene, chosen, protocol)
    put_json(found) if as_json else _put_gene(found)


# ---------------------------------------------------------------------------- lists


def _put_hardest(
    con: duckdb.DuckDBPyConnection, chosen: tuple[str, ...], protocol: str, most: int, as_json: bool
) -> None:
    from tui.questions.hardest import hardest, tested_tasks

    tasks = chosen or tested_tasks(con)
    lists = {task: hardest(con, task, protocol) for task in tasks}
    if as_json:
        put_json({task: [_as_json(asdict(one)) for one in found[:most]] for task, found in lists.items()})
        return
    for number, (task, found) in enumerate(lists.items()):
        if number:
            put("")
        if not found:
            say(f"No gene of {task} was tested yet; `genearena run --tasks {task}` does it.")
            continue
        surely = sum(one.tests.verdict == "surely wrong" for one in found)
        put(f"{task}: the hardest of {len(found)} tested genes; {surely} of them surely wrong")
        rows = [
            (
                one.gene,
                one.called,
                *_numbers(one.tests),
                f"{one.wrong} of {one.models}",
                one.tests.verdict,
            )
            for one in found[:most]
        ]
        put_table(("gene", "class", "error", "±", "tests", "models wrong", ""), rows, right={2, 3, 4, 5})


# ---------------------------------------------------------------------------- one gene


def _about(home: Home, asked: str, chosen: tuple[str, ...], protocol: str) -> dict[str, Any]:
    """All that is known of a gene, as JSON has it."""
    from engine.data.genes.identifiers import make_resolver
    from engine.data.tasks.shelf import SAMPLE
    from store import connect
    from tui.questions.genes import chosen_from, gene_detail, genes
    from tui.questions.hardest import told_of

    tasks = tuple(task for task in chosen_from(home) if not chosen or task.name in chosen)
    con = connect(home) if home.database.exists() else None
    try:
        names = [row.gene for row in genes(con, tasks)]
        resolver = make_resolver(home, SAMPLE)
        gene = asked
        if asked not in names:
            meaning = resolver.resolve(asked)
            known = [symbol for symbol in meaning.symbols if symbol in names]
            if not known:
                sentence, hint = unknown("gene in these tasks", asked, sorted(names))
                raise UsageError(
                    sentence, hint if nearest(asked, names) else "`genearena genes` lists some."
                )
            [gene, *_] = known
            say(f"{asked} is {gene} here ({meaning.step}).")
        detail = gene_detail(con, gene, tasks)
        labels = [(task, called) for task, called in detail.labels if not chosen or task in chosen]
        told = (
            [one for one in told_of(con, gene, protocol) if not chosen or one.task in chosen] if con else []
        )
        model, near, trouble = _near(con, home, gene)
        return {
            "gene": gene,
            **_facts(resolver.gene(gene)),
            "classes": [{"task": task, "class": called} for task, called in labels],
            "texts": list(detail.texts),
            "tests": [_as_json(asdict(one)) for one in told],
            "agreement": _agreements(con, home, gene, [task for task, _ in labels]) if con else {},
            "nearest": {"model": model, "genes": [asdict(one) for one in near], "trouble": trouble},
        }
    finally:
        if con is not None:
            con.close()


def _facts(gene: Gene | None) -> dict[str, Any]:
    if gene is None:
        return {"name": "", "aliases": [], "locus": "", "ncbi_id": "", "hgnc_id": ""}
    ids = {"ncbi_id": gene.ncbi_id, "hgnc_id": gene.hgnc_id}
    return {"name": gene.name, "aliases": [*gene.aliases], "locus": gene.locus, **ids}


def _near(con: duckdb.DuckDBPyConnection | None, home: Home, gene: str) -> tuple[str, list[Neighbour], str]:
    """The model with most results on the gene's tasks, the genes nearest by it, or why there are none."""
    from tui.questions.genes import embedded_genes
    from tui.questions.nearest import neighbours

    return neighbours(gene, embedded_genes(con, gene) if con else None, home, _NEAREST)


def _agreements(
    con: duckdb.DuckDBPyConnection, home: Home, gene: str, tasks: list[str]
) -> dict[str, dict[str, Any]]:
    """Task -> of a gene's nearest there, how many share its class, by the model with most results."""
    from tui.questions.maps import AGREEING, gene_map, mapped

    found = {}
    for task in dict.fromkeys(tasks):
        for of in mapped(con, task)[:1]:
            try:
                shown = gene_map(con, home, of)
            except GeneArenaError:
                continue
            place = shown.find(gene)
            if place is not None:
                found[task] = {"model": of.model, "agree": shown.dots[place].agree, "of": AGREEING}
    return found


def _put_gene(found: dict[str, Any]) -> None:
    from tui.questions.maps import agreement

    put(f"{found['gene']}  {found['name']}".rstrip())
    ids = [
        found["locus"],
        f"NCBI {found['ncbi_id']}" if found["ncbi_id"] else "",
        found["hgnc_id"],
        f"also {', '.join(found['aliases'])}" if found["aliases"] else "",
    ]
    if line := ", ".join(filter(None, ids)):
        put(line)
    for text in found["texts"][:1]:
        put("")
        put(text)
    put("")
    agree = found["agreement"]
    classes = itertools.groupby(found["classes"], key=lambda one: one["task"])
    rows = [
        (
            task,
            " and ".join(one["class"] for one in group),
            agreement(agree[task]["agree"], agree[task]["of"]) if task in agree else "",
        )
        for task, group in classes
    ]
    put_table(("task", "class", "nearest of its class"), rows)
    put("")
    if found["tests"]:
        tests = [
            (
                one["task"],
                one["model"],
                short(one["error"]),
                "" if one["sd"] is None else short(one["sd"]),
                one["tests"],
                one["verdict"],
            )
            for one in found["tests"]
        ]
        put_table(("task", "model", "error", "±", "tests", ""), tests, right={2, 3, 4})
    else:
        put(f"{found['gene']} was in no test set yet; `genearena run` tests it.")
    put("")
    near = found["nearest"]
    if near["trouble"]:
        put(near["trouble"])
        return
    put(f"Nearest by {near['model']}:")
    rows = [(one["gene"], short(one["similarity"]), one["labels"]) for one in near["genes"]]
    put_table(("gene", "cosine", "classes"), rows, right={1})


# ---------------------------------------------------------------------------- numbers


def _numbers(tests: Tests) -> tuple[str, str, int]:
    return short(tests.error), "" if tests.sd is None else short(tests.sd), tests.tests


def _as_json(record: dict[str, Any]) -> dict[str, Any]:
    """The same with what its tests say among its own members."""
    from tui.questions.hardest import Tests

    tests = record.pop("tests")
    called = record.pop("called")
    return {**record, "class": called, **tests, "verdict": Tests(**tests).verdict}
