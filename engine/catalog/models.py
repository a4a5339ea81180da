"""Which models there are: the catalog in models.toml, the user's own, and any other named by id or path."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from engine.catalog.controls import CONTROLS, control_model
from engine.catalog.local import (
    how_to_get,
    hub_cache,
    is_static,
    local_path,
    require_path,
    resolve_commit,
    snapshot,
)
from engine.catalog.own import own_models
from engine.catalog.presets import Axes
from engine.catalog.revision import identified
from engine.files.endings import without_packing
from store.controls import ROWS
from store.errors import ModelError, UsageError, unknown
from store.files import user_path
from store.home import Home
from store.models import EmbeddingOptions, Model

__all__ = [
    "embedding_options",
    "find_model",
    "how_to_get",
    "hub_cache",
    "is_static",
    "list_models",
    "local_path",
    "name_model",
    "require_path",
    "snapshot",
]

_CATALOG: Final = Path(__file__).with_name("models.toml")
_HUB_NAME: Final = re.compile(r"hf:([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
VECTOR_ENDINGS: Final = (
    ".csv", ".tsv", ".txt", ".npy", ".npz", ".parquet", ".pq", ".pkl", ".pickle", ".vec", ".h5ad", ".json",
    ".jsonl", ".ndjson", ".xlsx", ".ods",
)  # fmt: skip
"""Endings by which a path on the command line is taken for a table of vectors."""
LABELS: Final = 16 << 20
"""Bytes up to which such a file may be a label table after all and is read to see: 8 MB take 0.2 s."""


@cache
def catalog() -> tuple[Model, ...]:
    """The models that come with genearena, in the order of models.toml."""
    entries: list[dict[str, Any]] = tomllib.loads(_CATALOG.read_text(encoding="utf-8"))["models"]
    return tuple(Model(**entry) for entry in entries)


def list_models(home: Home) -> tuple[Model, ...]:
    """The catalog, then the user's own models from the config file; no file of theirs is read.

    Raises:
        UsageError: the config file cannot be read as models.
    """
    known = catalog()
    taken = frozenset((*(model.name for model in known), *CONTROLS, *ROWS))
    return known + own_models(home, taken)


def find_model(name: str, home: Home) -> Model:
    """The model that `name` means: a listed name, a control, `hf:org/name@commit`, a folder or vector file.

    It has its revision, if its files are on this machine; they are read if they were not before.

    Raises:
        UsageError: nothing is named so, when the hint tells the nearest name, or its files cannot be read.
        DataError: a file that holds no vectors.
    """
    try:
        model = identified(name_model(name, home), home)
    except ModelError as error:
        raise UsageError(error.message, error.hint) from error
    path = Path(model.source)
    if model.kind == "vectors" and model.name == model.source and path.stat().st_size <= LABELS:
        _check_vectors(path, model.revision)
    return model


def name_model(name: str, home: Home) -> Model:
    """The same without its revision, whatever its files may be.

    Raises:
        UsageError: nothing is named so; the hint tells the nearest name.
    """
    if control := control_model(name):
        return control
    models = list_models(home)
    for model in models:
        if model.name == name:
            return model
    if name.startswith("hf:"):
        return _hub_model(name)
    path = user_path(name)
    if path.exists() and (path.is_dir() or _may_be_vectors(path)):
        return _path_model(path.resolve(), home)
    if "/" in name and not path.exists() and not name.startswith((".", "/", "~")):
        raise UsageError(
            f"There is no model named {name!r}.", f"For a model of the Hub write hf:{name}@COMMIT."
        )
    raise UsageError(*unknown("model", name, [model.name for model in models]))


def embedding_options(model: Model, axes: Axes) -> EmbeddingOptions:
    """How `model` turns texts into vectors under `axes`.

    The authors' code read each model as its own files say and put no prefix; the card's prefix is an
    axis. What the catalog or the user declares is put explicitly, so that the key tells it.
    """
    if model.kind in ("vectors", "control"):
        return EmbeddingOptions()
    return EmbeddingOptions(
        prefix=model.prefix if axes.prefix == "card" else "",
        pooling=model.pooling if axes.pooling == "card" else axes.pooling,
        normalize=model.normalize,
        max_tokens=model.max_tokens,
        precision=axes.precision,
        truncate_dim=model.truncate_dim,
    )


def declared(model: Model) -> Mapping[str, Any]:
    """What the catalog or the user says about `model` that its files can contradict."""
    names = ("dimension", "parameters", "pooling", "normalize", "max_tokens")
    return {name: getattr(model, name) for name in names if getattr(model, name) is not None}


def _hub_model(name: str) -> Model:
    match = _HUB_NAME.fullmatch(name)
    if match is None:
        raise UsageError(
            f"{name!r} is not a model of the Hub.",
            "Write hf:ORGANISATION/NAME@COMMIT, with a 40-digit commit.",
        )
    source, wanted = match[1], match[2] or ""
    commit = resolve_commit(source, wanted)
    if commit is None:
        raise UsageError(
            f"Revision {wanted or 'main'} of {source} is not a 40-digit commit and not in {hub_cache()}.",
            f"Pin it: hf:{source}@COMMIT, with the commit shown on the model's page.",
        )
    return Model(name=f"hf:{source}@{commit}", kind="huggingface", source=source, version=commit)


def _may_be_vectors(path: Path) -> bool:
    return without_packing(path.name).endswith(VECTOR_ENDINGS)


def _path_model(path: Path, home: Home) -> Model:
    model = Model(name=str(path), kind="folder" if path.is_dir() else "vectors", source=str(path))
    if local_path(model, home) is None:
        raise UsageError(*how_to_get(model))
    return model


@lru_cache(maxsize=16)
def _check_vectors(path: Path, revision: str) -> None:
    """Refuse what is not a table of vectors alone; `revision` is of its content, so each is read once."""
    # Brings numpy, which only tables need.
    from engine.files.vectors import read_whole

    read_whole(path)
