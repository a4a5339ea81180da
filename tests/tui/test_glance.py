"""What the Plan screen says of a model: the paper's figures beside the card's, and how it can be had."""

from __future__ import annotations

import pytest

from store.home import find_home
from tui.choices import read_catalog
from tui.screens.plan_glance import glance


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bge-small-en-v1.5", "paper: 33M params, 0.12 GB, MTEB 72.2; card: MTEB 74.14"),
        ("stella-base-en-v2", "768 dim, 109.5M params"),
        ("stella-base-en-v2", "paper: 55M params, 0.2 GB, MTEB 75.3\n"),
        ("OpenAI", "card: MTEB 70.93"),
        ("OpenAI", "not on this machine: F downloads it"),
        ("gte-tiny", "not on this machine: F downloads it"),
    ],
)
def test_a_model_is_told_with_what_is_printed_of_it(name, words, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert words in glance("models", name, read_catalog(find_home(tmp_path)), None).plain


def test_a_model_of_which_nothing_is_printed_has_no_such_line(tmp_path):
    told = glance("models", "BioBERT", read_catalog(find_home(tmp_path)), None).plain
    assert "paper:" not in told
    assert "card:" not in told
