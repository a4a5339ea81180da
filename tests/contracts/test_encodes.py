"""The contract of `Encodes`: texts in, one float32 vector for each out.

To add an encoder, write a context manager that takes an empty folder and yields it, and name it in
`IMPLEMENTATIONS`; every check of `encodes_checks` is then run on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import architectures
import numpy as np
import pytest
import torch
from encodes_checks import CHECKS, ODD, SEVERAL_BATCHES, Check, Subject
from fake_endpoint import model_of, serving
from hub_layouts import TEXTS, Layout, make_folder
from static_folders import make_model2vec, make_static
from transformers import BertModel, ElectraConfig, ElectraModel

from engine.cancel import check as look
from engine.catalog.models import find_model
from engine.catalog.revision import content_revision
from engine.embedding import loader
from engine.embedding.embed import Encodes, look_up
from engine.embedding.encoders.static import load_static
from engine.embedding.endpoint.client import KEY, Endpoint
from engine.embedding.endpoint.consent import host_of
from engine.network import OFFLINE
from store.home import Home, find_home
from store.records import EmbeddingOptions, Model, Precision

BF16 = 2.0**-6
"""Of a number near 1, four steps of bf16: what the company of a text may change there."""


@dataclass(frozen=True)
class Implementation:
    """How to make an encoder, and what it promises."""

    make: Callable[[Path], AbstractContextManager[Encodes]]
    tolerance: float = 1e-6
    without: frozenset[str] = frozenset()
    """Names of the checks that do not apply to it, with the reason beside them."""


@contextmanager
def bert(folder: Path, layout: Layout | None = None, precision: Precision = "fp32") -> Iterator[Encodes]:
    """The one model whose texts are packed."""
    yield _loaded(make_folder(folder / "model", layout or Layout()), precision)


@contextmanager
def electra(folder: Path) -> Iterator[Encodes]:
    """A model that is run batch by batch."""
    path = make_folder(folder / "model", Layout())
    plain = BertModel.from_pretrained(str(path)).config
    names = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    config = ElectraConfig(
        **{name: getattr(plain, name) for name in (*names, "max_position_embeddings")},
        embedding_size=plain.hidden_size,
        initializer_range=0.3,
    )
    ElectraModel(config).save_pretrained(path)
    yield _loaded(path, "fp32")


def _loaded(folder: Path, precision: Precision, max_tokens: int | None = None) -> Encodes:
    model = find_model(str(folder), find_home(folder))
    options = EmbeddingOptions(precision=precision, max_tokens=max_tokens)
    encoder: Encodes = loader.load_encoder(model, folder, options, "cpu")
    return encoder


@contextmanager
def static(folder: Path, make: Callable[[Path], Path] = make_static) -> Iterator[Encodes]:
    """Token vectors of which the mean is taken."""
    path = make(folder / "model")
    model = find_model(str(path), find_home(folder))
    yield load_static(model, path, EmbeddingOptions(), "cpu")


@contextmanager
def of_kind(folder: Path, kind: str, max_tokens: int | None = None) -> Iterator[Encodes]:
    """A tiny model of any architecture that `architectures` knows."""
    yield _loaded(architectures.save(folder / "model", kind), "fp32", max_tokens)


@contextmanager
def endpoint(_: Path, most: int = 64) -> Iterator[Encodes]:
    """A server on this machine, that takes so many texts at once."""
    with pytest.MonkeyPatch.context() as patch, serving() as server:
        for name in (KEY, OFFLINE):
            patch.delenv(name, raising=False)
        server.refuse = lambda texts: (422, {"error": "batch size"}) if len(texts) > most else None
        model = model_of(server)
        yield Endpoint(model, EmbeddingOptions(), {host_of(model)})


class Table:
    """A table of vectors, asked for the vector of each text as if it were a gene."""

    notes: tuple[str, ...] = ()
    parameters = None

    def __init__(self, model: Model, home: Home) -> None:
        self._model, self._home = model, home

    def encode(self, texts: Sequence[str], _: threading.Event) -> Iterator[tuple[list[int], Any]]:
        if texts:
            yield list(range(len(texts))), look_up(self._model, texts, self._home)[0]


@contextmanager
def table(folder: Path) -> Iterator[Encodes]:
    """Vectors for the texts that a name can be."""
    path = folder / "vectors.npz"
    names = np.array(sorted({*TEXTS, *SEVERAL_BATCHES}))
    vectors = np.random.default_rng(5).normal(size=(len(names), 8)).astype(np.float32)
    np.savez(path, genes=names, vectors=vectors)
    home = find_home(folder)
    yield Table(Model("table", "vectors", str(path), revision=content_revision(path, home)), home)


_NOT_OF_A_TABLE = frozenset(
    {
        # It is read as a whole in a moment, so that there is nothing to cancel or to keep.
        *(check.__name__ for check in CHECKS if "cancel" in check.__name__),
        # What is not a name in it has no vector.
        "check_odd_texts_have_vectors_of_their_own",
        "check_ten_thousand_texts_all_come",
    }
)

_MANY_REQUESTS = frozenset({"check_ten_thousand_texts_all_come"})
"""Of the endpoint above; the same again in four times as many requests takes seconds."""

IMPLEMENTATIONS: Mapping[str, Implementation] = {
    "BERT, packed": Implementation(bert),
    "BERT, first token, not normalised": Implementation(
        partial(bert, layout=Layout("cls", normalize=False))
    ),
    "BERT, bf16": Implementation(partial(bert, precision="bf16"), BF16),
    "ELECTRA": Implementation(electra),
    "static": Implementation(static),
    "static, with a dense module": Implementation(
        partial(static, make=partial(make_static, normalize=True, dense=True))
    ),
    "static, of model2vec": Implementation(partial(static, make=partial(make_model2vec, mapped=True))),
    "RoBERTa, positions behind the padding": Implementation(partial(of_kind, kind="roberta")),
    "GPT-2, no padding token": Implementation(partial(of_kind, kind="gpt2")),
    "T5, the encoder alone": Implementation(partial(of_kind, kind="t5", max_tokens=64)),
    "endpoint": Implementation(endpoint),
    "endpoint that takes few texts": Implementation(partial(endpoint, most=20), without=_MANY_REQUESTS),
    "table": Implementation(table, without=_NOT_OF_A_TABLE),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """A second one has nothing to do for so small a model but to wait for the first."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=IMPLEMENTATIONS)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    made = IMPLEMENTATIONS[request.param]
    with made.make(tmp_path_factory.mktemp("encoder")) as encoder:
        yield Subject(encoder, made.tolerance)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_encoder_keeps_the_contract(
    subject: Subject, check: Check, request: pytest.FixtureRequest
) -> None:
    if check.__name__ not in IMPLEMENTATIONS[request.node.callspec.params["subject"]].without:
        check(subject)


def test_both_ways_through_the_real_encoder_are_in_the_list(tmp_path: Path) -> None:
    with bert(tmp_path / "one") as packed, electra(tmp_path / "two") as plain:
        assert packed._packed is not None  # type: ignore[attr-defined]
        assert plain._packed is None  # type: ignore[attr-defined]


def test_a_cpu_in_fp32_promises_even_the_last_bit(tmp_path: Path) -> None:
    with_dense = partial(static, make=partial(make_static, normalize=True, dense=True))
    for number, make in enumerate((bert, electra, static, with_dense)):
        with make(tmp_path / str(number)) as encoder:
            together = Subject(encoder).vectors([*TEXTS, *ODD])
            for place in range(0, len(together), 5):
                alone = Subject(encoder).vectors([[*TEXTS, *ODD][place]])
                assert np.array_equal(alone[0], together[place])


class Right:
    """An encoder that keeps the contract: the first letters' codes, five texts a batch."""

    notes: tuple[str, ...] = ()
    parameters: int | None = None

    def encode(
        self, texts: Sequence[str], cancel: threading.Event
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        for start in range(0, len(texts), 5):
            look(cancel)
            places = list(range(start, min(start + 5, len(texts))))
            yield places, self.rows([texts[place] for place in places])

    def rows(self, texts: Sequence[str]) -> np.ndarray:
        codes = [[len(text), *map(ord, text[:8].ljust(8)), *map(ord, text[-3:].ljust(3))] for text in texts]
        return np.array(codes, np.float32) / 1000


class DependsOnTheBatch(Right):
    def rows(self, texts: Sequence[str]) -> np.ndarray:
        rows = super().rows(texts)
        return rows - rows.mean(axis=0) / 1000


class DependsOnTheOrder(Right):
    def rows(self, texts: Sequence[str]) -> np.ndarray:
        return super().rows(texts) + np.arange(len(texts), dtype=np.float32)[:, None] / 1000


class Doubles(Right):
    def rows(self, texts: Sequence[str]) -> np.ndarray:
        return super().rows(texts).astype(np.float64)


class DividesByLength(Right):
    def rows(self, texts: Sequence[str]) -> np.ndarray:
        lengths = np.array([[len(text)] for text in texts], np.float32)
        with np.errstate(divide="ignore", invalid="ignore"):
            return super().rows(texts) / lengths


class Drifts(Right):
    calls = 0

    def rows(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += 1
        return super().rows(texts) * np.float32(1 + self.calls * 1e-6)


class IgnoresCancel(Right):
    def encode(self, texts: Sequence[str], cancel: threading.Event) -> Iterator[Any]:
        return super().encode(texts, threading.Event())


class LooksOnce(Right):
    def encode(self, texts: Sequence[str], cancel: threading.Event) -> Iterator[Any]:
        look(cancel)
        yield from super().encode(texts, threading.Event())


class LosesTheLast(Right):
    def encode(self, texts: Sequence[str], cancel: threading.Event) -> Iterator[Any]:
        return super().encode(texts[:-1], cancel)


class Misplaces(Right):
    def encode(self, texts: Sequence[str], cancel: threading.Event) -> Iterator[Any]:
        return super().encode(sorted(texts), cancel)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_simple_right_encoder_passes(check: Check) -> None:
    check(Subject(Right()))


@pytest.mark.parametrize(
    ("wrong", "caught_by"),
    [
        (DependsOnTheBatch(), "check_a_row_does_not_depend_on_its_company"),
        (DependsOnTheOrder(), "check_a_row_does_not_depend_on_the_order"),
        (DependsOnTheOrder(), "check_equal_texts_have_equal_vectors"),
        (Doubles(), "check_vectors_are_finite_and_of_one_length"),
        (DividesByLength(), "check_odd_texts_have_vectors_of_their_own"),
        (Drifts(), "check_the_same_input_gives_the_same_bits"),
        (IgnoresCancel(), "check_cancel_is_heeded_at_every_look"),
        (LooksOnce(), "check_cancel_is_heeded_at_every_look"),
        (LooksOnce(), "check_cancel_between_batches_gives_at_most_one_more"),
        (IgnoresCancel(), "check_what_was_finished_before_a_cancel_is_kept"),
        (LosesTheLast(), "check_ten_thousand_texts_all_come"),
        (Misplaces(), "check_a_row_does_not_depend_on_the_order"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_wrong_encoder_is_caught(wrong: Encodes, caught_by: str) -> None:
    check = next(check for check in CHECKS if check.__name__ == caught_by)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(Subject(wrong))
