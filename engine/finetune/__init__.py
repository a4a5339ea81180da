"""Fine-tuning an encoder for a gene task: the paper's two stages, cheaper arms, and many splits at once.

Importing the package costs nothing; torch and transformers load when `finetune` or
`finetune_stacked` is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.finetune.config import FinetuneConfig
from engine.plan.sweep import sweep_overrides

if TYPE_CHECKING:
    from engine.finetune.loop import Finetuned, finetune
    from engine.finetune.stacked import finetune_stacked

__all__ = ["FinetuneConfig", "Finetuned", "finetune", "finetune_stacked", "sweep_overrides"]


def __getattr__(name: str) -> Any:
    if name in ("Finetuned", "finetune"):
        from engine.finetune import loop

        return getattr(loop, name)
    if name == "finetune_stacked":
        from engine.finetune.stacked import finetune_stacked

        return finetune_stacked
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
