"""Text recipes: how a gene's facts and summary become the sentence that is embedded."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from engine.data.genes.facts import Gene
from engine.data.tasks.masking import EMPTY_BRACKETS, MASKED, SPACES, Replacement, masker, replaced
from engine.files.outside import one_line
from store.errors import UsageError, unknown

Provenance = Literal["keep", "strip"]


class Composed(NamedTuple):
    """A gene's text and whether it is what the recipe asks for."""

    text: str
    complete: bool
    """False: the recipe found nothing to tell, and the name (or symbol) stands in."""


def _facts(gene: Gene, _summary: str) -> str:
    if not (gene.name or gene.aliases or gene.gene_type or gene.locus):
        return ""
    sentences = (
        f"{gene.symbol}: {gene.name}." if gene.name else f"{gene.symbol}.",
        f"Also known as {', '.join(gene.aliases)}." if gene.aliases else "",
        f"Gene type: {gene.gene_type}." if gene.gene_type else "",
        f"Location: {gene.locus}." if gene.locus else "",
    )
    return " ".join(filter(None, sentences))


def _symbol_name(gene: Gene, _summary: str) -> str:
    return f"{gene.symbol}: {gene.name}" if gene.name else ""


def _facts_summary(gene: Gene, summary: str) -> str:
    return f"{_facts(gene, '')} {summary}".strip() if summary else ""


def _page(gene: Gene, summary: str) -> str:
    """What NCBI's gene page prints around the summary, in its order, as far as it is known."""
    related = [f"Ensembl:{item}" for item in gene.ensembl_ids] + [f"MIM:{item}" for item in gene.mim_ids]
    parts = (
        f"Official Symbol {gene.symbol} provided by HGNC",
        f"Official Full Name {gene.name} provided by HGNC" if gene.name else "",
        f"Primary source HGNC:{gene.hgnc_id}" if gene.hgnc_id else "",
        f"See related {'; '.join(related)}" if related else "",
        f"Gene type {gene.gene_type.replace('-', ' ')}" if gene.gene_type else "",
        "Organism Homo sapiens Lineage Eukaryota; Metazoa; Chordata; Craniata; Vertebrata; Euteleostomi; "
        "Mammalia; Eutheria; Euarchontoglires; Primates; Haplorrhini; Catarrhini; Hominidae; Homo",
        f"Also known as {'; '.join(gene.aliases)}" if gene.aliases else "",
        f"Summary {summary}" if summary else "",
    )
    return " ".join(filter(None, parts)) if gene.name or summary else ""


_RECIPES: Final[Mapping[str, Callable[[Gene, str], str]]] = {
    "facts": _facts,
    "symbol": lambda gene, _summary: gene.symbol,
    "symbol-name": _symbol_name,
    "summary": lambda _gene, summary: summary,
    "facts-summary": _facts_summary,
    "page": _page,
}
_TEMPLATE: Final = "template:"
_FIELDS: Final[Mapping[str, Callable[[Gene, str], str]]] = {
    "symbol": lambda gene, _summary: gene.symbol,
    "name": lambda gene, _summary: gene.name,
    "aliases": lambda gene, _summary: ", ".join(gene.aliases),
    "type": lambda gene, _summary: gene.gene_type,
    "locus": lambda gene, _summary: gene.locus,
    "summary": lambda _gene, summary: summary,
}


def text_recipes() -> tuple[str, ...]:
    """The named recipes, plain and masked; besides them `template:` with fields in braces."""
    masked = (f"{name}{MASKED}" for name in _RECIPES if name != "symbol")  # of which nothing would be left
    return (*_RECIPES, *masked)


def effective_text(text: str, brings_texts: bool) -> str:
    """The recipe that is really used.

    `facts` is what a task is read by when it comes without texts. Where a description file or the
    task itself brings texts, they are meant to be used, so `facts` then means `summary`; whoever
    wants both takes `facts-summary`. Masked or not is all the same here.
    """
    recipe = text.removesuffix(MASKED)
    return "summary" + text.removeprefix(recipe) if recipe == "facts" and brings_texts else text


def composer(text: str, classes: Sequence[str] = ()) -> Callable[[Gene, str], Composed]:
    """The recipe named `text`, as a function of a gene and its summary ("" if there is none).

    Args:
        text: The recipe's name; with `+masked` behind it, the words that give a gene away are removed.
        classes: Names of the task's classes, whose words are among these.

    Raises:
        UsageError: no such recipe, or a template that names something else than the fields.
    """
    if text.endswith(MASKED):
        return _masked(composer(text.removesuffix(MASKED)), masker(classes))
    if text.startswith(_TEMPLATE):
        recipe = _template(text.removeprefix(_TEMPLATE))
    elif text in _RECIPES:
        recipe = _RECIPES[text]
    else:
        message, hint = unknown("text recipe", text, _RECIPES)
        raise UsageError(message, f"{hint} Or write your own: template:{{symbol}} is {{name}}.")

    def compose(gene: Gene, summary: str) -> Composed:
        written = recipe(gene, summary)
        return Composed(written or gene.name or gene.symbol, bool(written))

    return compose


def _masked(
    compose: Callable[[Gene, str], Composed], mask: Callable[[Gene, str], str]
) -> Callable[[Gene, str], Composed]:
    """The same texts, masked, also what stands in; where nothing is left, `gene` stands."""

    def masked(gene: Gene, summary: str) -> Composed:
        composed = compose(gene, summary)
        return Composed(mask(gene, composed.text) or "gene", composed.complete)

    return masked


def _template(pattern: str) -> Callable[[Gene, str], str]:
    """A pattern of literal text and plain field names; no attributes, indices or format codes."""
    try:
        pieces = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise UsageError(
            f"The text template {pattern!r} cannot be read: {error}.", _template_hint()
        ) from error
    names = [name for _, name, _, _ in pieces if name is not None]
    for _, name, code, conversion in pieces:
        if name is not None and (name not in _FIELDS or code or conversion):
            field = f"{name}{'!' + conversion if conversion else ''}{':' + code if code else ''}"
            raise UsageError(f"A text template has no field {{{field}}}.", _template_hint())
    if not names:
        raise UsageError(
            "The text template names no field, so all genes would read alike.", _template_hint()
        )

    def recipe(gene: Gene, summary: str) -> str:
        values = {name: _FIELDS[name](gene, summary) for name in names}
        if not any(values.values()):
            return ""
        return "".join(
            literal + (values[name] if name is not None else "") for literal, name, _, _ in pieces
        )

    return recipe


def _template_hint() -> str:
    return "Its fields are: " + ", ".join(f"{{{name}}}" for name in _FIELDS) + "."


_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_NOISE: Final[Sequence[Replacement]] = (
    (re.compile(r"\[(?:provided|supplied) by [^\]]*\]"), ""),
    (re.compile(r"\[([^\]]*)\]\(https?://[^)\s]*\)"), r"\1"),
    (re.compile(r"\(?https?://[^\s)\]]+\)?"), ""),
    (re.compile(rf"\b(?:[Uu]pdated on )?\d{{1,2}}[- ]{_MONTH}[- ]\d{{4}}\b"), ""),
    (re.compile(rf"\b{_MONTH} (?:\d{{1,2}}, )?(?:19|20)\d\d\b"), ""),
    (re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b"), ""),
    EMPTY_BRACKETS,
    (re.compile(r"\s+([.,;])"), r"\1"),
    SPACES,
)
"""Who provided a summary and when, links, dates, and the empty brackets and spaces they leave."""


def clean(summary: str, provenance: Provenance) -> str:
    """`summary` on one line; with `strip` without links, dates and who provided it."""
    if provenance == "strip":
        summary = replaced(summary, _NOISE)
    return one_line(summary)
