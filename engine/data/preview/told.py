"""What is reported of a file that is looked at: plain values, which become lines or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Taken:
    """A column that was taken as something."""

    role: str
    """`genes`, `labels`, `texts`, `numbers`, `classes` or `dimensions`."""
    column: str
    """Its title, or what stands for it."""
    why: str
    others: tuple[str, ...] = ()
    """Columns that could be it too."""
    option: str = ""
    """The option that chooses another; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Left:
    """A column that was left out."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """One class."""

    name: str
    rows: int
    genes: int | None
    """Different genes; None where not all names were looked up."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the numbers of a column are spread."""

    column: str
    counts: tuple[int, ...]
    """Of bars of one width from `low` to `high`; what lies further out is in the first and the last."""
    low: float
    high: float
    least: float
    median: float
    most: float
    missing: int
    cuts: tuple[float, ...] = ()
    """The numbers that part the classes."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of genes in a file mean."""

    looked_up: int
    different: int
    """Names in the rows that were read; only the first of very many are looked up."""
    unknown: tuple[str, ...] = ()
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> the genes between which it does not decide."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would make of a file."""

    what: str
    """`task`, `vectors` or `descriptions`."""
    path: str
    kind: str
    """The format it is read as."""
    counted: int
    """Rows that were read."""
    whole: bool
    """Whether these are all rows of the file."""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """The first rows."""
    taken: tuple[Taken, ...] = ()
    left_out: tuple[Left, ...] = ()
    classes: tuple[Group, ...] = ()
    """In label order; the last of two is the positive one."""
    why_positive: str = ""
    """Empty unless there are two."""
    histograms: tuple[Histogram, ...] = ()
    names: Names | None = None
    facts: tuple[str, ...] = ()
    """Counts that only a file of this kind has, in lines."""
    notes: tuple[str, ...] = ()
    """How it was read, and which rows were left out and why, in sentences."""
    sheets: tuple[str, ...] = ()
    problem: str = ""
    """Why the import would be refused; empty if it would not."""
    hint: str = ""
    suggested: Mapping[str, str] = field(default_factory=dict)
    """Option -> value, of a way out."""
    command: str = ""
    """The command that imports the file as it is shown here."""
