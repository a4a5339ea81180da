"""Models, and how they turn texts into vectors: the part of the vocabulary that the first screen needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ModelKind = Literal["huggingface", "package", "static", "folder", "vectors", "endpoint", "control"]
Pooling = Literal["mean", "cls", "max", "lasttoken"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True)
class Model:
    """Something that turns texts into vectors, with what its card says about its correct use."""

    name: str
    """The name in tables and on the command line."""
    kind: ModelKind
    source: str
    """Hub id, installed package (of an encoder, or of static token vectors), folder, file of vectors,
    endpoint URL or control, according to `kind`."""
    revision: str = ""
    """SHA-256 of the files that its vectors depend on; of an endpoint, what its owner calls it. Part of
    every key, and empty until the files are on this machine and `find_model` has looked at them."""
    dimension: int | None = None
    parameters: int | None = None
    """True parameter count."""
    pooling: Pooling | None = None
    """As the card says; None: as the model's own files say."""
    normalize: bool | None = None
    """Whether vectors are scaled to unit length; None: as the model's own files say."""
    prefix: str = ""
    """What the card wants before each text, for classification."""
    max_tokens: int | None = None
    truncate_dim: int | None = None
    """Numbers that are kept of each vector; None: all, or as the model's own files say."""
    licence: str = ""
    paper_name: str = ""
    """Its row in the paper's tables, if it has one."""
    printed: Mapping[str, float] = field(default_factory=dict)
    """Figures as the paper prints them: parameters_million, memory_gb, mteb_classification."""
    note: str = ""
    """One sentence on a trap or a disagreement."""
    version: str = ""
    """Commit on the Hub, or version of the package: what is fetched or asked for."""
    digest: str = ""
    """The revision that it has to have, where the catalog or the user pins one."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Of kind `static`: what a folder of static vectors calls a file -> where the package has it."""
    control: bool = False
    """Whether it stands beside models to show what they are worth, and is never ranked."""


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """Everything besides model and text that can change a vector."""

    prefix: str = ""
    pooling: Pooling | None = None
    """None: as the model's own files say."""
    normalize: bool | None = None
    max_tokens: int | None = None
    precision: Precision = "fp32"
    truncate_dim: int | None = None
    """Numbers that are kept of each vector; None: all of them."""

    @property
    def spec(self) -> dict[str, Any]:
        """What stands in keys. `truncate_dim` does only where it is set: it came after the first keys."""
        spec = asdict(self)
        if self.truncate_dim is None:
            del spec["truncate_dim"]
        return spec
