"""A model's revision: one digest of the files that its vectors depend on, whatever brought them here.

A version or a commit names a model, but does not tell what lies on this machine under that name; the
same number may only be claimed for the same content. So a package, a folder and a snapshot in the
Hub's cache are all known by what they hold, wherever they lie and whenever it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from engine.catalog.layouts import stated_dim
from engine.catalog.local import local_path, require_path
from engine.catalog.remembered import digests_of
from engine.catalog.weights import check_model_file
from store.errors import ModelError
from store.home import Home
from store.models import Model

READ: Final = ("*.json", "*.txt", "*.model", "*.safetensors")
"""Configuration, tokenizers and weights, as the libraries that load models name them."""
PICKLED: Final = "pytorch_model*.bin"
"""Weights of older models; where safetensors lie beside them, nothing reads them."""
UNREAD: Final = (
    *("onnx/*", "openvino/*", "coreml/*", "checkpoint*/*", "*/checkpoint*/*", "eval/*"),
    *("*results*", "README*", "LICENSE*", "data_config.json", "requirements.txt", "trainer_state.json"),
)
"""What `READ` matches and no loader opens: copies of the weights for others, and papers."""
_MORE: Final = ("*.codes", "*.spm", "*.tiktoken", "adapter_model.bin")
"""Parts of rarer tokenizers and of adapters, which folders of one's own may have."""
_DEPTH: Final = ("*", "*/*", "*/*/*")
_SAFE: Final = ("model.safetensors", "model.safetensors.index.json")


def identified(model: Model, home: Home) -> Model:
    """`model` with the revision of its files, if they are on this machine.

    To how many numbers its files cut its vectors becomes part of it, and so of the key: vectors that
    were made before files were asked this have keys of their own.

    Raises:
        ModelError: they cannot be read.
    """
    if model.kind in ("endpoint", "control") or (model.kind == "vectors" and model.revision):
        return model
    path = local_path(model, home)
    if path is None:
        return replace(model, revision="")
    revision = content_revision(path, home, model.files)
    return replace(model, revision=revision, truncate_dim=model.truncate_dim or stated_dim(path))


def content_revision(path: Path, home: Home, named: Mapping[str, str] | None = None) -> str:
    """SHA-256 of a file, or of the names and contents of the files in a folder that vectors depend on.

    Args:
        path: of the file or folder.
        home: where digests are remembered.
        named: the files of the folder, as `Model.files`; if empty, they are found by their names.

    Raises:
        ModelError: it is not there, cannot be read, or is none of a model.
    """
    try:
        if not path.is_dir():
            return digests_of({"": path}, home)[""]
        files = {name: path / place for name, place in named.items()} if named else dict(_files(path))
        for file in files.values():
            check_model_file(file)
        digests = digests_of(files, home)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Correct the path.") from error
    listing = "".join(f"{name}\0{digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()


def unlike_pinned(model: Model, home: Home) -> tuple[str, str] | None:
    """The sentence and the hint for a model that does not have the revision it is pinned to; else None."""
    if not model.digest or model.digest == model.revision:
        return None
    return (
        f"{model.name} is pinned to the digest {model.digest}, but the files in "
        f"{local_path(model, home)} have {model.revision}.",
        "Fetch or install it again, or correct its digest in config.toml.",
    )


def require_same(model: Model, home: Home) -> Path:
    """Where `model` lies, if its files still are those that its revision names.

    Raises:
        ModelError: they are gone, or others lie there.
    """
    path = require_path(model, home)
    if content_revision(path, home, model.files) != model.revision:
        raise ModelError(
            f"The files of {model.name} in {path} are not those that the run was planned with.",
            "Run it again: what they give gets keys of its own.",
        )
    return path


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name within the folder, file) of each file that can change a vector."""
    for pattern in _DEPTH:
        for file in folder.glob(pattern):
            name = file.relative_to(folder).as_posix()
            if _counts(name, file) and file.is_file():
                yield name, file


def _counts(name: str, file: Path) -> bool:
    if any(part.startswith(".") for part in name.split("/")) or any(fnmatch(name, one) for one in UNREAD):
        return False
    if fnmatch(file.name, PICKLED):
        return not any((file.parent / safe).is_file() for safe in _SAFE)
    return any(fnmatch(file.name, one) for one in (*READ, *_MORE))
