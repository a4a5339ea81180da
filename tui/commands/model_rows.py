"""What is known and measured of models, as the rows that `genearena models --show` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.catalog.models import embedding_options, local_path
from engine.catalog.presets import axes_for
from engine.catalog.revision import unlike_pinned
from engine.plan.names import resolve_descriptions, resolve_tasks
from store.errors import ModelError, StoreError
from store.records import Model
from tui.commands.common import Session, say

if TYPE_CHECKING:
    from engine.embedding.folder import FolderFacts

Row = Mapping[str, Any]

LIMITS: Final = (128, 256, 512)
"""Tokens at which models cut: the paper's fine-tuning, MiniLM's own files, BERT itself."""
_MIB: Final = 1 << 20


def _list(session: Session, models: Sequence[Model], _: Mapping[str, Any]) -> Iterator[Row]:
    for model in models:
        yield {
            "model": model.name,
            "kind": model.kind,
            "dim": model.dimension,
            "parameters": _millions(model.parameters),
            "licence": model.licence,
            "here": "yes" if where(model, session) else "no",
            "note": model.note,
        }


def _use(session: Session, models: Sequence[Model], chosen: Mapping[str, Any]) -> Iterator[Row]:
    """How a preset uses each model: by the catalog, else by the model's files, which may contradict it."""
    from engine.embedding.folder import disagreements

    axes = axes_for(chosen["preset"])
    for model in models:
        options = embedding_options(model, axes)
        facts = _facts(model, session)
        silent = "" if model.kind == "vectors" else "as its files say"
        used = {}
        for name in ("pooling", "normalize", "max_tokens"):
            stated = getattr(options, name)
            found = getattr(facts, name, None) if stated is None else stated
            used[name] = silent if found is None else _word(found)
        yield {
            "model": model.name,
            "pooling": used["pooling"],
            "unit length": used["normalize"],
            "prefix": options.prefix,
            "max tokens": used["max_tokens"],
            "weights": "" if facts is None else "pickle" if facts.pickled else "safetensors",
            "version": model.version,
            "revision": model.revision,
        }
        if unlike := unlike_pinned(model, session.home):
            say(" ".join(unlike))
        for sentence in disagreements(model, facts, options) if facts else ():
            say(sentence)


def _facts(model: Model, session: Session) -> FolderFacts | None:
    """What the files of a model that is here declare; a damaged one is told."""
    from engine.embedding.folder import read_facts

    path = local_path(model, session.home)
    if path is None or not path.is_dir():
        return None
    try:
        return read_facts(path, model.files)
    except ModelError as error:
        say(f"{model.name}: {error}")
        return None


def _paper(_: Session, models: Sequence[Model], __: Mapping[str, Any]) -> Iterator[Row]:
    """The paper's Table 2 beside what is true and what the model's own card says."""
    for model in models:
        if not model.printed:
            continue
        size = model.parameters
        yield {
            "model": model.paper_name or model.name,
            "printed parameters": _unit(model.printed.get("parameters_million"), "M"),
            "true parameters": _millions(size),
            "printed GB": model.printed.get("memory_gb"),
            "fp32 GB": None if size is None else round(4 * size / 1e9, 3),
            "fp16 GB": None if size is None else round(2 * size / 1e9, 3),
            "printed MTEB": model.printed.get("mteb_classification"),
            "card MTEB": model.printed.get("card_mteb_classification"),
        }


def _cost(session: Session, models: Sequence[Model], _: Mapping[str, Any]) -> Iterator[Row]:
    """What embedding took on this machine and the others that the results come from."""
    from store import connect
    from store.queries import measurements

    try:
        with connect(session.saved) as connection:
            found = measurements(connection)
    except StoreError as error:
        if session.home.database.exists():
            raise
        say(f"{error}")
        return
    mine = [one for one in found if one.model in {model.name for model in models}]
    if not mine:
        say("No model has embedded texts yet; `genearena run` does it and measures.")
    for one in mine:
        yield {
            "model": one.model,
            "revision": one.revision[:8],
            "device": one.device,
            "precision": one.precision,
            "texts": one.texts,
            "ms per text": round(one.ms_per_text, 2),
            "parameters": one.parameters,
            "fp32 MiB": _mebibytes(one.bytes_fp32),
            "fp16 MiB": _mebibytes(one.bytes_fp16),
            "peak MiB": _mebibytes(one.peak_memory),
            "processor": one.cpu if one.device == "cpu" else "",
        }


def _tokens(session: Session, models: Sequence[Model], chosen: Mapping[str, Any]) -> Iterator[Row]:
    """The share of texts beyond each of `LIMITS` and beyond what the model reads."""
    from engine.data.load import load_task
    from engine.embedding.tokens import measure_lengths

    home, axes = session.home, axes_for(chosen["preset"])
    tasks = [
        load_task(
            name,
            home,
            labels=axes.labels,
            text=chosen["text"],
            provenance=axes.provenance,
            descriptions=resolve_descriptions(home, chosen["descriptions"]),
        )
        for name in resolve_tasks(home, chosen["tasks"])
    ]
    texts = list(dict.fromkeys(text for task in tasks for text in task.texts))
    absent = []
    for model in models:
        path = local_path(model, home)
        if path is None or not path.is_dir():
            absent.append(model.name)
            continue
        try:
            lengths = measure_lengths(model, texts, embedding_options(model, axes), home)
        except ModelError as error:
            say(f"{model.name}: {error}")
            continue
        yield {
            "model": model.name,
            "texts": len(lengths.tokens),
            "median": lengths.median,
            "longest": max(lengths.tokens),
            **{f"beyond {limit} %": _percent(lengths.share_beyond(limit)) for limit in LIMITS},
            "reads": lengths.limit,
            "cut %": _percent(lengths.share_beyond(lengths.limit)),
        }
    if absent:
        say(f"No tokenizer is here of: {', '.join(absent)}.")


SHOWN: Final[Mapping[str, Callable[[Session, Sequence[Model], Mapping[str, Any]], Iterator[Row]]]] = {
    "list": _list,
    "use": _use,
    "paper": _paper,
    "cost": _cost,
    "tokens": _tokens,
}
"""What `--show` says -> the rows of it."""


def where(model: Model, session: Session) -> str:
    """The path of a model that is here; empty if it is not."""
    path = local_path(model, session.home)
    return str(path) if path else ""


def _word(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _millions(number: int | None) -> str | None:
    return None if number is None else f"{number / 1e6:.1f}M"


def _unit(number: float | None, unit: str) -> str | None:
    return None if number is None else f"{number:g}{unit}"


def _mebibytes(size: int | None) -> int | None:
    return None if size is None else round(size / _MIB)


def _percent(share: float) -> float:
    return round(100 * share, 1)
