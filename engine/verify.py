"""What an outsider needs to recompute every number (splits and vectors), and our own recomputation."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalog.models import list_models
from engine.catalog.presets import axes_for
from engine.environment import usable_cores
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from engine.run.compute import Compute, Context, LocalCompute
from store.database import connect
from store.errors import GeneArenaError, StoreError, UsageError
from store.home import Home
from store.records import Audit, Scored, Task, Unit

Columns = list[str]
Rows = list[tuple[Any, ...]]


# ---------------------------------------------------------------------------- for outsiders


def split_rows(plan: Plan, home: Home) -> tuple[Columns, Rows]:
    """Every split of a plan, one row a gene, in the order in which classifiers see the genes.

    LR and RF train on the rows `train` and then `evaluation`, by `position`, and are scored on `test`.
    """
    from engine.data.genes.families import families_here
    from engine.data.tasks.splits import make_split

    columns = ["task", "scheme", "seed", "part", "position", "index", "gene", "label", "class"]
    rows: Rows = []
    rule = axes_for(plan.selection.preset, plan.selection.axes).labels
    families = families_here(home)
    for task in plan.tasks.values():
        for seed in plan.selection.seeds:
            split = make_split(task, plan.selection.scheme, seed, rule, families)
            for part in ("train", "evaluation", "test"):
                for position, index in enumerate(getattr(split, part)):
                    label = task.labels[index]
                    place = (task.name, split.scheme, seed, part, position, index)
                    rows.append((*place, task.genes[index], label, task.classes[label]))
    return columns, rows


def vector_rows(plan: Plan, home: Home, device: str = "auto") -> tuple[Columns, Rows]:
    """The vectors of a plan's one model, one row for each gene of each task, from the cache if there.

    Raises:
        UsageError: the plan has more than one model, or none that turns texts into vectors.
        ModelError, DataError: the model cannot be used.
    """
    if len(plan.models) != 1:
        raise UsageError("Vectors are exported for one model at a time.", "Name one with --models.")
    if not plan.units:
        raise UsageError(plan.blocked[0].reason)
    compute = LocalCompute(home)
    [model] = plan.models.values()
    tasks = list(plan.tasks.values())
    context = Context(compute.devices(device)[0], "", threading.Event())
    found = compute.embed(plan.units[0], model, tasks, context, lambda *_: None)
    rows: Rows = []
    dimension = 0
    for task in tasks:
        vectors = found[task.name].vectors
        if vectors is None:
            raise UsageError(
                f"{model.name} is a control: its features are fitted anew in each split.",
                "Name a model with --models.",
            )
        dimension = vectors.shape[1]
        for index, vector in enumerate(vectors):
            head = (model.name, task.name, index, task.genes[index], task.labels[index])
            rows.append((*head, *vector.tolist()))
    return ["model", "task", "index", "gene", "label", *(f"v{n}" for n in range(dimension))], rows


# ---------------------------------------------------------------------------- by ourselves


@dataclass(frozen=True, slots=True)
class Verdict:
    """One saved split beside its recomputation."""

    key: str
    model: str
    task: str
    protocol: str
    seed: int
    kept: float
    """The saved AUC."""
    now: float | None = None
    """The recomputed one; None if it could not be recomputed."""
    largest: float | None = None
    """The largest difference of any test gene's probability."""
    reason: str = ""
    """Why it could not be recomputed."""

    def same(self, tolerance: float) -> bool:
        """Whether the two AUCs agree."""
        return self.now is not None and abs(self.now - self.kept) <= tolerance


def verify(
    home: Home, sample: int, seed: int = 0, device: str = "auto", compute: Compute | None = None
) -> Iterator[Verdict]:
    """Recompute up to `sample` saved splits, drawn with `seed`, and yield each beside what was kept.

    Embeddings come from the cache where they are in it. Nothing is saved.

    Raises:
        StoreError: the store cannot be read.
    """
    compute = compute or LocalCompute(home)
    drawn = _draw(home, sample, seed)
    if not drawn:
        return
    device = compute.devices(device)[0]
    with compute.limits(usable_cores()):
        for row in drawn:
            yield _recompute(home, row, device, compute)


def _draw(home: Home, sample: int, seed: int) -> list[dict[str, Any]]:
    """Saved splits as dicts of the columns read, with each test gene's probabilities."""
    with connect(home) as con:
        keys = sorted(key for (key,) in con.execute("select key from scores").fetchall())
        chosen = random.Random(seed).sample(keys, min(sample, len(keys)))
        cursor = con.execute(
            """
            select key, units.model, units.task, units.protocol, units.seed, spec, auc,
                (select list(scores order by "index") from predictions as p where p.key = units.key)
                as probabilities
            from units join scores using (key)
            where list_contains(?, key)
            order by units.model, units.task, units.protocol, units.seed
            """,
            [chosen],
        )
        names = [item[0] for item in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def _recompute(home: Home, row: Mapping[str, Any], device: str, compute: Compute) -> Verdict:
    verdict = {name: row[name] for name in ("key", "model", "task", "protocol", "seed")}
    try:
        scored = _score_again(home, row, device, compute)
    except GeneArenaError as error:
        return Verdict(**verdict, kept=row["auc"], reason=str(error))
    now = [prediction.scores for prediction in sorted(scored.predictions, key=lambda one: one.index)]
    pairs = zip(now, row["probabilities"], strict=True)
    largest = max(abs(a - b) for new, old in pairs for a, b in zip(new, old, strict=True))
    return Verdict(**verdict, kept=row["auc"], now=scored.metrics.auc, largest=largest)


def _score_again(home: Home, row: Mapping[str, Any], device: str, compute: Compute) -> Scored:
    """The unit of `row`, planned and computed again.

    Raises:
        GeneArenaError: what the number depends on is not what it was.
    """
    unit, plan = _plan_again(home, row)
    model, task = plan.models[unit.model], plan.tasks[unit.task]
    context = Context(device, "", threading.Event())
    if unit.family == "finetune":
        [result] = compute.finetune([unit], model, task, context, lambda *_: None, lambda *_: None)
        if isinstance(result, GeneArenaError):
            raise result
        return result
    vectors = compute.embed(unit, model, [task], context, lambda *_: None)
    return compute.classify(unit, task, vectors[task.name], context)


def _plan_again(home: Home, row: Mapping[str, Any]) -> tuple[Unit, Plan]:
    spec = json.loads(row["spec"])
    axes = dict(spec["axes"])
    selection = Selection(
        (*_lender(home, spec), row["model"]),
        (row["task"],),
        (row["protocol"],),
        (row["seed"],),
        axes={name: value for name, value in axes.items() if name != "text"},
        text=axes["text"],
        params=spec["protocol"]["params"],
        scheme=spec["split"]["scheme"],
    )
    # Its genes, labels and texts are in the store, wherever they came from and whatever became of that.
    plan = build_plan(selection, home, {}, {row["task"]: _stored_task(home, row["task"], spec)})
    if plan.blocked:
        raise StoreError(plan.blocked[0].reason)
    [unit] = [unit for unit in plan.units if unit.model == row["model"]]
    if unit.key != row["key"]:
        raise StoreError(f"Something it depends on has changed since: {_changed(spec, dict(unit.spec))}.")
    return unit, plan


def _lender(home: Home, spec: Mapping[str, Any]) -> Iterator[str]:
    """The model whose vectors a control has, if it has any; it is then the first of the selection."""
    of = spec["model"].get("of")
    for model in list_models(home) if of else ():
        if (model.kind, model.source) == (of["kind"], of["source"]):
            yield model.name
            return


def _stored_task(home: Home, name: str, spec: Mapping[str, Any]) -> Task:
    with connect(home) as con:
        found = con.execute(
            "select title, classes, source from tasks where hash = ?", [spec["task"]]
        ).fetchall()
        rows = con.execute(
            'select gene, label, text, described from task_genes where task_hash = ? order by "index"',
            [spec["task"]],
        ).fetchall()
    if not found:
        raise StoreError("The genes and texts it was computed from are not in the store.")
    [(title, classes, source)] = found
    genes, labels, texts, described = zip(*rows, strict=True)
    return Task(
        name,
        title,
        tuple(classes),
        genes,
        labels,
        texts,
        Audit(()),
        source,
        recipe=spec["axes"]["text"],
        described=() if None in described else described,
    )


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = [name for name in now if json.dumps(before.get(name)) != json.dumps(now[name])]
    return ", ".join(names) or "the layout of keys"
