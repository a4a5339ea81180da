"""Servers as they are: limits to a request, messages in their own forms, vectors in theirs."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fake_endpoint import Fake, model_of, serving, vector

from engine.embedding.endpoint import client
from engine.embedding.endpoint.client import BATCH, KEY, TRIES, Endpoint
from engine.embedding.endpoint.consent import host_of
from store.errors import ModelError
from store.records import EmbeddingOptions

TEXTS = tuple(f"gene {number}" for number in range(BATCH + 6))
SECRET = "key-of-the-server-0123456789"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    for name in (KEY, "OPENAI_API_KEY", "GENEARENA_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(client, "PAUSES", (0.0,))
    monkeypatch.setattr(client, "_learnt", {})
    with serving() as server:
        yield server


def vectors(server: Fake, texts: tuple[str, ...] = TEXTS) -> np.ndarray:
    model = model_of(server)
    rows: dict[int, np.ndarray] = {}
    for places, made in Endpoint(model, EmbeddingOptions(), {host_of(model)}).encode(
        texts, threading.Event()
    ):
        assert made.dtype == np.float32
        rows.update(zip(places, made, strict=True))
    return np.stack([rows[place] for place in range(len(texts))])


def refused(server: Fake, texts: tuple[str, ...] = TEXTS) -> ModelError:
    with pytest.raises(ModelError) as caught:
        vectors(server, texts)
    assert "\n" not in str(caught.value)
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


def sizes(server: Fake) -> list[int]:
    return [len(body["input"]) for _, body, _ in server.asked]


def limit(most: int, status: int, answer: Any) -> Callable[[list[str]], tuple[int, Any] | None]:
    return lambda texts: (status, answer) if len(texts) > most else None


LIMITS = {
    "TEI": (
        32,
        422,
        {"error": "batch size 64 > maximum allowed batch size 32", "error_type": "Validation"},
    ),
    "TEI, older": (32, 413, {"error": "batch size 64 > maximum allowed batch size 32"}),
    "ten at most": (
        10,
        400,
        {"error": {"message": "batch size is invalid, it should not be larger than 10.: input.contents"}},
    ),
    "nginx": (5, 413, b"<html><head><title>413 Request Entity Too Large</title></head></html>"),
    "llama.cpp": (
        1,
        500,
        {
            "error": {
                "code": 500,
                "message": "input is too large to process. increase the physical batch size",
            }
        },
    ),
    "ten at most, inside a 200": (10, 200, {"error": {"message": "input: at most 10 items are allowed"}}),
    "inside a 200": (16, 200, {"object": "error", "message": "too many inputs", "code": 400}),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_request_that_is_too_large_is_halved_and_the_size_kept_for_the_host(
    name: str, server: Fake
) -> None:
    most, status, answer = LIMITS[name]
    server.refuse = limit(most, status, answer)
    np.testing.assert_allclose(vectors(server), [vector(text) for text in TEXTS], rtol=1e-6)
    halves = [size for size in sizes(server) if size > most]
    assert halves == [BATCH >> turn for turn in range(len(halves))], (
        "once for each size, not for each request"
    )
    learnt = BATCH >> len(halves)
    server.asked.clear()
    vectors(server)
    assert max(sizes(server)) == learnt, "another encoder starts with what this one learnt"


def test_what_was_refused_for_another_reason_teaches_no_size(server: Fake) -> None:
    server.refuse = lambda texts: (400, {"error": "unknown model"})
    assert "unknown model" in refused(server).message
    server.refuse = lambda texts: None
    server.asked.clear()
    vectors(server)
    assert max(sizes(server)) == BATCH


def test_a_text_that_is_refused_alone_is_said_with_the_servers_words(server: Fake) -> None:
    words = "This model's maximum context length is 8192 tokens, however you requested 9000 tokens"
    server.refuse = lambda texts: (400, {"error": {"message": words}}) if "gene 40" in texts else None
    error = refused(server)
    assert words in error.message
    assert "too long" in error.hint
    assert sizes(server)[-1] == 1
    assert server.asked[-1][1]["input"] == ["gene 40"]


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (
            403,
            {"error": {"message": "Project has no access", "type": "x", "code": "y"}},
            "Project has no access",
        ),
        (
            404,
            {"object": "error", "message": "The model `x` does not exist", "code": 404},
            "`x` does not exist",
        ),
        (404, {"error": "model 'x' not found, try pulling it first"}, "try pulling it first"),
        (422, {"detail": [{"loc": ["body", "input"], "msg": "field required"}]}, "field required"),
        (401, {"detail": "Invalid token"}, "Invalid token"),
        (402, {"errors": [{"message": "no credit"}]}, "no credit"),
        (405, {"message": "Not Allowed"}, "Not Allowed"),
        (410, b"gone for\n good", "gone for good"),
        (200, {"error": {"message": "No endpoints found", "code": 404}}, "No endpoints found"),
        (200, {"object": "error", "message": "no such model"}, "no such model"),
        (200, {"error": "no such model"}, "no such model"),
        (200, {"detail": "not ready for it"}, "not ready for it"),
        (200, {"success": False, "code": 20012, "message": "No such thing", "data": None}, "No such thing"),
        (429, {"error": {"message": "You exceeded your current quota"}}, "your current quota"),
        (200, {"error": {"message": "upstream is away", "code": 502}}, "upstream is away"),
    ],
    ids=str,
)
def test_the_servers_own_message_is_always_shown(
    status: int, answer: Any, words: str, server: Fake
) -> None:
    server.refuse = lambda texts: (status, answer)
    assert words in refused(server, TEXTS[:1]).message
    again = status == 429 or "away" in words
    assert len(server.asked) == (TRIES if again else 1)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (
            200,
            {"error": {"message": "You exceeded your current quota of 100", "code": "insufficient_quota"}},
        ),
        (200, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}),
        (200, {"error": "insufficient balance"}),
        (200, {"error": {"message": "Not today"}}),
        (400, {"error": {"message": "Your credit balance is too low"}}),
        (400, {"error": {"message": "The model `x` does not exist"}}),
    ],
    ids=str,
)
def test_what_fewer_texts_would_not_mend_is_said_at_once(status: int, answer: Any, server: Fake) -> None:
    server.refuse = lambda texts: (status, answer)
    error = refused(server)
    assert sizes(server) == [BATCH]
    said = str(answer).casefold()
    assert ("account" in error.hint) == any(word in said for word in ("quota", "key", "balance"))


def test_a_message_neither_steers_the_terminal_nor_gives_the_key_away(
    server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, SECRET)
    said = f"\x1b]0;owned\x07\x1b[31mIncorrect key {SECRET}\r\nand\u202e " + "x" * 290 + SECRET
    server.refuse = lambda texts: (401, {"error": {"message": said}})
    error = refused(server)
    assert "Incorrect key *** and" in error.message
    assert str(error).isprintable()
    assert "\x1b" not in str(error)
    assert SECRET[:8] not in str(error)
    assert len(error.message) < 500


def in_base64(item: dict[str, Any]) -> dict[str, Any]:
    raw = np.array(item["embedding"], "<f4").tobytes()
    return {**item, "embedding": base64.b64encode(raw).decode()}


def each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    """The answer with its vectors in the order of the texts, each changed."""
    return lambda answer: {**answer, "data": [change(item) for item in answer["data"][::-1]]}


@pytest.mark.parametrize(
    "change",
    [
        each(in_base64),
        each(lambda item: {"embedding": item["embedding"]}),
        each(lambda item: {**item, "index": None}),
        each(lambda item: {**item, "index": 0}),
    ],
    ids=["base64", "no index", "null for the index", "index always 0"],
)
def test_other_forms_of_the_same_vectors_are_read(change: Callable[[Any], Any], server: Fake) -> None:
    server.change = change
    np.testing.assert_allclose(vectors(server), [vector(text) for text in TEXTS], rtol=1e-6)


def numbers(*values: Any) -> Callable[[Any], Any]:
    return each(lambda item: {**item, "embedding": list(values)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda answer: {"data": answer["data"][1:]}, "answers with 63 vectors for 64 texts"),
        (lambda answer: {"data": answer["data"] * 2}, "answers with 128 vectors for 64 texts"),
        (lambda answer: {"data": []}, "answers with 0 vectors for 64 texts"),
        (lambda answer: {"embeddings": []}, "something else than 64 vectors"),
        (lambda answer: {"data": ["x"] * 64}, "something else than 64 vectors"),
        (each(lambda item: {**item, "index": item["index"] // 2}), "index does not say which text"),
        (each(lambda item: {**item, "index": True}), "index does not say which text"),
        (each(lambda item: {**item, "index": str(item["index"])}), "index does not say which text"),
        (numbers(1.0, None), "missing or not finite"),
        (numbers(1.0, float("nan")), "missing or not finite"),
        (numbers(1.0, float("-inf")), "missing or not finite"),
        (numbers(1.0, 1e300), "missing or not finite"),
        (numbers(1, 10**400), "not a list of numbers"),
        (numbers(True), "not a list of numbers"),
        (numbers("1.0"), "not a list of numbers"),
        (numbers([1.0]), "not a list of numbers"),
        (numbers(), "vectors of no numbers"),
        (each(lambda item: {**item, "embedding": "AAA="}), "not a list of numbers"),
        (each(lambda item: {**item, "embedding": "no base64!"}), "not a list of numbers"),
        (
            each(lambda item: {**item, "embedding": [1.0] * (1 + item["index"] % 3)}),
            "of 1 and of 3 numbers",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_vectors_is_one_sentence(
    change: Callable[[Any], Any], words: str, server: Fake
) -> None:
    server.change = change
    assert words in refused(server).message
    assert len(server.asked) == 1


def test_a_length_that_changes_between_requests_is_one_sentence(server: Fake) -> None:
    cut = each(lambda item: {**item, "embedding": item["embedding"][: 3 if len(server.asked) > 1 else 5]})
    server.change = cut
    assert "vectors of 3 numbers after some of 5" in refused(server).message
