"""Tiny random BERTs in folders laid out as the catalog's models are on the Hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from engine.catalog.local import snapshot
from engine.catalog.models import find_model
from store.records import Model

WORDS = [f"gene{number}" for number in range(60)] + ["query", ":", ".", "encodes", "a", "kinase"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LIMIT = 64
"""Positions of the tiny models; `TEXTS` has some longer than that."""


@dataclass(frozen=True)
class Layout:
    """What a model's folder holds."""

    pooling: str = "mean"
    normalize: bool = True
    modules: bool = True
    pickled: bool = False
    half: bool = False
    max_seq_length: int = LIMIT


LAYOUTS = {
    "GIST-small-Embedding-v0": Layout("cls"),
    "NoInstruct-small-Embedding-v0": Layout(modules=False),
    "stella-base-en-v2": Layout(modules=False, pickled=True, half=True),
    "e5-small-v2": Layout(),
    "GIST-all-MiniLM-L6-v2": Layout(max_seq_length=LIMIT // 2),
    "gte-small": Layout(half=True),
    "bge-small-en-v1.5": Layout("cls"),
    "MedEmbed-small-v0": Layout("cls"),
    "gte-tiny": Layout(normalize=False, half=True),
    "e5-small": Layout(),
    "BioBERT": Layout(modules=False, pickled=True),
}

TEXTS = tuple(
    " ".join(WORDS[(7 * row + 3 * place * place) % len(WORDS)] for place in range(1 + (row * 13) % 80))
    for row in range(40)
)
"""Unlike each other, of 1 to 80 words, several of each length."""


def make_folder(folder: Path, layout: Layout, *, width: int = 32) -> Path:
    """Save a tiny BERT in `folder`."""
    torch.manual_seed(len(str(layout)))
    config = BertConfig(
        vocab_size=len(SPECIAL) + len(WORDS),
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=2 * width,
        max_position_embeddings=LIMIT,
        pad_token_id=0,
        initializer_range=0.3,  # far enough from zero for texts to differ
    )
    model = BertModel(config)
    model = model.half() if layout.half else model
    model.save_pretrained(folder)
    if layout.pickled:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    _tokenizer().save_pretrained(folder)
    if layout.modules:
        _write_modules(folder, layout, width)
    return folder


def install(layout: Layout, name: str) -> tuple[Model, Path]:
    """The catalog's model `name` with a tiny folder where the Hub's cache would have the real one."""
    model = find_model(name)
    folder = snapshot(model.source, model.version)
    folder.mkdir(parents=True)
    make_folder(folder, layout)
    return find_model(name), folder


def _tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    core = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    core.normalizer = normalizers.BertNormalizer(lowercase=True)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"}
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_max_length=LIMIT,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{role}_token": token for role, token in names.items()},
    )


def _write_modules(folder: Path, layout: Layout, width: int) -> None:
    steps = ["", "1_Pooling"] + (["2_Normalize"] if layout.normalize else [])
    kinds = ["Transformer", "Pooling", "Normalize"]
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(zip(steps, kinds, strict=False))
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    pooling = {
        "word_embedding_dimension": width,
        "pooling_mode_cls_token": layout.pooling == "cls",
        "pooling_mode_mean_tokens": layout.pooling == "mean",
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    limits = {"max_seq_length": layout.max_seq_length, "do_lower_case": False}
    (folder / "sentence_bert_config.json").write_text(json.dumps(limits))
