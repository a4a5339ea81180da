"""Models from the Hugging Face Hub: the pinned commit, only the needed files, into its usual cache."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import tqdm

from engine.cancel import check
from engine.catalog.local import hub_cache, local_path, snapshot
from engine.fetch.download import FetchError
from store.records import Model

_NEEDED: Final = ("*.json", "*.txt", "*.model", "*.safetensors")
_LEFT: Final = ("onnx/*", "openvino/*", "coreml/*", "*/checkpoint*/*", "eval/*", "*results*", "README*")
_PICKLED: Final = "pytorch_model*.bin"


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a model, in the cache."""

    path: Path
    url: str
    size: int
    sha256: str
    fresh: bool
    """Whether it was downloaded now."""


def fetch_model(
    model: Model,
    *,
    cancel: threading.Event,
    progress: Callable[[str, int, int], None],
    endpoint: str | None = None,
) -> list[HubFile]:
    """Download what `model` needs at its pinned commit; what is there is not downloaded again.

    Weights come as safetensors; a pickle only where there is nothing else.

    Args:
        model: of kind `huggingface`.
        cancel: looked at with every block.
        progress: called with (file, bytes done, bytes in all).
        endpoint: another Hub, for a mirror; HF_ENDPOINT or the usual one if None.

    Raises:
        Stopped: `cancel` was set.
        FetchError: the Hub cannot be reached, does not have it, or sends other bytes than it told.
    """
    found = []
    try:
        info = HfApi(endpoint=endpoint).model_info(
            model.source, revision=model.revision, files_metadata=True, timeout=30
        )
        for name, size, expected in _chosen(info.siblings or []):
            check(cancel)
            fresh = not (snapshot(model.source, model.revision) / name).is_file()
            place = hf_hub_download(
                model.source,
                name,
                revision=model.revision,
                cache_dir=hub_cache(),
                endpoint=endpoint,
                tqdm_class=_bar(name, cancel, progress),
            )
            progress(name, size, size)
            url = f"{HfApi(endpoint=endpoint).endpoint}/{model.source}/resolve/{model.revision}/{name}"
            found.append(_checked(Path(place), url, expected, fresh))
    except (HTTPError, OSError) as error:  # its own errors are one or the other
        raise _unreachable(model, error) from error
    if local_path(model) is None:
        raise FetchError(
            f"The Hub's {model.source} at {model.revision[:8]} lacks config, tokenizer or weights.",
            "Choose another model or revision.",
        )
    return found


def _chosen(siblings: Sequence[Any]) -> Iterator[tuple[str, int, str]]:
    """(name, bytes, SHA-256 where the Hub tells it) of the files that are needed."""
    names = [item.rfilename for item in siblings]
    safe = any(fnmatch(name, "model*.safetensors") for name in names)
    wanted = _NEEDED if safe else (*_NEEDED, _PICKLED)
    # Small files first, so that a folder with weights is always whole, however the download ends.
    for item in sorted(siblings, key=lambda item: item.size or 0):
        name = item.rfilename
        if any(fnmatch(name, pattern) for pattern in wanted) and not any(fnmatch(name, p) for p in _LEFT):
            yield name, item.size or 0, item.lfs.sha256 if item.lfs else ""


def _bar(name: str, cancel: threading.Event, progress: Callable[[str, int, int], None]) -> type[tqdm]:
    """A bar that draws nothing: it hands its numbers on, and stops the download when asked."""

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})
            self.done = options.get("initial") or 0
            self.wanted = options.get("total") or 0

        def update(self, n: float | None = 1) -> None:
            check(cancel)
            self.done += n or 0
            progress(name, int(self.done), int(self.wanted))

    return Bar


def _checked(path: Path, url: str, expected: str, fresh: bool) -> HubFile:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if expected and found != expected:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise FetchError(
            f"{url} sent other bytes than expected: sha256 {found[:16]}... instead of {expected[:16]}....",
            "Fetch it again.",
        )
    return HubFile(path, url, path.stat().st_size, found, fresh)


def _unreachable(model: Model, error: Exception) -> FetchError:
    reason = str(error).strip().partition("\n")[0].rstrip(".")[:200] or type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    hint = {
        401: "The model is private or gated: set HF_TOKEN.",
        403: "The model is gated: accept its terms on its page and set HF_TOKEN.",
        404: "Check its name and revision.",
    }.get(status or 0, "Is the Hub reachable from here? Fetching again goes on where it stopped.")
    return FetchError(f"{model.source} could not be fetched: {reason}.", hint)
