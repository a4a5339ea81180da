"""What the two-stage loop promises, on tiny models with random weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from tiny_models import make_folder, make_split, make_task

from engine.cancel import Stopped
from engine.finetune import FinetuneConfig, Finetuned, learner, loop
from engine.finetune.batches import tokenise
from engine.finetune.evaluation import evaluation_auc
from engine.finetune.keyed_dropout import step_key
from engine.finetune.learner import Learner
from engine.finetune.loop import Clock, Stage, train
from engine.finetune.model import Classifier, load_classifier
from engine.finetune.optim import LearningRate, adamw
from store.errors import ModelError
from store.records import PHASES, Epoch, Split

Run = Callable[..., Finetuned]
KINDS = ["bert", "roberta", "mpnet", "distilbert", "modernbert"]
BERTS = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
DROPOUTS = {
    **dict.fromkeys(("bert", "roberta", "mpnet"), BERTS),
    "distilbert": {"dropout": 0.1, "attention_dropout": 0.1, "seq_classif_dropout": 0.1},
    "modernbert": {
        "embedding_dropout": 0.1, "mlp_dropout": 0.1, "attention_dropout": 0.1, "classifier_dropout": 0.1,
    },
}  # fmt: skip


def make_learner(folder: Path, **settings: Any) -> Learner:
    config = FinetuneConfig(**settings)
    model, tokenizer, _ = load_classifier(folder, config, 2)
    texts, labels = make_task()
    tokens, _ = tokenise(tokenizer, model.encoder, texts, config)
    return Learner(model, tokens, labels, config, torch.device("cpu"), threading.Event())


def train_quietly(one: Learner, stage: Stage, on_epoch: Callable[[Epoch], None]) -> list[Epoch]:
    return train(one, stage, Clock(), on_epoch, lambda taken: None)


def given_aucs(monkeypatch: pytest.MonkeyPatch, aucs: Sequence[float]) -> None:
    answers: Iterator[float] = iter(aucs)
    monkeypatch.setattr(Learner, "auc", lambda self, rows: next(answers) if rows else None)


# ------------------------------------------------------------------------------ architectures


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["full", "linear-probe", "lora"])
def test_every_architecture_learns_by_every_method(
    tmp_path: Path, run: Run, kind: str, method: str
) -> None:
    result = run(make_folder(tmp_path, kind), method=method, epochs=6, learning_rate=3e-3)
    first_stage = [epoch for epoch in result.epochs if epoch.stage == 1]
    assert result.scores.shape == (6, 2)
    np.testing.assert_allclose(result.scores.sum(1), 1, atol=1e-6)
    assert first_stage[-1].loss < first_stage[0].loss
    assert any("has no pooler" in note for note in result.notes) == (kind in ("distilbert", "modernbert"))


def test_the_native_head_needs_no_pooler_and_says_nothing(tmp_path: Path, run: Run) -> None:
    assert run(make_folder(tmp_path, "distilbert"), head="native").notes == ()


def test_the_linear_probe_leaves_the_encoder_alone(folder: Path) -> None:
    one = make_learner(folder, method="linear-probe")
    assert set(one.weights()) == {"head.weight", "head.bias"}


def test_lora_trains_adapters_and_head_only(folder: Path) -> None:
    names = set(make_learner(folder, method="lora").weights())
    assert {name.split(".")[0] for name in names} == {"encoder", "head"}
    assert all("lora_" in name for name in names if name.startswith("encoder"))
    assert sum("query.lora_A" in name for name in names) == 2


def test_a_pooler_that_the_checkpoint_lacks_starts_seeded_and_is_told(tmp_path: Path, run: Run) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_folder(tmp_path)
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("pooler")}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    torch.manual_seed(1)
    first = run(folder)
    torch.manual_seed(2)
    second = run(folder)
    assert any("no pooler weights" in note for note in first.notes)
    assert first.scores.tobytes() == second.scores.tobytes()


# ------------------------------------------------------------------------------ same number again


@pytest.mark.parametrize("method", ["full", "linear-probe", "lora"])
def test_a_rerun_gives_the_same_bits(folder: Path, run: Run, method: str) -> None:
    first, second = run(folder, method=method), run(folder, method=method)
    assert first.scores.tobytes() == second.scores.tobytes()
    assert [epoch.loss for epoch in first.epochs] == [epoch.loss for epoch in second.epochs]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["full", "linear-probe", "lora"])
def test_dropout_acts_and_draws_from_no_generator(tmp_path: Path, kind: str, method: str) -> None:
    folder = make_folder(tmp_path, kind, **DROPOUTS[kind])
    one = make_learner(folder, method=method, head="native")
    if method == "linear-probe":
        one.freeze_features()
    optimizer = adamw(one.model, 0.0)
    state = torch.random.get_rng_state()
    rows = range(8)
    losses = [float(one.step(rows, optimizer, 0.0, step_key(42, 1, taken))) for taken in (0, 1, 0)]
    assert torch.equal(torch.random.get_rng_state(), state)
    assert losses[0] == losses[2]
    assert abs(losses[0] - losses[1]) > 1e-4


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_attentions_own_dropout_acts_too(tmp_path: Path, kind: str) -> None:
    name = {"bert": "attention_probs_dropout_prob", "modernbert": "attention_dropout"}[kind]
    one = make_learner(make_folder(tmp_path, kind, **{**dict.fromkeys(DROPOUTS[kind], 0.0), name: 0.3}))
    # ModernBERT drops out behind attention too, by the same setting.
    for module in one.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = module.p if kind == "bert" else 0.0
    one.model.dropout.p = 0.0
    optimizer = adamw(one.model, 0.0)
    losses = [float(one.step(range(8), optimizer, 0.0, step_key(42, 1, taken))) for taken in (0, 1)]
    assert abs(losses[0] - losses[1]) > 1e-4


def test_a_frozen_encoder_is_read_without_dropout(folder: Path) -> None:
    one = make_learner(folder, method="linear-probe", head="native")
    one.model.train()
    one.freeze_features()
    with torch.no_grad():
        expected = one.model.eval().features(one.tokens.batch(range(8)))
    torch.testing.assert_close(one._features[:8], expected, atol=1e-5, rtol=0)


def test_another_seed_gives_other_scores(folder: Path, run: Run) -> None:
    assert not np.allclose(run(folder).scores, run(folder, seed=7).scores, atol=1e-4)


@pytest.mark.parametrize("kind", ["bert", "roberta", "modernbert"])
def test_dropping_unused_embedding_rows_changes_nothing(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = make_folder(tmp_path, kind, vocab_size=200)
    compact = run(folder, dropout=0.0)
    monkeypatch.setattr(loop, "compact_vocabulary", lambda encoder, tokens: tokens)
    whole = run(folder, dropout=0.0)
    np.testing.assert_allclose(compact.scores, whole.scores, rtol=0, atol=1e-6)


def test_bf16_stays_close_to_fp32(calm_folder: Path, run: Run) -> None:
    exact, rounded = run(calm_folder), run(calm_folder, precision="bf16")
    np.testing.assert_allclose(
        [epoch.loss for epoch in rounded.epochs], [epoch.loss for epoch in exact.epochs], atol=0.02
    )
    assert not np.array_equal(exact.scores, rounded.scores)


def test_a_prefix_and_the_token_limit_reach_the_model(folder: Path) -> None:
    model, tokenizer, _ = load_classifier(folder, FinetuneConfig(), 2)
    config = FinetuneConfig(prefix="word7 ", max_tokens=6)
    tokens, notes = tokenise(tokenizer, model.encoder, ["word1 " * 20, "word2"], config)
    assert tokens.lengths == (6, 4)
    assert tokenizer.convert_ids_to_tokens(tokens.inputs["input_ids"][1].tolist())[1:3] == [
        "word7",
        "word2",
    ]
    assert notes == ()


def test_a_model_with_few_positions_cuts_texts_and_says_so(folder: Path) -> None:
    model, tokenizer, _ = load_classifier(folder, FinetuneConfig(), 2)
    tokens, notes = tokenise(tokenizer, model.encoder, ["word1 " * 99], FinetuneConfig())
    assert tokens.lengths == (40,)
    assert "40 tokens" in notes[0]


# ------------------------------------------------------------------------------ stopping


def test_cancel_stops_before_the_next_step(folder: Path, run: Run) -> None:
    cancel = threading.Event()
    taken: list[int] = []

    def on_step(done: int, total: int) -> None:
        taken.append(done)
        if done == 3:
            cancel.set()

    with pytest.raises(Stopped):
        run(folder, cancel=cancel, on_step=on_step)
    assert taken == [1, 2, 3]


def test_cancel_stops_within_a_backward_pass(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = threading.Event()
    steps: list[int] = []
    loss = learner.functional.cross_entropy

    def cancelling(*args: Any, **kwargs: Any) -> torch.Tensor:
        cancel.set()
        return loss(*args, **kwargs)

    monkeypatch.setattr(learner.functional, "cross_entropy", cancelling)
    with pytest.raises(Stopped):
        run(folder, cancel=cancel, on_step=lambda done, total: steps.append(done))
    assert steps == []


def test_steps_are_counted_up_to_the_most_there_can_be(folder: Path, run: Run) -> None:
    seen: list[tuple[int, int]] = []
    run(folder, on_step=lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {3 * 6 + 1 * 7}
    assert seen[-1] == (25, 25)


def test_a_loss_that_is_no_number_is_told(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Learner, "step", lambda self, rows, optimizer, rate, key: torch.tensor(float("nan"))
    )
    with pytest.raises(ModelError, match="stage 1, epoch 1"):
        run(folder)


# ------------------------------------------------------------------------------ epochs and schedules


def test_every_epoch_is_reported_as_it_ends(folder: Path, run: Run) -> None:
    seen: list[Epoch] = []
    result = run(folder, on_epoch=seen.append)
    assert tuple(seen) == result.epochs
    assert [(epoch.stage, epoch.epoch) for epoch in seen] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert [epoch.eval_auc is None for epoch in seen] == [False, False, False, True]
    assert set(result.seconds) == {"load", "tokenise", "train", "eval"}
    assert set(result.seconds) <= set(PHASES)


def test_training_stops_after_patience_and_keeps_the_first_best_epoch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_aucs(monkeypatch, [0.5, 0.6, 0.6, 0.5, 0.4, 0.6, 0.55, 0.9])
    one = make_learner(folder, patience=5)
    kept: list[dict[str, torch.Tensor]] = []
    split = make_split()
    epochs = train_quietly(
        one,
        Stage(1, split.train, split.evaluation, 20, 1e-3, 0.1),
        lambda epoch: kept.append(one.weights()),
    )
    assert len(epochs) == 7
    best = one.weights()
    assert all(torch.equal(best[name], kept[1][name]) for name in best)
    assert not torch.equal(best["head.weight"], kept[6]["head.weight"])


def test_without_evaluation_genes_the_last_epoch_stands(folder: Path, run: Run) -> None:
    split = make_split()
    bare = Split(split.scheme, split.seed, split.train, (), split.test)
    result = run(folder, split=bare, patience=1, epochs=4)
    assert [epoch.eval_auc for epoch in result.epochs] == [None] * 5


def test_the_linear_rate_climbs_then_falls_to_nothing() -> None:
    rate = LearningRate("linear", peak=1.0, steps=25, warmup=0.1)
    rates = [rate.next() for _ in range(25)]
    assert rates[:4] == [0.0, 1 / 3, 2 / 3, 1.0]
    assert rates[-1] == pytest.approx(1 / 22)


def test_the_plateau_schedule_acts_after_three_epochs_without_a_better_auc(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_aucs(monkeypatch, [0.6, 0.7, *[0.7] * 10])
    result = run(folder, schedule="plateau", epochs=9, patience=20, warmup=0.0, learning_rate=1e-3)
    rates = [epoch.learning_rate for epoch in result.epochs if epoch.stage == 1]
    assert rates == pytest.approx([1e-3] * 5 + [8e-4] * 3 + [6.4e-4])


def test_the_plateau_waits_for_warm_up_and_holds_where_nothing_is_evaluated() -> None:
    rate = LearningRate("plateau", peak=1.0, steps=40, warmup=0.5)
    rates = []
    for _epoch in range(4):
        rates += [rate.next() for _ in range(10)]
        rate.after_epoch(0.5)
    assert rates[19] == 0.95
    assert set(rates[20:]) == {1.0}
    assert [LearningRate("plateau", 1.0, 5, 0.0).next() for _ in range(3)] == [1.0] * 3


# ------------------------------------------------------------------------------ memory


def refuse_more_than(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = Classifier.forward

    def small(self: Classifier, batch: Any) -> torch.Tensor:
        if len(batch["input_ids"]) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, batch)

    monkeypatch.setattr(Classifier, "forward", small)


@pytest.mark.parametrize("limit", [1, 3])
def test_a_halved_batch_is_accumulated_to_the_same_losses(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    undisturbed = run(folder)
    refuse_more_than(limit, monkeypatch)
    halved = run(folder)
    np.testing.assert_allclose(
        [epoch.loss for epoch in halved.epochs], [epoch.loss for epoch in undisturbed.epochs], atol=1e-6
    )
    np.testing.assert_allclose(halved.scores, undisturbed.scores, atol=1e-5)
    assert len(halved.notes) == 1
    assert "accumulated to steps of 8" in halved.notes[0]


def test_gradients_of_a_refused_step_are_thrown_away(
    calm_folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = run(calm_folder)
    forward = Classifier.forward
    calls: list[int] = []

    def late(self: Classifier, batch: Any) -> torch.Tensor:
        calls.append(len(batch["input_ids"]))
        if calls == [8] or calls == [8, 4, 4]:  # the second half of the first step
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return forward(self, batch)

    monkeypatch.setattr(Classifier, "forward", late)
    result = run(calm_folder)
    assert calls[:7] == [8, 4, 4, 2, 2, 2, 2]
    np.testing.assert_allclose(result.scores, undisturbed.scores, atol=1e-5)


def test_one_text_too_many_is_told(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_more_than(0, monkeypatch)
    with pytest.raises(ModelError, match="memory"):
        run(folder)


def test_other_runtime_errors_are_not_taken_for_memory(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Classifier, batch: Any) -> torch.Tensor:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(Classifier, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        run(folder)


# ------------------------------------------------------------------------------ evaluation


def test_three_classes_are_trained_and_evaluated_one_versus_rest(folder: Path, run: Run) -> None:
    result = run(folder, classes=3)
    assert result.scores.shape == (6, 3)
    assert all(epoch.eval_auc is not None for epoch in result.epochs if epoch.stage == 1)
    labels = np.array([0, 1, 2, 0, 1, 2, 2, 1])
    scores = torch.randn(8, 3, generator=torch.Generator().manual_seed(0)).softmax(-1).double().numpy()
    assert evaluation_auc(labels, scores) == pytest.approx(
        roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    )


def test_an_absent_class_is_left_out_of_the_mean() -> None:
    labels = np.array([0, 1, 0, 1])
    scores = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2], [0.1, 0.8, 0.1]])
    assert evaluation_auc(labels, scores) == 1.0


def test_one_class_alone_leaves_nothing_to_rank() -> None:
    assert evaluation_auc(np.array([1, 1]), np.array([[0.5, 0.5], [0.4, 0.6]])) is None
