from __future__ import annotations

import pytest

from engine.data.genes.facts import Gene
from engine.data.tasks.masking import label_stems, masker, stem
from engine.data.tasks.recipes import composer, effective_text, text_recipes
from store.errors import UsageError
from store.texts import TextName

HOXA1 = Gene(
    "HOXA1", name="homeobox A1", aliases=("HOX1F", "BSAS"), gene_type="protein-coding", locus="7p15.2"
)


def masked(text: str, *classes: str, gene: Gene = HOXA1) -> str:
    return masker(classes)(gene, text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("HOXA1 binds hoxa1 and HOXA10.", "binds and HOXA10."),
        ("Also known as HOX1F, BSAS. It binds.", "Also known as. It binds."),
        ("A gene (HOXA1, BSAS) of the HOX-family.", "A gene of the HOX."),
        ("Zinc fingers and a KRAB domain, twice.", "and a, twice."),
        ("Sandbox zincs are left.", "Sandbox zincs are left."),
        ("HOXA1", ""),
        ("", ""),
    ],
)
def test_symbols_aliases_and_words_of_families_go(text, left):
    assert masked(text) == left


def test_an_alias_that_a_pattern_would_misread():
    assert masked("It is c(A)+ or ca.", gene=Gene("X", aliases=("c(A)+",))) == "It is or ca."


def test_words_of_class_names_go_in_whatever_form():
    left = masked(
        "A sensitive, sensitivity, insensitive and coding gene of type 2.", "dosage-sensitive", "coding 2"
    )
    assert left == "A, insensitive and gene of type 2."


def test_words_that_any_text_has_are_no_class_words():
    assert label_stems(("Lys4-only", "non-methylated", "not 1 of 2")) == {"lys4", stem("methylated"), "non"}


@pytest.mark.parametrize(
    ("one", "other"), [("sensitive", "sensitivity"), ("bands", "band"), ("LOUDLY", "loud")]
)
def test_a_stem_is_shared(one, other):
    assert stem(one) == stem(other)


def test_every_recipe_can_be_masked():
    for name in text_recipes():
        if name.endswith("+masked"):
            plain = composer(name.removesuffix("+masked"))(HOXA1, "HOXA1 is a family of one.")
            found = composer(name, ("one", "two"))(HOXA1, "HOXA1 is a family of one.")
            assert found.text
            assert found.text != plain.text
            assert found.complete == plain.complete
            assert not {"HOXA1", "HOX1F", "homeobox", "family", "one"} & set(found.text.split())
    assert composer("template:{symbol}, a {type}+masked")(HOXA1, "").text == "a protein-coding"
    with pytest.raises(UsageError, match="no text recipe named 'fact'"):
        composer("fact+masked")


def test_a_name_that_stands_in_is_masked_too():
    assert composer("summary+masked")(HOXA1, "") == ("A1", False)
    assert composer("summary+masked")(Gene("XYZ1"), "") == ("gene", False)


def test_texts_that_a_task_brings_are_meant_masked_as_well():
    assert effective_text("facts+masked", True) == "summary+masked"
    assert effective_text("facts+masked", False) == "facts+masked"
    assert TextName.parse("summary+masked@1a2b3c4d") == TextName("summary+masked", "1a2b3c4d")
