"""What is guessed of a name that is not known: only what is near."""

from __future__ import annotations

import pytest

from store.errors import nearest, unknown

MODELS = "all-MiniLM-L6-v2", "e5-small", "OpenAI", "wordllama-256"


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("minilm", MODELS, "all-MiniLM-L6-v2"),
        ("word", MODELS, "wordllama-256"),
        ("e5-smal", MODELS, "e5-small"),
        ("openia", MODELS, "OpenAI"),
        ("lc-cv", ("lr", "lr-cv", "rf"), "lr-cv"),
        ("all", MODELS, ""),
        ("NOSUCHGENE", ("NOS1", "CHEK1", "SUCO", "ENO1"), ""),
        ("", MODELS, ""),
    ],
)
def test_only_a_near_name_is_guessed(name, known, meant):
    assert nearest(name, known) == meant
    hint = unknown("thing", name, known)[1]
    assert hint == (f"Did you mean {meant!r}?" if meant else f"Known: {', '.join(known)}.")
