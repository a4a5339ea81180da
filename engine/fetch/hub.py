"""Models from the Hugging Face Hub: the pinned commit, only the needed files, into its libraries' cache.

The Hub's own library tells what there is; the files come through `download`, which goes on where an
earlier attempt stopped (the library starts each file anew).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from huggingface_hub import HfApi, get_token, hf_hub_url
from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import logging as hub_logging

from engine.cancel import Cancel, check
from engine.catalog.layouts import lacking
from engine.catalog.local import snapshot
from engine.catalog.revision import PICKLED, READ, UNREAD
from engine.digests import git_hash, sha256_of
from engine.fetch.download import PAUSES, FetchError, download, make_client
from engine.fetch.sources import Source
from store.errors import StoreError
from store.files import replacing
from store.records import Model
from store.umask import as_the_user_wants, make_shared
from store.withheld import withheld

_HASH: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a model, in the cache."""

    path: Path
    url: str
    size: int
    sha256: str
    fresh: bool
    """Whether it was downloaded now."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the Hub tells of a file."""

    name: str
    size: int
    blob: str
    """Its name in the cache: the SHA-256 of a large file, the git hash of a small one."""
    sha256: str
    """Of a large file; the Hub tells none of a small one."""
    git: str
    """The git hash of a small file; of a large one the Hub tells only that of a pointer to it."""


def fetch_model(
    model: Model,
    *,
    cancel: Cancel,
    progress: Callable[[str, int, int], None],
    endpoint: str | None = None,
    pauses: tuple[float, ...] = PAUSES,
) -> Iterator[HubFile]:
    """Download what `model` needs at its pinned commit, unless it is there, file by file.

    Weights come as safetensors; a pickle only where there is nothing else. The cache belongs to all
    programs that use those libraries, so who may read it is as the user's own mask says.

    Args:
        model: of kind `huggingface`.
        cancel: looked at with every block; what has come stays for the next time.
        progress: called with (file, bytes done, bytes in all).
        endpoint: another Hub, for a mirror; HF_ENDPOINT or the usual one if None.
        pauses: seconds between attempts.

    Raises:
        Stopped: `cancel` was set.
        FetchError: the Hub cannot be reached, does not have it, or sends other bytes than it told.
        StoreError: a file cannot be written.
    """
    hub_logging.set_verbosity_error()  # its warnings are what a server says, as the server says it
    folder = snapshot(model.source, model.version)
    token = get_token()
    with make_client({"Authorization": f"Bearer {token}"} if token else {}) as client:
        for file in _chosen(_listing(model, endpoint), model.version):
            check(cancel)
            place, blob = folder / file.name, folder.parents[1] / "blobs" / file.blob
            url = hf_hub_url(model.source, file.name, revision=model.version, endpoint=endpoint)
            linked = _digest(place, file)
            digest = linked or _digest(blob, file)
            fresh = not digest
            if fresh:
                source = Source(file.name, url, file.size, file.sha256, git=file.git)
                told = partial(progress, file.name)
                _make(blob.parent)
                digest = download(source, blob, client, cancel=cancel, progress=told, pauses=pauses).sha256
                as_the_user_wants(blob)
            if not linked:
                _point(place, blob)
            yield HubFile(place, url, place.stat().st_size, digest, fresh)
    if lacking(folder):
        raise FetchError(
            f"The Hub's {model.source} at {model.version[:8]} lacks config, tokenizer or weights.",
            "Choose another model or revision.",
        )


def _listing(model: Model, endpoint: str | None) -> Sequence[Any]:
    try:
        info = HfApi(endpoint=endpoint).model_info(
            model.source, revision=model.version, files_metadata=True, timeout=30
        )
    except (HTTPError, OSError) as error:  # the library's own errors are one or the other
        raise _unreachable(model, error) from error
    return info.siblings or []


def _chosen(siblings: Sequence[Any], commit: str) -> Iterator[_Wanted]:
    names = [item.rfilename for item in siblings]
    safe = any(fnmatch(name, "model*.safetensors") for name in names)
    wanted = READ if safe else (*READ, PICKLED)
    # Small files first, so that a folder with weights is always whole, however the download ends.
    for item in sorted(siblings, key=lambda item: item.size or 0):
        name = item.rfilename
        if any(fnmatch(name, pattern) for pattern in wanted) and not any(fnmatch(name, p) for p in UNREAD):
            sha256 = item.lfs.sha256 if item.lfs else ""
            git = "" if item.lfs else item.blob_id or ""
            blob = sha256 or git or hashlib.sha1(f"{commit}/{name}".encode()).hexdigest()
            if not _inside(name) or not _HASH.fullmatch(blob):
                raise FetchError(f"The Hub's list of files is not usable: it has {name!r}, {blob!r}.")
            yield _Wanted(name, item.size or 0, blob, sha256, git)


def _inside(name: str) -> bool:
    """Whether a file of this name lies inside its folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _digest(path: Path, file: _Wanted) -> str:
    """The SHA-256 of `path` if it is what the Hub tells of `file`, else ""."""
    if not path.is_file() or (file.size and path.stat().st_size != file.size):
        return ""
    if file.git:
        with path.open("rb") as stream:
            if git_hash(stream, path.stat().st_size) != file.git:
                return ""
    found = sha256_of(path)
    return found if not file.sha256 or found == file.sha256 else ""


def _point(place: Path, blob: Path) -> None:
    """Let `place` in the snapshot mean `blob`, as the Hub's libraries lay it out."""
    _make(place.parent)
    try:
        with replacing(place) as fresh:
            fresh.symlink_to(os.path.relpath(blob, place.parent))
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror}.") from error


def _make(folder: Path) -> None:
    try:
        make_shared(folder)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _unreachable(model: Model, error: Exception) -> FetchError:
    reason = withheld(str(error)).strip().partition("\n")[0].rstrip(".")[:200] or type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    hint = {
        401: "The model is private or gated: set HF_TOKEN.",
        403: "The model is gated: accept its terms on its page and set HF_TOKEN.",
        404: "Check its name and revision.",
    }.get(status or 0, "Is the Hub reachable from here? Fetching again goes on where it stopped.")
    return FetchError(f"{model.source} could not be fetched: {reason}.", hint)
