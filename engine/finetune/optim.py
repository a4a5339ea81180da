"""AdamW and the learning rate, with the semantics of Hugging Face's Trainer."""

from __future__ import annotations

import math
import re
from typing import Final, Literal

import torch
from torch import nn

_NO_DECAY: Final = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")
PLATEAU_FACTOR: Final = 0.8
PLATEAU_PATIENCE: Final = 2


def decays(module: nn.Module) -> dict[str, bool]:
    """Trainable parameter name -> whether weight decay applies (not to biases and normalisations)."""
    norms = {name for name, part in module.named_modules() if isinstance(part, nn.LayerNorm)}
    return {
        name: not _NO_DECAY.search(name.lower()) and name.rpartition(".")[0] not in norms
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def adamw(module: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; its learning rate is set before every step."""
    decay = decays(module)
    named = {name: item for name, item in module.named_parameters() if item.requires_grad}
    groups = [
        {"params": [named[name] for name in named if decay[name]], "weight_decay": weight_decay},
        {"params": [named[name] for name in named if not decay[name]], "weight_decay": 0.0},
    ]
    # Fused: 0.3 s of a 16 s epoch against 1.4 s for the foreach and 1.8 s for the plain version.
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.999), eps=1e-8, fused=True)


class LearningRate:
    """The rate of every step: warm-up from 0, then linear decay to 0 or a plateau schedule.

    The plateau schedule multiplies by 0.8 after more than two epochs without a better AUC; torch's
    ReduceLROnPlateau decides, from the end of warm-up on. Where nothing is evaluated (stage 2) the
    rate then stays as it is.
    """

    def __init__(self, kind: Literal["linear", "plateau"], peak: float, steps: int, warmup: float) -> None:
        self.kind = kind
        self.peak = peak
        self.steps = steps
        self.warmup_steps = math.ceil(steps * warmup)
        self.taken = 0
        self.last = 0.0
        """The rate of the latest step."""
        # ReduceLROnPlateau works on an optimiser's groups; this one exists to be counted down.
        self._level = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        self._plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self._level, mode="max", factor=PLATEAU_FACTOR, patience=PLATEAU_PATIENCE
        )

    def next(self) -> float:
        """The rate for the step about to be taken."""
        if self.taken < self.warmup_steps:
            share = self.taken / max(1, self.warmup_steps)
        elif self.kind == "linear":
            share = max(0.0, (self.steps - self.taken) / max(1, self.steps - self.warmup_steps))
        else:
            share = float(self._level.param_groups[0]["lr"])
        self.taken += 1
        self.last = self.peak * share
        return self.last

    def after_epoch(self, auc: float | None) -> None:
        """Let the plateau schedule see the epoch's evaluation AUC."""
        if self.kind == "plateau" and auc is not None and self.taken >= self.warmup_steps:
            self._plateau.step(auc)
