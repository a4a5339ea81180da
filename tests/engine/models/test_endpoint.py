from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import echoing_endpoint
import httpx
import numpy as np
import pytest
from echoing_endpoint import ECHOES, echoing
from fake_endpoint import Fake, model_of, serving, vector

from engine.cancel import Stopped
from engine.embedding.embed import Embeddings, embed
from engine.embedding.endpoint.client import BATCH, KEY, TRIES, Endpoint, _authorisation
from engine.embedding.endpoint.consent import agree, agreed_hosts, host_of, question
from store.errors import ModelError, UsageError
from store.home import Home, find_home
from store.logs import rotating_log
from store.records import EmbeddingOptions, Model
from store.withheld import withheld

TEXTS = tuple(f"gene {number}" for number in range(BATCH + 6))
SECRET = "sk-very-secret"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    for name in (KEY, "OPENAI_API_KEY", "GENEARENA_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("engine.embedding.endpoint.client.PAUSES", (0.0,))
    with serving() as server:
        yield server


def run(
    server: Fake, cache: Path, options: EmbeddingOptions | None = None, agreed: bool = True
) -> Embeddings:
    model = model_of(server)
    return embed(
        model,
        TEXTS,
        options or EmbeddingOptions(),
        Home(cache, cache, cache, cache),
        device="cpu",
        cancel=threading.Event(),
        progress=lambda done, total: None,
        allowed_hosts={host_of(model)} if agreed else (),
    )


def test_vectors_come_in_the_order_of_the_texts_and_only_once(server: Fake, tmp_path: Path) -> None:
    result = run(server, tmp_path)
    np.testing.assert_allclose(result.vectors, [vector(text) for text in TEXTS], rtol=1e-6)
    assert sorted(text for _, body, _ in server.asked for text in body["input"]) == sorted(TEXTS)
    assert {(path, body["model"]) for path, body, _ in server.asked} == {("/v1/embeddings", "nomic")}
    assert max(len(body["input"]) for _, body, _ in server.asked) <= BATCH
    assert "cannot be pinned" in result.notes[0]
    assert result.cost is not None
    assert (result.cost.texts, result.cost.parameters) == (len(TEXTS), None)
    before = len(server.asked)
    assert run(server, tmp_path).from_cache == len(TEXTS)
    assert len(server.asked) == before


def test_nothing_is_sent_before_the_host_is_agreed_to(server: Fake, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has not been agreed to") as caught:
        run(server, tmp_path, agreed=False)
    assert host_of(model_of(server)) in caught.value.message
    assert server.asked == []


def test_offline_nothing_is_sent(server: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEARENA_OFFLINE", "1")
    with pytest.raises(ModelError, match="GENEARENA_OFFLINE"):
        run(server, tmp_path)
    assert server.asked == []


def test_an_agreement_is_kept_for_its_host_only(tmp_path: Path, server: Fake) -> None:
    home = find_home(tmp_path)
    assert agreed_hosts(home) == frozenset()
    agree(home, "127.0.0.1:1")
    agree(home, "api.example.org")
    assert agreed_hosts(home) == {"127.0.0.1:1", "api.example.org"}
    with pytest.raises(ModelError):
        Endpoint(model_of(server), EmbeddingOptions(), agreed_hosts(home))
    for damaged in ("[1", "[" * 100_000):
        (home.config / "endpoints.json").write_text(damaged)
        with pytest.raises(UsageError, match=r"endpoints\.json"):
            agreed_hosts(home)


def test_the_question_tells_how_much_goes_where() -> None:
    asked = question(Model("x", "endpoint", "https://user:pass@api.example.org:8443/v1#m"), ["abc", "de"])
    assert asked == "x sends 2 texts (5 characters; the first is 'abc') to api.example.org:8443. Agree?"
    assert "…" in question(Model("x", "endpoint", "https://a.org/v1#m"), ["text " * 20])


def test_the_key_comes_from_the_environment_and_is_written_nowhere(
    server: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(KEY, SECRET)
    caplog.set_level(logging.DEBUG)
    run(server, tmp_path)
    assert {key for _, _, key in server.asked} == {f"Bearer {SECRET}"}
    server.statuses = [401]
    with pytest.raises(ModelError) as caught:
        run(server, tmp_path / "other")
    assert KEY in caught.value.hint
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in written
    assert SECRET not in caplog.text + str(caught.value)


@pytest.mark.parametrize("echo", ECHOES, ids=lambda echo: echo.__name__)
def test_a_key_that_the_server_echoes_is_told_nowhere(
    echo: Callable[[str], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.embedding.endpoint.client.PAUSES", (0.0,))
    monkeypatch.delenv("GENEARENA_OFFLINE", raising=False)
    monkeypatch.setenv(KEY, echoing_endpoint.SECRET)
    log = rotating_log(tmp_path / "runner.log", 1 << 20, 1)
    logging.getLogger("httpx").addHandler(log)
    monkeypatch.setattr(logging.getLogger("httpx"), "level", logging.INFO)
    with echoing(echo) as (host, asked):
        model = Model("remote", "endpoint", f"http://{host}/v1#m")
        with pytest.raises(ModelError) as caught:
            next(Endpoint(model, EmbeddingOptions(), {host}).encode(TEXTS[:24], threading.Event()))
    logging.getLogger("httpx").removeHandler(log)
    log.close()
    assert set(asked) == {f"Bearer {echoing_endpoint.SECRET}"}
    trace = withheld("".join(traceback.format_exception(caught.value)))
    told = f"{caught.value} {caught.value.args} {trace} {(tmp_path / 'runner.log').read_text()}"
    assert [form for form in echoing_endpoint.TOLD if form in told] == []


@pytest.mark.parametrize(
    ("source", "own", "openai", "sent"),
    [
        ("https://api.openai.com/v1#m", "", "o", "o"),
        ("https://api.openai.com/v1#m", "e", "o", "e"),
        ("https://elsewhere.example/v1#m", "", "o", ""),
        ("https://elsewhere.example/v1#m", "e", "o", "e"),
        ("http://elsewhere.example/v1#m", "e", "", ""),
        ("http://192.168.0.2:8080/v1#m", "e", "", ""),
        ("http://localhost:8080/v1#m", "e", "", "e"),
        ("http://127.0.0.1:8080/v1#m", "e", "", "e"),
    ],
)
def test_a_key_goes_only_where_it_belongs(
    source: str, own: str, openai: str, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, own)
    monkeypatch.setenv("OPENAI_API_KEY", openai)
    assert _authorisation(source) == ({"Authorization": f"Bearer {sent}"} if sent else {})


def test_options_are_kept_to(server: Fake, tmp_path: Path) -> None:
    result = run(server, tmp_path, EmbeddingOptions(prefix="query: ", normalize=True))
    np.testing.assert_allclose(np.linalg.norm(result.vectors, axis=1), 1, rtol=1e-6)
    assert all(text.startswith("query: ") for _, body, _ in server.asked for text in body["input"])


def test_a_busy_endpoint_is_asked_again_and_not_forever(server: Fake, tmp_path: Path) -> None:
    server.statuses = [429, 503]
    run(server, tmp_path / "one")
    server.statuses = [500] * 100
    with pytest.raises(ModelError, match="answers 500"):
        run(server, tmp_path / "two")
    assert len(server.statuses) > 90


def test_a_redirect_is_not_followed(server: Fake, tmp_path: Path) -> None:
    server.statuses, server.location = [307], "http://example.invalid/"
    with pytest.raises(ModelError, match="307"):
        run(server, tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: b"<html>",
        lambda answer: b"[" * 100_000,
        lambda answer: [],
        lambda answer: {"data": answer["data"][1:]},
        lambda answer: {"data": [{"embedding": [1.0]}]},
        lambda answer: {"data": [{**item, "embedding": "text"} for item in answer["data"]]},
        lambda answer: {"data": [{**item, "embedding": []} for item in answer["data"]]},
        lambda answer: {"data": [{**item, "embedding": [float("nan")]} for item in answer["data"]]},
        lambda answer: {
            "data": [{**item, "embedding": [1.0] * (1 + item["index"])} for item in answer["data"]]
        },
    ],
)
def test_an_answer_that_is_no_vectors_is_told(
    server: Fake, tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    server.change = change
    with pytest.raises(ModelError) as caught:
        run(server, tmp_path)
    assert "\n" not in caught.value.message
    assert not list(tmp_path.rglob("*.npz"))


def test_an_endpoint_that_is_not_there_is_told(server: Fake, tmp_path: Path) -> None:
    server.server_close()
    with pytest.raises(ModelError, match="cannot be used"):
        run(server, tmp_path)


def test_after_the_last_attempt_nothing_is_waited_for(
    server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []

    class Cancel(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout)
            return False

    monkeypatch.setattr("engine.embedding.endpoint.client.PAUSES", (7.0,))
    server.statuses = [503] * TRIES
    model = model_of(server)
    with pytest.raises(ModelError, match="answers 503"):
        next(Endpoint(model, EmbeddingOptions(), {host_of(model)}).encode(TEXTS, Cancel()))
    assert [wait for wait in waits if wait] == [7.0] * (TRIES - 1)


def test_what_was_cancelled_during_the_last_attempt_is_no_failure(
    server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = threading.Event()

    def fail(*_: object) -> None:
        cancel.set()
        raise httpx.ReadTimeout("timed out")

    monkeypatch.setattr("engine.embedding.endpoint.client.TRIES", 1)
    monkeypatch.setattr(Endpoint, "_answer", fail)
    model = model_of(server)
    with pytest.raises(Stopped):
        next(Endpoint(model, EmbeddingOptions(), {host_of(model)}).encode(TEXTS, cancel))


def test_cancelling_sends_no_further_text(server: Fake) -> None:
    cancel = threading.Event()
    model = model_of(server)
    batches = Endpoint(model, EmbeddingOptions(), {host_of(model)}).encode(TEXTS, cancel)
    next(batches)
    cancel.set()
    with pytest.raises(Stopped):
        next(batches)
    assert len(server.asked) == 1


def test_an_answer_without_end_is_cut(
    server: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.embedding.endpoint.client.LARGEST_ANSWER", 1 << 10)
    server.change = lambda answer: b"[" * (1 << 16)
    with pytest.raises(ModelError, match="more than 0 MiB"):
        run(server, tmp_path)
