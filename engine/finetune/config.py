"""Every choice a fine-tuning run depends on, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from store.errors import UsageError, unknown

Method = Literal["full", "linear-probe", "lora"]

_METHODS: Final[Mapping[str, Method]] = {
    "finetune": "full",
    "linear-probe": "linear-probe",
    "lora": "lora",
}
_AT_LEAST_ONE: Final = ("batch_size", "epochs", "patience", "max_tokens", "rank", "alpha")
_AT_LEAST_ZERO: Final = ("seed", "stage2_epochs", "weight_decay", "learning_rate", "stage2_learning_rate")
_FRACTIONS: Final = ("warmup", "dropout")


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """One fine-tuning run; the defaults are what the paper's code really did."""

    method: Method = "full"
    """All weights, only the head on frozen features, or low-rank adapters and the head."""
    seed: int = 42
    """Seeds the head, the order of the texts and dropout, anew in each stage."""
    batch_size: int = 8
    """Texts to an optimiser step, however few of them fit in memory at once."""
    epochs: int = 20
    """Most epochs in stage 1."""
    learning_rate: float = 1e-5
    weight_decay: float = 0.2
    """Decoupled, on everything but biases and normalisations."""
    warmup: float = 0.1
    """Share of stage 1's steps over which the learning rate climbs from 0."""
    max_grad_norm: float = 0.7
    """Gradients are scaled down to this norm; 0 leaves them as they are."""
    patience: int = 5
    """Stage 1 ends after so many epochs in a row without a better AUC on the evaluation genes."""
    stage2_epochs: int = 10
    stage2_learning_rate: float = 1e-6
    max_tokens: int = 128
    """Texts are cut here, special tokens included."""
    head: Literal["pooler", "native"] = "pooler"
    """Linear head on BERT's next-sentence pooler, or on the pooling the model was trained with."""
    pooling: str | None = None
    """Of the native head; None: as the model's own files say."""
    normalize: bool | None = None
    """Whether the native head reads vectors of unit length; None: as the model's own files say."""
    truncate_dim: int | None = None
    """Numbers that the native head reads of each vector; None: all."""
    schedule: Literal["linear", "plateau"] = "linear"
    """Linear decay to 0, or 0.8 times the rate after more than two epochs without a better AUC."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16: weights stay in fp32, matrix products run in bfloat16."""
    prefix: str = ""
    """Put before every text."""
    rank: int = 8
    """Of the low-rank adapters."""
    alpha: float = 16
    """Adapters are scaled by alpha / rank."""
    dropout: float | None = None
    """None: as the model's config says; a number replaces every dropout in the model."""

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE:
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in _AT_LEAST_ZERO:
            self._require(name, getattr(self, name) >= 0, "at least 0")
        for name in _FRACTIONS:
            value = getattr(self, name)
            self._require(name, value is None or 0 <= value < 1, "from 0 to below 1")
        self._require("max_grad_norm", self.max_grad_norm >= 0, "at least 0")

    def _require(self, name: str, holds: bool, rule: str) -> None:
        if not holds:
            raise UsageError(
                f"Fine-tuning setting {name} is {getattr(self, name)!r}.", f"It has to be {rule}."
            )

    @classmethod
    def from_params(
        cls,
        protocol: str,
        params: Mapping[str, Any],
        axes: Mapping[str, Any],
        prefix: str = "",
        pooling: str | None = None,
        normalize: bool | None = None,
        truncate_dim: int | None = None,
    ) -> FinetuneConfig:
        """The run that a protocol's parameters and a unit's axes describe.

        Args:
            protocol: `finetune`, `linear-probe` or `lora`.
            params: parameters of the protocol, by field name of this class.
            axes: the unit's axes: finetune_tokens, finetune_head, finetune_schedule, precision
                and prefix are read; one that is missing keeps the paper's value.
            prefix: what the model's card wants before a text; used if the axis prefix is `card`.
            pooling: of what a frozen encoder gives; its head is always the native one.
            normalize: whether that is scaled to unit length.
            truncate_dim: numbers that are kept of it; None: all.

        Raises:
            UsageError: an unknown protocol or parameter, or a value out of range.
        """
        if protocol not in _METHODS:
            raise UsageError(
                f"{protocol!r} is not a fine-tuning protocol.", f"There are: {', '.join(_METHODS)}."
            )
        chosen: dict[str, Any] = {"method": _METHODS[protocol], **_checked(params)}
        for axis, name in _AXES.items():
            if axis in axes:
                chosen[name] = axes[axis]
        if chosen["method"] != "full":
            chosen |= {"head": "native", "pooling": pooling, "normalize": normalize}
            chosen["truncate_dim"] = truncate_dim
        chosen["prefix"] = prefix if axes.get("prefix", "none") == "card" else ""
        return cls(**chosen)


_AXES: Final[Mapping[str, str]] = {
    "finetune_tokens": "max_tokens",
    "finetune_head": "head",
    "finetune_schedule": "schedule",
    "precision": "precision",
}


def _checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """`params` with numbers in their field's type, so that 20 and "20" and 20.0 mean the same."""
    types = {item.name: str(item.type) for item in fields(FinetuneConfig)}
    settable = [name for name, kind in types.items() if kind.split(" |")[0] in ("int", "float")]
    checked: dict[str, Any] = {}
    for name, value in params.items():
        if name not in settable:
            raise UsageError(*unknown("parameter of fine-tuning", name, settable))
        checked[name] = _number(name, value, whole=types[name] == "int")
    return checked


def _number(name: str, value: Any, whole: bool) -> float | None:
    if value is None and name == "dropout":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if number != number or (whole and not number.is_integer()):
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"Fine-tuning setting {name} takes {kind}, not {value!r}.")
    return int(number) if whole else number
