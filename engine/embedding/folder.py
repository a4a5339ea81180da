"""What a model folder's own files say about its use, read and checked before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.catalog.layouts import TOKENIZERS, WEIGHTS, StaticFiles, static_files
from engine.catalog.local import about_adapter
from engine.catalog.models import declared
from store.errors import ModelError
from store.records import EmbeddingOptions, Model

_LEGACY_POOLING: Final = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""How pooling files were written before sentence-transformers 5."""
_USUAL: Final = ("Transformer", "Pooling", "Normalize")
_NATIVE: Final = "sentence_transformers."
ENDLESS: Final = 1_000_000
"""Tokens read by an architecture that counts no positions."""
_AGAIN: Final = "Fetch the model again, or name a folder that is whole."


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """What the files declare; None where they are silent."""

    encoder: Path
    """The folder of config.json, tokenizer and weights: the model folder or a subfolder of it."""
    tokenizer: Path
    """The file that the tokenizer is made of."""
    weights: Path
    """The file of the weights, or their index."""
    further: tuple[str, ...] = ()
    """Steps after the encoder that are neither pooling nor normalisation."""
    pooling: str | None = None
    """`mean`, `cls`, ...; several with `+` between them."""
    normalize: bool | None = None
    max_tokens: int | None = None
    dimension: int | None = None
    positions: int | None = None
    """Tokens there are places for, as far as files can tell; the loaded model knows (`positions`)."""
    static: bool = False
    """Whether they are token vectors that nothing but a mean follows: no encoder, no special tokens."""

    @property
    def pickled(self) -> bool:
        """Whether the weights come only as a pickle."""
        return self.weights.name.startswith("pytorch_model")

    def limit(self, wanted: int | None, places: int | None = None) -> int:
        """Tokens that are read of a text, special ones included, if `wanted` were to be read.

        Args:
            wanted: None, or below 1, for as many as the files declare.
            places: that the loaded model has, if it is loaded.
        """
        places = places or self.positions or ENDLESS
        declared = next((count for count in (wanted, self.max_tokens) if count and count > 0), places)
        return max(3, min(declared, places))


def read_facts(folder: Path, named: Mapping[str, str] | None = None) -> FolderFacts:
    """What the files of `folder` declare.

    Args:
        folder: of a model, or of the package that it comes with.
        named: where a package has its static token vectors, as `Model.files` says.

    Raises:
        ModelError: a file is missing or damaged, asks for code that is not sentence-transformers' own, or
            for weights that lie elsewhere; the sentence names the file.
    """
    modules = list(_modules(folder))
    if static := static_files(folder, named):
        return _static_facts(folder, static, modules)
    encoder = folder / modules[0][1] if modules else folder
    config = _read_object(encoder / "config.json")
    _refuse_code(encoder / "config.json", config)
    if adapter := about_adapter(encoder):  # the libraries would load the model that it names, from anywhere
        raise ModelError(*adapter)
    tokenizer = _need(encoder, TOKENIZERS, "tokenizer")
    weights = _need(encoder, WEIGHTS, "weight file")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if (encoder / name).is_file():
            _refuse_code(encoder / name, _read_object(encoder / name))
    limits = encoder / "sentence_bert_config.json"
    pooling = next((_pooling(folder / path) for kind, path in modules if kind == "Pooling"), None)
    return FolderFacts(
        encoder=encoder,
        tokenizer=tokenizer,
        weights=weights,
        further=tuple(f"{kind} ({place})" for kind, place in modules if kind not in _USUAL),
        pooling=pooling,
        normalize=any(kind == "Normalize" for kind, _ in modules) if modules else None,
        max_tokens=_read_object(limits).get("max_seq_length") if limits.is_file() else None,
        dimension=config.get("hidden_size"),
        positions=_positions(config),
    )


def _static_facts(folder: Path, files: StaticFiles, modules: list[tuple[str, str]]) -> FolderFacts:
    normalize = any(kind == "Normalize" for kind, _ in modules) if modules else None
    if not modules and (folder / "config.json").is_file():  # as model2vec writes it
        normalize = bool(_read_object(folder / "config.json").get("normalize"))
    return FolderFacts(
        encoder=files.weights.parent,
        tokenizer=_need(files.tokenizer.parent, (files.tokenizer.name,), "tokenizer"),
        weights=_need(files.weights.parent, (files.weights.name,), "weight file"),
        further=tuple(f"{kind} ({place})" for kind, place in modules[1:] if kind not in _USUAL),
        pooling="mean",
        normalize=normalize,
        static=True,
    )


def _positions(config: Mapping[str, Any]) -> int | None:
    """RoBERTa and its like, which count from behind the padding, are those whose padding is not token 0."""
    count, padding = config.get("max_position_embeddings"), config.get("pad_token_id")
    if not isinstance(count, int) or count < 1:
        return None
    return count - padding - 1 if isinstance(padding, int) and 0 < padding < count - 1 else count


def _refuse_code(path: Path, settings: Mapping[str, Any]) -> None:
    """Refuse a model that was made with classes of its own, whatever its weights would fit into.

    A class of its own may have the same weights and attend otherwise (gte-Qwen2 looks both ways where
    the class of its model_type looks back), so that the stock class would give other vectors.
    """
    named = settings.get("auto_map")
    classes = [name for name in named.values() if name] if isinstance(named, dict) else []
    if classes:
        first = next(
            (str(name) for one in classes for name in (one if isinstance(one, list) else [one]) if name), ""
        )
        raise ModelError(
            f"{path} asks for code of its own ({first}), which is never run.",
            "Choose a model that transformers can load by itself; if its own classes compute the same "
            "as this model's, remove auto_map from the file.",
        )


def disagreements(model: Model, facts: FolderFacts, options: EmbeddingOptions) -> Iterator[str]:
    """One sentence for each declared value that the files contradict."""
    told = declared(model)
    for name in ("pooling", "normalize", "max_tokens", "dimension"):
        stated, found = told.get(name), getattr(facts, name)
        if stated is None or found is None or stated == found:
            continue
        used = getattr(options, name, None)
        yield (
            f"{model.name}: its files say {name} {_word(found)}, the catalog {_word(stated)}; "
            f"{_word(found if used is None else used)} was used."
        )


def _word(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _modules(folder: Path) -> Iterator[tuple[str, str]]:
    """(class name, subfolder) of each step that modules.json lists."""
    path = folder / "modules.json"
    if not path.is_file():
        return
    steps = _read_json(path)
    if not isinstance(steps, list) or not steps:
        raise ModelError(f"{path} lists no modules.", _AGAIN)
    for step in steps:
        kind, place = (
            (str(step.get(key, "")) for key in ("type", "path")) if isinstance(step, dict) else ("", "")
        )
        if not kind.startswith(_NATIVE):
            raise _foreign(path, kind or "a module without type")
        if not (folder / place).resolve().is_relative_to(folder.resolve()):
            raise ModelError(f"{path} names the folder {place!r} outside the model.", _AGAIN)
        settings = folder / place / "config.json"
        if place and settings.is_file():
            function = str(_read_object(settings).get("activation_function") or "torch.")
            if not function.startswith("torch."):
                raise _foreign(settings, function)
        yield kind.rpartition(".")[2], place


def _foreign(path: Path, name: str) -> ModelError:
    return ModelError(
        f"{path} asks for code of its own ({name}), which is never run.",
        "Choose a model that sentence-transformers can load by itself.",
    )


def _pooling(folder: Path) -> str:
    config = _read_object(folder / "config.json")
    modes = config.get("pooling_mode") or [mode for key, mode in _LEGACY_POOLING.items() if config.get(key)]
    return modes if isinstance(modes, str) else "+".join(modes) or "mean"


def _need(folder: Path, names: tuple[str, ...], what: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ModelError(f"{folder} holds no {what} ({', '.join(names[:3])}, ...).", _AGAIN)


def _read_object(path: Path) -> dict[str, Any]:
    value = _read_json(path)
    if not isinstance(value, dict):
        raise ModelError(f"{path} is not a JSON object.", _AGAIN)
    return value


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing.", _AGAIN) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", _AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}.", _AGAIN) from error
