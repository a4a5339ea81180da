"""What a ranked table and a kind of text are called: written and read, nothing changes."""

from __future__ import annotations

import pytest
from fake_records import unit
from hypothesis import given
from hypothesis import strategies as st

from store.arm import Arm, Table
from store.errors import UsageError
from store.texts import TextName

words = st.text(min_size=1).filter(
    lambda word: " " not in word and not word.startswith(("text=", "scheme=", "set="))
)
arms = st.builds(
    Arm,
    st.text(min_size=1),
    st.just("paper") | st.lists(words, min_size=1, max_size=4).map(" ".join),
    st.just("facts") | st.text(),
    st.just("paper") | st.text(),
)


@given(arms)
def test_an_arm_is_read_as_it_was_written(arm):
    assert Arm.parse(str(arm)) == arm


@given(
    arms.filter(lambda arm: not arm.protocol.startswith("set=")),
    st.from_regex(r"[a-z0-9][a-z.]*", fullmatch=True),
)
def test_a_table_is_read_as_it_was_written(arm, task_set):
    assert Table.parse(str(Table(arm, task_set))) == Table(arm, task_set)


def test_the_papers_set_is_left_out():
    assert (str(Table(Arm("lr"))), str(Table(Arm("lr", "corrected"), "own"))) == (
        "lr",
        "lr corrected set=own",
    )
    with pytest.raises(UsageError, match="names no ranked table"):
        Table.parse("set=own")


@pytest.mark.parametrize(
    ("written", "arm"),
    [
        ("lr", Arm("lr")),
        ("lr-cv corrected", Arm("lr-cv", "corrected")),
        ("lr paper scaling=l2 C=0.5", Arm("lr", "paper scaling=l2 C=0.5")),
        ("rf text=summary@1a2b3c4d", Arm("rf", text="summary@1a2b3c4d")),
        (
            "rf corrected text='template:{symbol} = {name}'",
            Arm("rf", "corrected", "template:{symbol} = {name}"),
        ),
        ("rf scheme=chromosome", Arm("rf", scheme="chromosome")),
    ],
)
def test_the_usual_parts_are_left_out(written, arm):
    assert str(arm) == written
    assert Arm.parse(written) == arm


@pytest.mark.parametrize("written", ["", "  ", "lr text='summary"])
def test_what_names_no_table_is_told(written):
    with pytest.raises(UsageError, match="names no ranked table"):
        Arm.parse(written)


def test_a_unit_ranks_in_the_arm_of_its_specification():
    plain = unit()
    assert Arm.of(plain) == Arm("lr")
    other = unit(axes={"text": "summary"}, split={"scheme": "chromosome", "seed": 41})
    assert Arm.of(other) == Arm("lr", text="summary", scheme="chromosome")


recipes = st.text(min_size=1).filter(lambda text: not TextName.parse(text).digest)
digests = st.just("") | st.text("0123456789abcdef", min_size=8, max_size=8)


@given(st.builds(TextName, recipes, digests))
def test_the_name_of_texts_is_read_as_it_was_written(name):
    assert TextName.parse(str(name)) == name


def test_a_template_may_hold_an_at_sign():
    assert TextName.parse("template:{name} @ {locus}") == TextName("template:{name} @ {locus}")
    assert TextName.parse("template:{a}@{b}@1a2b3c4d") == TextName("template:{a}@{b}", "1a2b3c4d")
