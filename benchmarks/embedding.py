"""Embedding against sentence-transformers' own `encode`, on the sample tasks and the bundled model.

CPU rows are CPU time of one thread, the variants taking turns in one process, the fastest of their
turns counted. The GPU rows are wall time on a 33-million-parameter BERT with random weights and
texts of the sample's lengths; they need a CUDA device.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._home import sample_tasks
from engine.catalog.local import local_path
from engine.catalog.models import find_model
from engine.embedding.embed import embed
from store.records import EmbeddingOptions, Model, Precision

BUNDLED: Final = "all-MiniLM-L6-v2"
TURNS: Final = 5
SEEDS: Final = 10
MODES: Final = 2
"""The paper's scripts run default and tuned classifiers apart, each embedding anew."""
LENGTHS: Final = (24, 27, 28, 34, 36, 39, 42, 45, 50, 58, 76)
"""Words of the sample's texts as the bundled model cuts them: every tenth percentile, from the 2nd on."""
Row = dict[str, Any]
Vectors = NDArray[np.float32]


def fp32() -> list[Row]:
    """All texts of the four tasks, each different text once, and texts three times as long."""
    texts, unique = sample_texts(), different_texts()
    long = [" ".join(unique[start : start + 3]) for start in range(0, len(unique) - 2, 3)]
    whole = compare(f"embed the four tasks' {len(texts)} texts, fp32", texts, "fp32", 0.99999)
    once = compared_once()
    longer = compare(f"embed {len(long)} texts three times as long, fp32", long, "fp32", 0.99999)
    share = once.rate * flops_per_text(unique) / matmul_flops(torch.float32)
    return [
        whole.row(">= 1.4", "repeated texts are embedded once, which `encode` leaves to its caller"),
        once.row(">= 1.4", f"{share:.0%} of the peak of this machine's matrix product"),
        longer.row(""),
    ]


def bf16() -> list[Row]:
    """bf16 on a CPU that has it."""
    unique = different_texts()
    work = f"embed {len(unique)} different texts, bf16"
    if not torch.cpu._is_avx512_bf16_supported():
        return [skipped(work, "this CPU has no bf16 instructions")]
    return [compare(work, unique, "bf16", 0.9999).row(">= 2.5")]


def grid() -> list[Row]:
    """What the LR/RF grid embeds: the paper's scripts embed every gene again for each split and mode."""
    texts, unique, once = sample_texts(), different_texts(), compared_once()
    asked = SEEDS * MODES * len(texts)
    return [
        {
            "work": f"texts embedded for the LR/RF grid of {SEEDS} seeds, fp32",
            "reference": f"{asked} texts: every split, default and tuned apart",
            "ours": f"{len(unique)} texts",
            "ratio": round(once.ratio * asked / len(unique), 1),
            "equal": once.equal,
            "limit": ">= 15",
            "note": "counted texts times the ratio per text measured now",
        }
    ]


def gpu() -> list[Row]:
    """Texts a second on a GPU against `encode` at batch size 32 and at its best one."""
    work = "embed on a GPU, 33M parameters, bf16"
    if not torch.cuda.is_available():
        return [skipped(work, "no CUDA device")]
    with tempfile.TemporaryDirectory() as folder:
        # A bare box lacks the library that knows where a user's files belong.
        os.environ.setdefault("GENEARENA_HOME", folder)
        return gpu_rows(work, random_bert(Path(folder) / "model"))


BENCHMARKS: Final = {
    "embed-fp32": fp32,
    "embed-bf16": bf16,
    "embed-grid": grid,
    "embed-gpu": gpu,
}


@dataclass(frozen=True)
class Compared:
    """`encode(batch_size=32)` against `engine.embedding.embed` with an empty cache, in texts a second."""

    work: str
    reference: float
    rate: float
    equal: str | bool
    unit: str = "texts per CPU second"

    @property
    def ratio(self) -> float:
        """How much faster."""
        return self.rate / self.reference

    def row(self, limit: str, note: str = "") -> Row:
        """A line of the table."""
        return {
            "work": self.work,
            "reference": f"{self.reference:,.0f} {self.unit}",
            "ours": f"{self.rate:,.0f} {self.unit}",
            "ratio": round(self.ratio, 2),
            "equal": self.equal,
            "limit": limit,
            "note": note,
        }


def compare(work: str, texts: Sequence[str], precision: Precision, cosine: float) -> Compared:
    """The two in turns; loading our model, which the reference has behind it, is not counted."""
    torch.set_num_threads(1)
    reference, model = reference_model(), find_model(BUNDLED)
    theirs, mine = [], []
    for _ in range(TURNS):
        seconds, expected = timed(lambda: reference.encode(texts, batch_size=32, show_progress_bar=False))
        theirs.append(seconds)
        seconds, vectors = timed(lambda: ours(model, texts, precision))
        mine.append(seconds - loading())
    nearest = float((unit(expected) * unit(vectors)).sum(axis=1).min())
    equal = f"cosine >= {cosine}" if nearest >= cosine else False
    return Compared(work, len(texts) / min(theirs), len(texts) / min(mine), equal)


def ours(model: Model, texts: Sequence[str], precision: Precision, device: str = "cpu") -> Vectors:
    """Through the product's own path, with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        return embed(
            model,
            texts,
            EmbeddingOptions(precision=precision),
            Path(folder),
            device=device,
            cancel=threading.Event(),
            progress=lambda done, total: None,
        ).vectors


@cache
def loading() -> float:
    """CPU seconds to load the model, which the reference has behind it when its clock starts."""
    ours(find_model(BUNDLED), ["warm"], "fp32")
    return min(timed(lambda: ours(find_model(BUNDLED), ["cold"], "fp32"))[0] for _ in range(3))


@cache
def reference_model() -> Any:
    """sentence-transformers with the bundled model, as its users load it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(local_path(find_model(BUNDLED))), device="cpu", local_files_only=True)
    model.encode(["warm"])
    return model


@cache
def sample_texts() -> list[str]:
    """The texts of the four sample tasks, one after the other."""
    return [text for task in sample_tasks() for text in task.texts]


def different_texts() -> list[str]:
    return list(dict.fromkeys(sample_texts()))


@cache
def compared_once() -> Compared:
    """Each different text once, in fp32; two benchmarks tell of it."""
    unique = different_texts()
    return compare(f"embed {len(unique)} different texts, fp32", unique, "fp32", 0.99999)


def timed(work: Callable[[], Vectors]) -> tuple[float, Vectors]:
    """CPU seconds of `work`, and what it gave."""
    started = time.process_time()
    vectors = work()
    return time.process_time() - started, vectors


def unit(vectors: Vectors) -> Vectors:
    scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def skipped(work: str, why: str) -> Row:
    return {
        "work": work,
        "reference": "-",
        "ours": "-",
        "ratio": None,
        "equal": None,
        "limit": "",
        "note": f"skipped: {why}",
    }


def flops_per_text(texts: Sequence[str]) -> float:
    """Floating-point operations of the linear layers, for the mean text."""
    tokens = [len(ids) for ids in reference_model().tokenizer(list(texts))["input_ids"]]
    return 2.0 * linear_weights(reference_model()) * float(np.mean(tokens))


def linear_weights(model: Any) -> int:
    """Numbers in the encoder's matrices, each multiplied once for every token."""
    return sum(weight.numel() for weight in model[0].auto_model.encoder.parameters() if weight.dim() == 2)


def matmul_flops(dtype: torch.dtype, device: str = "cpu", size: int = 2048) -> float:
    """Measured operations a second of one large matrix product."""
    square = torch.randn(size, size, device=device).to(dtype)
    best = float("inf")
    for _ in range(5):
        clock = time.process_time if device == "cpu" else time.perf_counter
        started = clock()
        for _ in range(4):
            square @ square
        if device != "cpu":
            torch.cuda.synchronize()
        best = min(best, (clock() - started) / 4)
    return 2.0 * size**3 / best


def gpu_rows(work: str, folder: Path) -> list[Row]:
    """Against `encode` in bf16 at batch size 32, and at the best of some."""
    from sentence_transformers import SentenceTransformer

    texts = texts_of_sample_lengths(20_000)
    model = find_model(str(folder))
    reference = SentenceTransformer(
        str(folder), device="cuda", local_files_only=True, model_kwargs={"dtype": torch.bfloat16}
    )
    rates = {
        size: len(texts) / gpu_seconds(partial(reference.encode, texts, batch_size=size)) for size in SIZES
    }
    load = gpu_seconds(lambda: ours(model, texts[:1], "bf16", "cuda:0"))
    mine = len(texts) / (gpu_seconds(lambda: ours(model, texts, "bf16", "cuda:0")) - load)
    expected = SentenceTransformer(str(folder), device="cuda", local_files_only=True).encode(texts[:500])
    nearest = float((unit(expected) * unit(ours(model, texts[:500], "bf16", "cuda:0"))).sum(axis=1).min())
    equal = "cosine >= 0.999" if nearest >= 0.999 else False
    work_done = mine * 2.0 * linear_weights(reference) * (float(np.mean(LENGTHS)) + 2)
    share = work_done / matmul_flops(torch.bfloat16, "cuda", 8192)
    best = max(rates, key=lambda size: rates[size])
    speed = "texts a second"
    return [
        Compared(work, rates[32], mine, equal, speed).row(">= 3", f"{share:.0%} of the measured bf16 peak"),
        Compared(f"{work}, against batch size {best}", rates[best], mine, equal, speed).row(""),
    ]


SIZES: Final = (32, 128, 512, 2048)


def gpu_seconds(work: Callable[[], object]) -> float:
    """Wall time of the faster of two runs, the GPU's work included."""
    best = float("inf")
    for _ in range(2):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return best


def random_bert(folder: Path) -> Path:
    """A BERT of the small models' shape (12 layers, 384 wide) with random weights and a word tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *(f"w{number}" for number in range(30_522 - len(special)))]
    core = Tokenizer(models.WordPiece({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="[PAD]", unk_token="[UNK]", model_max_length=512
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536)
    ).save_pretrained(folder)
    return folder


def texts_of_sample_lengths(count: int) -> list[str]:
    """Random words, as many in a text as the sample's texts have tokens."""
    random = np.random.default_rng(0)
    sizes = random.choice(LENGTHS, count)
    return [" ".join(f"w{word}" for word in random.integers(0, 30_000, size)) for size in sizes]
