"""Tiny random models of many architectures, saved as their own libraries save them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from hub_layouts import WORDS
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

SPECIAL: Final = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
POSITIONS: Final = 40
"""What the configs name, wherever positions begin."""

_ANY: Final = {
    "vocab_size": len(SPECIAL) + len(WORDS),
    "bos_token_id": 0,
    "eos_token_id": 2,
    "initializer_range": 0.3,
}
_ENCODER: Final = _ANY | {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": POSITIONS,
    "pad_token_id": 1,
}
_GPT: Final = _ANY | {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": POSITIONS}
_T5: Final = {
    "vocab_size": len(SPECIAL) + len(WORDS),
    "d_model": 16,
    "d_kv": 8,
    "d_ff": 32,
    "num_layers": 1,
    "num_heads": 2,
    "initializer_factor": 1.0,
    "decoder_start_token_id": 1,
    "pad_token_id": 1,
    "eos_token_id": 2,
}
_NO_PADDING: Final = {"pad_token_id": None}

BEHIND_THE_PADDING: Final[dict[str, dict[str, Any]]] = {
    "roberta": _ENCODER | {"pad_token_id": 4},
    "roberta-prelayernorm": _ENCODER,
    "xmod": _ENCODER | {"languages": ["en_XX"], "default_language": "en_XX"},
    "data2vec-text": _ENCODER,
    "longformer": _ENCODER | {"attention_window": [8]},
    "ibert": _ENCODER,
    "esm": _ENCODER | {"position_embedding_type": "absolute", "token_dropout": False, "mask_token_id": 4},
    "luke": _ENCODER | {"entity_vocab_size": 5, "entity_emb_size": 8},
    "xlm-roberta-xl": _ENCODER,
    "mpnet": _ENCODER,
}
"""Those whose positions begin after the number of their padding token."""
FROM_THE_START: Final[dict[str, dict[str, Any]]] = {
    "bert": _ENCODER,
    "opt": _ENCODER | {"ffn_dim": 32, "word_embed_proj_dim": 16},
    "roformer": _ENCODER,
}
"""Those with a place for each position that their config counts, whatever their padding token."""
ENDLESS: Final[dict[str, dict[str, Any]]] = {
    "xlnet": {**_ENCODER, "d_model": 16, "n_layer": 1, "n_head": 2, "d_inner": 32},
    "t5": _T5,
}
"""Those without positions."""
del ENDLESS["xlnet"]["max_position_embeddings"]
DECODERS: Final[dict[str, dict[str, Any]]] = {
    "gpt2": _GPT | _NO_PADDING,
    "gpt_neo": _ENCODER
    | _NO_PADDING
    | {"num_layers": 1, "num_heads": 2, "attention_types": [[["global"], 1]]},
    "llama": _ENCODER | _NO_PADDING,
}
"""Those that look back only, and whose tokenizers often name no token to pad with."""
ALL: Final = BEHIND_THE_PADDING | FROM_THE_START | ENDLESS | DECODERS


def save(folder: Path, kind: str, **changes: Any) -> Path:
    """Save a tiny model of `kind` with its tokenizer in `folder`."""
    torch.manual_seed(3)
    config = AutoConfig.for_model(kind, **(ALL[kind] | changes))
    AutoModel.from_config(config).save_pretrained(folder)
    _tokenizer(decoder=kind in DECODERS, pad=config.pad_token_id).save_pretrained(folder)
    return folder


def _tokenizer(decoder: bool, pad: int | None) -> PreTrainedTokenizerFast:
    """Words, between marks for an encoder; a decoder's makes no token of an empty text."""
    core = Tokenizer(
        models.WordLevel({word: row for row, word in enumerate([*SPECIAL, *WORDS])}, unk_token="<unk>")
    )
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    if not decoder:
        core.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
        )
    named = {} if pad is None else {"pad_token": SPECIAL[pad], "cls_token": "<s>", "sep_token": "</s>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
        **named,
    )
