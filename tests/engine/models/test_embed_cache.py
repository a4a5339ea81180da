from __future__ import annotations

import platform
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_layouts import TEXTS, Layout, make_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel

from engine.cancel import Stopped
from engine.catalog.models import find_model
from engine.embedding import loader
from engine.embedding.cache import VectorCache, text_key
from engine.embedding.embed import Embeddings, embed, hash_vectors, look_up
from engine.embedding.encoder import Batching, Encoder, plan_batches, plan_packed
from engine.embedding.packed import SHORT, Features, packed
from store.errors import GeneArenaError, ModelError
from store.home import Home, find_home
from store.records import EmbeddingOptions, Model


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("GENEARENA_HOME", str(tmp_path / "home"))
    return find_model(str(make_folder(tmp_path / "mine", Layout())), find_home())


def run(
    model: Model,
    texts: tuple[str, ...],
    cache: Path,
    cancel: threading.Event | None = None,
    seen: list[tuple[int, int]] | None = None,
    options: EmbeddingOptions | None = None,
) -> Embeddings:
    return embed(
        model,
        texts,
        options or EmbeddingOptions(),
        Home(cache, cache, cache, cache),
        device="cpu",
        cancel=cancel or threading.Event(),
        progress=lambda done, total: seen.append((done, total)) if seen is not None else None,
    )


def no_model(*_: object) -> None:
    raise AssertionError("the model was loaded")


def test_what_the_cache_has_loads_no_model(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(model, TEXTS, tmp_path / "cache")
    monkeypatch.setattr(loader, "load_encoder", no_model)
    second = run(model, TEXTS[::-1] + TEXTS[:3], tmp_path / "cache")
    np.testing.assert_array_equal(second.vectors[: len(TEXTS)], first.vectors[::-1])
    np.testing.assert_array_equal(second.vectors[len(TEXTS) :], first.vectors[:3])
    assert (first.from_cache, second.from_cache) == (0, len(TEXTS))
    assert first.cost is not None
    assert (first.cost.texts, second.cost) == (len(TEXTS), None)
    assert first.cost.parameters is not None
    with pytest.raises(AssertionError, match="the model was loaded"):
        run(model, (*TEXTS, "gene1 gene2 never seen"), tmp_path / "cache")


def test_each_text_is_embedded_once_and_progress_counts_unique_texts(model: Model, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    result = run(model, (TEXTS[0], TEXTS[1], TEXTS[0]), tmp_path / "cache", seen=seen)
    assert seen[0] == (0, 2)
    assert seen[-1] == (2, 2)
    assert all(earlier <= later for earlier, later in pairwise(seen))
    np.testing.assert_array_equal(result.vectors[0], result.vectors[2])
    assert result.hash == hash_vectors(result.vectors) != hash_vectors(result.vectors[:2])
    assert result.vectors.flags.c_contiguous


def test_the_order_of_asking_changes_nothing(model: Model, tmp_path: Path) -> None:
    forward = run(model, TEXTS, tmp_path / "one")
    backward = run(model, TEXTS[::-1], tmp_path / "two")
    np.testing.assert_array_equal(forward.vectors, backward.vectors[::-1])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="checked for MKL only")
def test_neighbours_change_nothing(model: Model, tmp_path: Path) -> None:
    together = run(model, TEXTS, tmp_path / "together")
    for row in (0, 5, 17):
        alone = run(model, (TEXTS[row],), tmp_path / f"alone{row}")
        np.testing.assert_array_equal(alone.vectors[0], together.vectors[row])


def test_lengths_that_are_run_together_give_the_vectors_of_the_model_itself(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = run(model, TEXTS, tmp_path / "together")
    monkeypatch.setattr("engine.embedding.encoder.packed", lambda _: None)
    apart = run(model, TEXTS, tmp_path / "apart")
    np.testing.assert_allclose(together.vectors, apart.vectors, rtol=0, atol=1e-6)


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
def test_packed_layers_are_the_model_s_whatever_the_activation_and_the_length(activation: str) -> None:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=90, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40
    )
    config.hidden_act = activation
    bert = BertModel(config).eval()
    for parameter in bert.parameters():  # biases start at zero, which would hide one that is left out
        torch.nn.init.normal_(parameter, std=0.3)
    lengths = (1, 7, SHORT, SHORT + 1, 300)
    groups = [{"input_ids": torch.randint(0, 90, (2, length))} for length in lengths]
    layers = packed(bert)
    assert layers is not None
    with torch.inference_mode():
        for made in layers(groups):
            expected = bert(input_ids=made["input_ids"]).last_hidden_state
            torch.testing.assert_close(made["token_embeddings"], expected, rtol=0, atol=3e-5)


@pytest.mark.parametrize(
    "other",
    [EmbeddingOptions(prefix="query: "), EmbeddingOptions(pooling="cls"), EmbeddingOptions(max_tokens=9)],
)
def test_other_options_never_share_vectors(model: Model, tmp_path: Path, other: EmbeddingOptions) -> None:
    run(model, TEXTS[:4], tmp_path / "cache")
    assert run(model, TEXTS[:4], tmp_path / "cache", options=other).from_cache == 0


def test_a_changed_folder_never_shares_vectors(model: Model, tmp_path: Path) -> None:
    run(model, TEXTS[:4], tmp_path / "cache")
    make_folder(Path(model.source), Layout(modules=False), width=16)
    assert run(find_model(model.source, find_home()), TEXTS[:4], tmp_path / "cache").from_cache == 0


def test_cancelling_keeps_what_is_finished(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = threading.Event()
    batches = 0
    forward = Encoder._forward

    def counted(self: Encoder, groups: list[Features]) -> torch.Tensor:
        nonlocal batches
        batches += 1
        if batches == 5:
            cancel.set()
        return forward(self, groups)

    monkeypatch.setattr(Encoder, "_forward", counted)
    monkeypatch.setattr("engine.embedding.encoder.batching", lambda *_: Batching(16, 1))
    with pytest.raises(Stopped):
        run(model, TEXTS, tmp_path / "cache", cancel)
    assert batches == 5, "cancel is looked at before every batch"
    monkeypatch.undo()
    resumed = run(model, TEXTS, tmp_path / "cache")
    assert 0 < resumed.from_cache < len(TEXTS)
    np.testing.assert_array_equal(resumed.vectors, run(model, TEXTS, tmp_path / "fresh").vectors)


def test_a_file_is_put_aside_only_for_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VectorCache(tmp_path / "shelf") as shelf:
        shelf.add([text_key("a")], np.ones((1, 2), np.float32))
    [shard] = (tmp_path / "shelf").glob("*.npz")
    with monkeypatch.context() as patched:
        patched.setattr(
            Path, "read_bytes", lambda _: (_ for _ in ()).throw(OSError(24, "Too many open files"))
        )
        assert VectorCache(tmp_path / "shelf").read({text_key("a")}) == {}
    assert VectorCache(tmp_path / "shelf").read({text_key("a")})[text_key("a")].tolist() == [1, 1]
    shard.rename(shard.with_name("0" * 32 + ".npz"))  # as they were called before they had a digest
    assert VectorCache(tmp_path / "shelf").read({text_key("a")}) == {}


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "foreign", "pickled", "header", "method"])
def test_a_damaged_file_is_replaced(model: Model, tmp_path: Path, damage: str) -> None:
    first = run(model, TEXTS, tmp_path / "cache")
    [shard] = (tmp_path / "cache").glob("embeddings/*/*.npz")
    content = shard.read_bytes()
    if damage == "foreign":
        np.savez(shard, keys=np.zeros((2, 32), np.uint8), vectors=np.zeros((3, 4), np.float32))
    elif damage == "pickled":
        np.savez(shard, keys=np.array([object()]), vectors=np.array([object()]))
    else:
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 255]) + content[half + 1 :]
        header = content.replace(b"{'descr'", b"{'descr(", 1)
        method = content.index(b"PK\1\2") + 10
        unknown = content[:method] + b"\x63" + content[method + 1 :]
        damaged = {
            "cut": content[:half],
            "empty": b"",
            "flipped": flipped,
            "header": header,
            "method": unknown,
        }
        shard.write_bytes(damaged[damage])
    again = run(model, TEXTS, tmp_path / "cache")
    assert again.from_cache == 0
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert run(model, TEXTS, tmp_path / "cache").from_cache == len(TEXTS)


def test_files_are_written_every_few_hundred_texts(tmp_path: Path) -> None:
    keys = [text_key(str(number)) for number in range(600)]
    with VectorCache(tmp_path / "shelf") as shelf:
        for number, key in enumerate(keys):
            shelf.add([key], np.full((1, 2), number, np.float32))
        assert len(list((tmp_path / "shelf").glob("*.npz"))) == 2
    assert VectorCache(tmp_path / "shelf").read({keys[599]})[keys[599]].tolist() == [599, 599]


def test_a_cache_that_cannot_be_written_is_told_and_not_needed(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(model, TEXTS, tmp_path / "file" / "cache")
    np.testing.assert_array_equal(result.vectors, run(model, TEXTS, tmp_path / "cache").vectors)
    assert "cannot be written" in result.notes[-1]
    assert result.cost is not None


@given(
    lengths=st.lists(st.integers(1, 600), max_size=80),
    budget=st.integers(1, 2000),
    step=st.sampled_from([1, 8, 16]),
)
@settings(max_examples=60)
def test_batches_hold_each_text_once_and_keep_the_budget(
    lengths: list[int], budget: int, step: int
) -> None:
    batches = plan_batches(lengths, Batching(budget, step))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        widths = [lengths[row] for row in batch]
        assert len(batch) == 1 or max(widths) * len(batch) <= budget
        assert len({-(-width // step) for width in widths}) == 1


@given(lengths=st.lists(st.integers(1, 300), max_size=60), budget=st.integers(1, 900))
@settings(max_examples=60)
def test_batches_of_several_lengths_are_filled_and_keep_the_budget(lengths: list[int], budget: int) -> None:
    batches = plan_packed(lengths, budget)
    planned = [index for batch in batches for group in batch for index in group]
    assert planned == sorted(range(len(lengths)), key=lambda index: (lengths[index], index))
    sizes = [sum(lengths[index] for group in batch for index in group) for batch in batches]
    for batch, size in zip(batches, sizes, strict=True):
        widths = [{lengths[index] for index in group} for group in batch]
        assert all(len(width) == 1 for width in widths)
        assert len(set().union(*widths)) == len(batch), "a length has one group"
        assert size <= budget or sum(map(len, batch)) == 1
    for size, following in zip(sizes, batches[1:], strict=False):
        assert size + lengths[following[0][0]] > budget, "no batch ends early"


def test_out_of_memory_halves_the_batch(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(model, TEXTS, tmp_path / "enough").vectors
    forward = Encoder._forward
    sizes: list[int] = []

    def small(self: Encoder, groups: list[Features]) -> torch.Tensor:
        sizes.append(sum(len(features["input_ids"]) for features in groups))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, groups)

    monkeypatch.setattr(Encoder, "_forward", small)
    monkeypatch.setattr("engine.embedding.encoder.batching", lambda *_: Batching(4096, 64))
    result = run(model, TEXTS, tmp_path / "little")
    assert max(sizes) > 2
    np.testing.assert_allclose(result.vectors, expected, atol=1e-5)
    assert any("memory" in note for note in result.notes)

    monkeypatch.setattr(Encoder, "_forward", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("x")))
    with pytest.raises(ModelError, match="does not fit into the memory"):
        run(model, TEXTS, tmp_path / "none")


def test_numbers_that_are_not_finite_are_refused(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Encoder._forward
    monkeypatch.setattr(Encoder, "_forward", lambda self, groups: forward(self, groups) * float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        run(model, TEXTS, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("embeddings/*/*.npz"))


def test_no_text_is_an_error(model: Model, tmp_path: Path) -> None:
    with pytest.raises(GeneArenaError, match="no text"):
        run(model, (), tmp_path / "cache")


def test_a_table_is_looked_up_by_gene(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("gene,Dim_0,Dim_1\nA,1,2\nB,3,4\nND,5,6\n")
    vectors, missing = look_up(find_model(str(table), find_home()), ["ND", "C", "A", "C"], find_home())
    assert vectors.tolist() == [[5, 6], [0, 0], [1, 2], [0, 0]]
    assert missing == ("C",)
    gone = Model("gone", "vectors", str(tmp_path / "gone.csv"))
    with pytest.raises(ModelError, match=r"gone\.csv"):
        look_up(gone, ["A"], find_home())


def test_a_table_that_was_replaced_gives_no_vectors_under_the_old_revision(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("gene,x\nA,1.5\n")
    model = find_model(str(table), find_home())
    table.write_text("gene,x\nA,22.5\n")
    with pytest.raises(ModelError, match="another file"):
        look_up(model, ["A"], find_home())
    assert look_up(find_model(str(table), find_home()), ["A"], find_home())[0].tolist() == [[22.5]]
