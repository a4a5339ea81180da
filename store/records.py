"""The vocabulary every layer speaks: models, tasks, units of work and what became of them.

Plain frozen values with no behaviour beyond their own identity; nothing here imports more than
the standard library. What the first screen needs of it stands in modules of its own, so that making all
the classes does not delay it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from store.identity import canonical_json, content_hash
from store.models import EmbeddingOptions, Model, ModelKind, Pooling, Precision

__all__ = [
    "PHASES", "SPEC_VERSION", "Audit", "AuditedGene", "Brought", "Cancelled", "ClassAudit", "CvTrial",
    "EmbeddingOptions", "Epoch", "Failed", "Metrics", "Model", "ModelKind", "Outcome", "Pooling",
    "Precision", "Prediction", "Scored", "Split", "Task", "Unit", "canonical_json", "config_of",
    "content_hash", "task_hash",
]  # fmt: skip

SPEC_VERSION = 1
"""Version of the layout of `Unit.spec`; part of every key."""

Brought = Literal["task", "vectors", "descriptions", "model"]
"""What a user can bring in, and remove."""


# ---------------------------------------------------------------------------- what can be chosen


@dataclass(frozen=True, slots=True)
class AuditedGene:
    """One identifier of a label list that needs a word: dropped, kept twice, or in two classes."""

    identifier: str
    symbol: str
    label: str
    reason: str
    """In the field's words: `duplicate`, `in more than one class`, `not mapped`, ..."""
    used: bool


@dataclass(frozen=True, slots=True)
class ClassAudit:
    """How one class shrank from the label file to the analysed genes."""

    label: str
    raw: int
    unique: int
    mapped: int
    with_text: int
    used: int


@dataclass(frozen=True, slots=True)
class Audit:
    """From label file to analysed genes, per class, with every exception named."""

    classes: tuple[ClassAudit, ...]
    genes: tuple[AuditedGene, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Labelled genes with texts, in the stable order every split is drawn from; with `clean` labels a
    split leaves some of them out.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    """Class names; a label is an index into them. With two classes, index 1 is the positive one
    (the paper's "class 1", always the first list of its label file)."""
    genes: tuple[str, ...]
    """Symbols (or the identifier as given), by NCBI id; one may stand twice with two labels."""
    labels: tuple[int, ...]
    texts: tuple[str, ...]
    audit: Audit
    source: str = ""
    recipe: str = "facts"
    """The text recipe that was really used, as `store.texts.TextName` writes it: with the first digits
    of the hash of a file of descriptions, so that different files never share a table."""
    described: tuple[bool, ...] = ()
    """Whether each gene has a text by the recipe, or only its name instead; empty: not known."""

    @property
    def hash(self) -> str:
        """SHA-256 of genes, labels and texts in order: what a number can depend on."""
        return task_hash(self.classes, self.genes, self.labels, self.texts)


def task_hash(
    classes: Sequence[str], genes: Sequence[str], labels: Sequence[int], texts: Sequence[str]
) -> str:
    """`Task.hash` of a task with these."""
    return content_hash([list(classes), list(genes), list(labels), list(texts)])


@dataclass(frozen=True, slots=True)
class Split:
    """Indices into a task's genes. LR and RF train on `train + evaluation`, in that order."""

    scheme: str
    seed: int
    train: tuple[int, ...]
    evaluation: tuple[int, ...]
    test: tuple[int, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the three index lists."""
        return content_hash([list(self.train), list(self.evaluation), list(self.test)])


# ---------------------------------------------------------------------------- units and outcomes


@dataclass(frozen=True, slots=True)
class Unit:
    """One model x task x protocol x axes x split: the smallest thing that is run, saved, skipped."""

    model: str
    task: str
    protocol: str
    preset: str
    """`paper` or `corrected`, followed by what was set apart from it (`paper scaling=l2 epochs=2`):
    a label, not part of the key, under which numbers rank together."""
    seed: int
    spec: Mapping[str, Any]
    """Everything that can change the number, and nothing else:
    {v, model: {kind, source, revision}, embedding: {...}, input: {prefix}, task: hash,
    protocol: {name, revision, params}, axes: {...}, split: {scheme, seed}}. `split.families` is there
    where the scheme keeps families of genes together: which ones. `embedding` is empty
    where the model itself is trained; `input.prefix` is then what stands before each text. A control is a
    `model` of that kind; `of` is then the one whose vectors it has, if it has any."""
    key: str = field(init=False, compare=False)
    """The first 40 hex digits of the SHA-256 of the canonical spec."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", content_hash(self.spec)[:40])

    @property
    def config(self) -> str:
        """12 hex digits for everything in the key but the seed."""
        return config_of(self.spec)

    @property
    def control(self) -> str:
        """The name of the control that it is of; empty for a contestant."""
        model = self.spec["model"]
        return str(model["source"]) if model["kind"] == "control" else ""

    @property
    def family(self) -> Literal["vectors", "finetune"]:
        """Whether a classifier is fitted on the model's vectors, or the model itself is trained."""
        return "vectors" if self.spec["embedding"] else "finetune"


def config_of(spec: Mapping[str, Any]) -> str:
    """12 hex digits for everything in `spec` but the seed: what the splits of one cell share."""
    split = {name: value for name, value in spec["split"].items() if name != "seed"}
    return content_hash({**spec, "split": split})[:12]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Scores of one split's test set; AUC from probabilities. Multi-class: one-vs-rest, macro."""

    auc: float
    auprc: float
    precision: float
    """Macro over classes at the arg-max class (0.5 for two classes)."""
    recall: float
    f1: float
    brier: float
    """Mean over genes of the summed squared error over classes, halved for two classes, so that
    the two-class value is the usual Brier score."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One test gene's score in one split."""

    index: int
    """The gene's place in the task."""
    gene: str
    label: int
    scores: tuple[float, ...]
    """Probability of each class, in the task's class order."""


PHASES: Final = ("load", "tokenise", "train", "eval", "tune", "fit", "metrics")
"""What the wall time of a split goes into: the fields of `scores.seconds`."""


@dataclass(frozen=True, slots=True)
class CvTrial:
    """One cell of a tuning grid: parameters and the AUC of every fold."""

    params: Mapping[str, Any]
    fold_aucs: tuple[float, ...]
    best: bool


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of fine-tuning."""

    stage: int
    epoch: int
    """From 1 within its stage."""
    loss: float
    eval_auc: float | None
    learning_rate: float
    """At the end of the epoch."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A finished split."""

    unit: Unit
    metrics: Metrics
    predictions: tuple[Prediction, ...]
    split_hash: str
    n_train: int
    n_test: int
    environment: str
    """`Environment.hash` of where it ran."""
    finished_at: str
    """UTC, ISO 8601."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time by phase, as far as the protocol has it (see `PHASES`)."""
    vectors_hash: str = ""
    """SHA-256 of the float32 matrix used, where there is one."""
    best_params: Mapping[str, Any] = field(default_factory=dict)
    trials: tuple[CvTrial, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader of the number should know: a halved batch, a missing pooler."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A split that could not be scored: a row with its sentence, never a hole."""

    unit: Unit
    sentence: str
    traceback: str
    error: str
    """Class name of the exception."""
    environment: str
    finished_at: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A unit without a verdict: given up on request, or left out; leaves no row, so it is run again."""

    unit: Unit
    reason: str = ""
    """Why it was left out, in one sentence; empty if it was given up on request."""


Outcome = Scored | Failed | Cancelled
