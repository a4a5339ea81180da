"""Tiny static token vectors in folders as sentence-transformers and model2vec write them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from hub_layouts import SPECIAL, WORDS
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WIDTH = 16
VECTORS = np.random.default_rng(3).normal(size=(len(SPECIAL) + len(WORDS), WIDTH)).astype(np.float16)


def tokenizer() -> Tokenizer:
    """One token a word; a text without words has none but the special ones."""
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def make_static(folder: Path, *, normalize: bool = False, dense: bool = False) -> Path:
    """A StaticEmbedding as sentence-transformers saves it."""
    torch.manual_seed(1)
    steps = [StaticEmbedding(tokenizer(), embedding_weights=VECTORS.astype(np.float32))]
    steps += [Dense(WIDTH, 12)] if dense else []
    steps += [Normalize()] if normalize else []
    SentenceTransformer(modules=steps, device="cpu").save(str(folder), create_model_card=False)
    return folder


def make_model2vec(folder: Path, *, normalize: bool = False, mapped: bool = False) -> Path:
    """A model2vec model; `mapped`: two tokens share each vector, weighted by token."""
    folder.mkdir(parents=True)
    tensors = {"embeddings": VECTORS}
    if mapped:
        tensors = {
            "embeddings": VECTORS[::2].copy(),
            "mapping": np.arange(len(VECTORS), dtype=np.int64) // 2,
            "weights": np.linspace(0.5, 2, len(VECTORS)),
        }
    save_file(tensors, folder / "model.safetensors")
    tokenizer().save(str(folder / "tokenizer.json"))
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": normalize}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def set_dim(folder: Path, dim: object) -> Path:
    """Let the files of a model folder say that its vectors are cut to `dim` numbers."""
    path = folder / "config_sentence_transformers.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**before, "truncate_dim": dim}))
    return folder
