"""An encoder with a linear head, for any architecture that AutoModel loads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.finetune.config import FinetuneConfig
from engine.finetune.folder import Encoder, Pooling, load_encoder
from store.errors import ModelError

_QUERY_VALUE: Final = re.compile(r"(q|v|query|value)(_lin|_proj)?|w?qkv(_proj)?", re.IGNORECASE)
"""Leaf names of the projections that LoRA adapts: `query` (BERT), `q_lin` (DistilBERT), `Wqkv`
(ModernBERT), ..."""
_DROPOUT_NAMES: Final = ("classifier_dropout", "seq_classif_dropout", "hidden_dropout_prob", "dropout")
"""Where configs keep the dropout before a classification head, most specific first."""

Batch = Mapping[str, Tensor]
"""input_ids and attention_mask [b, t], token_type_ids where the model takes them."""


class Classifier(nn.Module):  # type: ignore[misc]
    """Encoder, one vector for each text, dropout, linear head."""

    def __init__(self, encoder: nn.Module, pooling: Pooling | None, n_classes: int, seed: int) -> None:
        """Put a seeded head on `encoder`.

        Args:
            encoder: a loaded model.
            pooling: over the last hidden states; None: the encoder's pooler.
            n_classes: width of the logits.
            seed: of the head's weights, drawn as Hugging Face draws them.
        """
        super().__init__()
        config: Any = encoder.config
        self.encoder = encoder
        self.pooling = pooling
        self.dropout = nn.Dropout(_head_dropout(config))
        self.head = nn.Linear(_width(config, pooling), n_classes)
        init_linear(self.head, _initializer_range(config), seed)

    def features(self, batch: Batch) -> Tensor:
        """One vector for each text, [b, width]."""
        output = self.encoder(**batch)
        if self.pooling is None:
            pooled: Tensor = output.pooler_output
            return pooled
        return pool(output.last_hidden_state, batch["attention_mask"], self.pooling)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, [b, n_classes]."""
        logits: Tensor = self.head(self.dropout(self.features(batch)))
        return logits


def pool(states: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Token vectors [b, t, width] -> text vectors [b, width * number of modes], or as many as are kept."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    length = weights.sum(1).clamp(min=1)
    parts = []
    for mode in pooling.modes:
        if mode == "cls":
            parts.append(states[:, 0])
        elif mode == "max":
            parts.append(states.masked_fill(weights == 0, float("-inf")).amax(1))
        elif mode == "lasttoken":
            last = length.long().squeeze(-1) - 1
            parts.append(states[torch.arange(len(states), device=states.device), last])
        else:
            divisor = length.sqrt() if mode == "mean_sqrt_len_tokens" else length
            parts.append((states * weights).sum(1) / divisor)
    vectors = torch.cat(parts, -1)
    vectors = functional.normalize(vectors, dim=-1) if pooling.normalize else vectors
    if pooling.truncate_dim is None:
        return vectors
    kept = vectors[:, : pooling.truncate_dim]
    return functional.normalize(kept, dim=-1) if pooling.rescale else kept


def _width(config: Any, pooling: Pooling | None) -> int:
    """Numbers in a text's vector.

    Raises:
        ModelError: they are fewer than are to be kept.
    """
    width: int = config.hidden_size * (len(pooling.modes) if pooling else 1)
    kept = pooling.truncate_dim if pooling else None
    if kept is not None and kept > width:
        raise ModelError(
            f"The model gives vectors of {width} numbers, which cannot be cut to {kept}.",
            f"Set its truncate_dim to {width} or less.",
        )
    return kept or width


def load_classifier(
    folder: Path, config: FinetuneConfig, n_classes: int
) -> tuple[Classifier, Any, tuple[str, ...]]:
    """The model to train, its tokenizer, and what a reader of the result should know.

    Raises:
        ModelError: the folder cannot be used; the sentence names the file.
    """
    loaded = load_encoder(folder, config.dropout)
    encoder = loaded.module
    notes = list(loaded.notes)
    pooler = getattr(encoder, "pooler", None)
    native = _native_pooling(loaded, config)
    pooling: Pooling | None = native
    if config.head == "pooler" and isinstance(pooler, nn.Module):
        pooling = None
        notes += _complete_pooler(loaded, pooler, config.seed)
    elif config.head == "pooler":
        kind = type(encoder).__name__
        notes.append(f"{kind} has no pooler: the head sits on its own pooling ({_describe(native)}).")
    model = Classifier(encoder, pooling, n_classes, config.seed)
    if pooling is not None and isinstance(pooler, nn.Module):
        pooler.requires_grad_(False)
    if config.method != "full":
        encoder.requires_grad_(False)
    if config.method == "lora":
        model.encoder = _with_adapters(encoder, config)
        trained = sum(item.numel() for item in model.parameters() if item.requires_grad)
        notes.append(
            f"LoRA trains {trained:,} of {sum(p.numel() for p in model.parameters()):,} parameters."
        )
    return model, loaded.tokenizer, tuple(notes)


def init_linear(layer: nn.Linear, std: float, seed: int) -> None:
    """Normal weights and zero bias, from a generator of their own: other threads draw elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        layer.weight.normal_(0.0, std, generator=generator)
        layer.bias.zero_()


def _native_pooling(loaded: Encoder, config: FinetuneConfig) -> Pooling:
    own = loaded.pooling
    modes = own.modes if config.pooling is None else (config.pooling,)
    normalize = own.normalize if config.normalize is None else config.normalize
    return Pooling(modes, normalize, config.truncate_dim, rescale=bool(config.normalize))


def _complete_pooler(loaded: Encoder, pooler: nn.Module, seed: int) -> list[str]:
    if loaded.pooler_loaded:
        return []
    std = _initializer_range(loaded.module.config)
    for layer in pooler.modules():
        if isinstance(layer, nn.Linear):
            init_linear(layer, std, seed + 1)
    return ["The checkpoint has no pooler weights: the pooler starts from seeded random ones."]


def _with_adapters(encoder: nn.Module, config: FinetuneConfig) -> nn.Module:
    from peft import LoraConfig, inject_adapter_in_model

    targets = [
        name
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Linear) and _QUERY_VALUE.fullmatch(name.rsplit(".", 1)[-1])
    ]
    if not targets:
        raise ModelError(
            f"{type(encoder).__name__} has no attention projection that LoRA knows.",
            "Use the protocols finetune or linear-probe with this model.",
        )
    adapters = LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=targets)
    adapted: nn.Module = inject_adapter_in_model(adapters, encoder)
    generator = torch.Generator().manual_seed(config.seed + 2)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_A" in name:
                nn.init.kaiming_uniform_(parameter, a=5**0.5, generator=generator)
    return adapted


def _head_dropout(config: Any) -> float:
    for name in _DROPOUT_NAMES:
        value = getattr(config, name, None)
        if value is not None:
            return float(value)
    return 0.0


def _initializer_range(config: Any) -> float:
    return float(getattr(config, "initializer_range", None) or 0.02)


def _describe(pooling: Pooling) -> str:
    return " + ".join(pooling.modes) + (", unit length" if pooling.normalize else "")
