"""What each text recipe writes, and that templates reach nothing but the named fields."""

from __future__ import annotations

import pytest

from engine.data.genes.facts import Gene
from engine.data.tasks.recipes import Composed, clean, composer, effective_text, text_recipes
from store.errors import UsageError

GENE = Gene(
    "TP53", ncbi_id="7157", hgnc_id="HGNC:11998", ensembl_ids=("ENSG00000141510",), mim_ids=("191170",),
    name="tumor protein p53", aliases=("P53", "LFS1"), locus="17p13.1", gene_type="protein-coding",
)  # fmt: skip
FACTS = "TP53: tumor protein p53. Also known as P53, LFS1. Gene type: protein-coding. Location: 17p13.1."
BARE = Gene("XYZ1")


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        ("facts", FACTS),
        ("symbol", "TP53"),
        ("symbol-name", "TP53: tumor protein p53"),
        ("summary", "It guards."),
        ("facts-summary", f"{FACTS} It guards."),
        ("template:{name} ({symbol}) at {locus}, {type}; {aliases}; {summary}",
         "tumor protein p53 (TP53) at 17p13.1, protein-coding; P53, LFS1; It guards."),
        ("template:{{{symbol}}}", "{TP53}"),
    ],
)  # fmt: skip
def test_recipe(recipe: str, text: str) -> None:
    assert composer(recipe)(GENE, "It guards.") == Composed(text, True)


def test_page_reads_like_the_page_in_its_order() -> None:
    text = composer("page")(GENE, "It guards.").text
    parts = (
        "Official Symbol TP53",
        "Official Full Name tumor protein p53",
        "Primary source HGNC:HGNC:11998",
        "ENSG00000141510",
        "MIM:191170",
        "Gene type protein coding",
        "Organism Homo sapiens",
        "Also known as P53; LFS1",
        "Summary It guards.",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_missing_facts_leave_their_sentence_out() -> None:
    assert composer("facts")(Gene("A", locus="1p"), "").text == "A. Location: 1p."
    assert (
        composer("facts")(Gene("A", name="alpha", aliases=("B",)), "").text == "A: alpha. Also known as B."
    )


@pytest.mark.parametrize(
    "recipe", [*(name for name in text_recipes() if "masked" not in name), "template:{summary}"]
)
def test_nothing_known_falls_back_to_name_or_symbol_and_says_so(recipe: str) -> None:
    expected = Composed("XYZ1", recipe == "symbol")
    assert composer(recipe)(BARE, "") == expected
    if "summary" in recipe:
        assert composer(recipe)(GENE, "") == Composed("tumor protein p53", False)


def test_default_recipe_gives_way_to_texts_that_are_brought() -> None:
    assert effective_text("facts", brings_texts=True) == "summary"
    assert effective_text("facts", brings_texts=False) == "facts"
    assert effective_text("symbol", brings_texts=True) == "symbol"


@pytest.mark.parametrize(
    "template",
    ["{symbol.__class__}", "{symbol[0]}", "{symbol!r}", "{symbol:>9999999999}", "{0}", "{}", "{symbol", "}",
     "{gene}", "no field", "", "{symbol:{name}}", "{__import__}"],
)  # fmt: skip
def test_template_tricks_are_refused(template: str) -> None:
    with pytest.raises(UsageError) as refused:
        composer(f"template:{template}")
    assert all(
        f"{{{name}}}" in refused.value.hint
        for name in ("symbol", "name", "aliases", "type", "locus", "summary")
    )


def test_values_are_not_templates_themselves() -> None:
    gene = Gene("{name}", name="{symbol.__class__}")
    assert composer("template:{symbol}|{name}")(gene, "").text == "{name}|{symbol.__class__}"


@pytest.mark.parametrize(
    ("summary", "stripped"),
    [
        ("Does things. [provided by RefSeq, Jul 2008]", "Does things."),
        ("Does things [provided by Alliance of Genome Resources, Apr 2022].", "Does things."),
        ("See [the page](https://x.org/a_b) for more.", "See the page for more."),
        ("See https://x.org/a?b=1 for more.", "See for more."),
        ("Seen (https://x.org) here.", "Seen here."),
        ("Updated on 5-Mar-2024. Next.", ". Next."),
        ("Known since 2001-02-03, and Jul 2008, and May 3, 2010.", "Known since, and, and."),
        ("March of 1999 genes; may 12 genes.", "March of 1999 genes; may 12 genes."),
    ],
)
def test_stripping(summary: str, stripped: str) -> None:
    assert clean(summary, "strip") == stripped
    assert clean(summary, "keep") == summary


def test_white_space_is_folded_either_way() -> None:
    assert clean("a\n  b\t c ", "keep") == "a b c"
