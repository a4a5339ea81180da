"""Each architecture reads as many tokens as it has positions for, and no text depends on its company."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import architectures as arch
import numpy as np
import pytest
import torch
from hub_layouts import WORDS
from transformers import AutoModel

from engine.embedding.encoder import Encoder
from engine.embedding.folder import ENDLESS
from engine.embedding.loader import load_encoder
from engine.embedding.tokens import positions
from engine.finetune.batches import compact_vocabulary, tokenise
from engine.finetune.config import FinetuneConfig
from engine.finetune.model import load_classifier
from store.records import EmbeddingOptions, Model

LONG = " ".join(WORDS * 3)
TEXTS = ("gene1 gene2 gene3", "", LONG, "gene7", "gene3 gene2 gene1 gene1", LONG[:120])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def loaded(folder: Path, options: EmbeddingOptions | None = None) -> Encoder:
    return load_encoder(Model("mine", "folder", str(folder)), folder, options or EmbeddingOptions(), "cpu")


def vectors(encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
    rows = {}
    for places, made in encoder.encode(texts, threading.Event()):
        rows.update(zip(places, made, strict=True))
    return np.stack([rows[place] for place in range(len(texts))])


def padded(encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
    """All texts in one padded batch, as a GPU would have them."""
    encoder._rules.step, encoder._rules.budget = 1 << 20, 1 << 20
    encoder._packed = None
    return vectors(encoder, texts)


def taken(folder: Path) -> int:
    """The most tokens that the model itself can read, found by trying."""
    model, most = AutoModel.from_pretrained(folder).eval(), 0
    for length in range(arch.POSITIONS - 8, arch.POSITIONS + 8):
        ids = torch.full((1, length), 9)
        try:
            with torch.inference_mode():
                model(input_ids=ids, attention_mask=torch.ones_like(ids))
        except (IndexError, RuntimeError):
            return most
        most = length
    raise AssertionError("it takes any text")


@pytest.mark.parametrize("kind", [*arch.BEHIND_THE_PADDING, *arch.FROM_THE_START, "gpt2", "gpt_neo"])
def test_the_limit_is_what_the_model_can_read(kind: str, tmp_path: Path) -> None:
    folder = arch.save(tmp_path, kind)
    padding = arch.ALL[kind]["pad_token_id"]
    expected = arch.POSITIONS - (padding + 1 if kind in arch.BEHIND_THE_PADDING else 0)
    assert positions(AutoModel.from_pretrained(folder)) == taken(folder) == expected


@pytest.mark.parametrize("kind", arch.ENDLESS)
def test_where_nothing_is_counted_there_is_no_limit(kind: str, tmp_path: Path) -> None:
    model, tokenizer, _ = load_classifier(arch.save(tmp_path, kind), FinetuneConfig(max_tokens=500), 2)
    assert positions(model.encoder) == ENDLESS
    tokens, notes = tokenise(tokenizer, model.encoder, [LONG], FinetuneConfig(max_tokens=500))
    assert tokens.lengths == (len(LONG.split()) + 2,)
    assert notes == ()


@pytest.mark.parametrize("kind", arch.ALL)
def test_a_text_longer_than_the_model_is_cut_and_no_text_depends_on_another(
    kind: str, tmp_path: Path
) -> None:
    encoder = loaded(arch.save(tmp_path, kind))
    alone = np.concatenate([vectors(encoder, [text]) for text in TEXTS])
    assert np.isfinite(alone).all()
    assert len(np.unique(alone.round(4), axis=0)) == len(TEXTS)
    np.testing.assert_array_equal(vectors(encoder, TEXTS), alone)
    np.testing.assert_allclose(padded(encoder, TEXTS), alone, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", arch.ALL)
def test_fine_tuning_reads_as_much(kind: str, tmp_path: Path) -> None:
    config = FinetuneConfig(max_tokens=128, head="native")
    model, tokenizer, _ = load_classifier(arch.save(tmp_path, kind), config, 2)
    model.eval()
    tokens, notes = tokenise(tokenizer, model.encoder, TEXTS, config)
    limit = positions(model.encoder)
    assert max(tokens.lengths) == min(128, limit, len(LONG.split()) + 2 * (kind not in arch.DECODERS))
    assert bool(notes) == (limit < 128)
    with torch.inference_mode():
        together = model.features(tokens.batch(range(len(TEXTS))))
        alone = torch.cat([model.features(tokens.batch([row])) for row in range(len(TEXTS))])
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
        fewer = compact_vocabulary(model.encoder, tokens)
        compacted = model.features(fewer.batch(range(len(TEXTS))))
        torch.testing.assert_close(compacted, together, atol=0, rtol=0)


@pytest.mark.parametrize("kind", arch.DECODERS)
@pytest.mark.parametrize("pooling", ["mean", "lasttoken"])
def test_a_decoder_pools_over_its_texts_and_never_over_padding(
    kind: str, pooling: str, tmp_path: Path
) -> None:
    folder = arch.save(tmp_path, kind)
    encoder = loaded(folder, EmbeddingOptions(pooling=pooling))
    ids = torch.tensor([[6, 7, 8]])  # gene1 gene2 gene3
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(input_ids=ids).last_hidden_state[0]
    expected = states.mean(0) if pooling == "mean" else states[-1]
    np.testing.assert_allclose(padded(encoder, TEXTS)[0], expected.numpy(), atol=1e-5)


def test_more_tokens_than_there_are_positions_are_noted(tmp_path: Path) -> None:
    folder = arch.save(tmp_path, "mpnet")
    assert loaded(folder, EmbeddingOptions(max_tokens=38, pooling="mean")).notes == ()
    assert "cut at 38 tokens, not 39" in " ".join(loaded(folder, EmbeddingOptions(max_tokens=39)).notes)


@pytest.mark.parametrize("kind", arch.DECODERS)
def test_an_empty_text_is_the_token_that_pads(kind: str, tmp_path: Path) -> None:
    folder = arch.save(tmp_path, kind)
    config = FinetuneConfig(head="native")
    model, tokenizer, _ = load_classifier(folder, config, 2)
    tokens, _ = tokenise(tokenizer, model.encoder, ["", "gene1 gene2"], config)
    assert tokens.batch([0])["input_ids"].tolist() == [[2]]
    with torch.inference_mode():
        trained = model.eval().features(tokens.batch([0]))
    np.testing.assert_allclose(trained.numpy(), vectors(loaded(folder), [""]), atol=1e-6)
