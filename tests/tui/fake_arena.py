"""An arena with nothing behind it: what it says is set by the test, what it is asked is kept."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

from textual.events import Paste

from engine.catalog.presets import PRESETS
from engine.catalog.protocols import PROTOCOLS
from engine.catalog.schemes import SCHEMES
from engine.data.preview.told import Group, Preview
from engine.data.tasks.shelf import TaskInfo
from engine.homes.removal import Own
from engine.leaks.finding import Finding
from engine.mailbox import Entry, EpochStatus, LogLine, StageStatus, Status, UnitStatus
from engine.plan.plan import Blocked, Plan
from engine.plan.selection import Selection
from engine.stats.posterior import Posterior
from store.arm import Arm, Table
from store.console import Result
from store.errors import DataError, StoreError, UsageError
from store.export import export_table
from store.home import Home, find_home
from store.queries import Measured, Rankings, RankRow
from store.records import Audit, AuditedGene, ClassAudit, Model, Task, Unit
from tui.app import ArenaApp
from tui.questions import catalog
from tui.questions.arena import Pulse
from tui.questions.catalog import Catalog, ModelCard, first_selection
from tui.questions.cells import CellDetail, CellWorth, Side
from tui.questions.genelist import Contestant, GeneList
from tui.questions.genes import GeneDetail, GeneRow, GeneScore
from tui.questions.imports import Imported
from tui.questions.maps import GeneMap
from tui.questions.nearest import Cut, Neighbour
from tui.questions.runs import Barred, PastRun, RunRead
from tui.questions.saved import Past
from tui.questions.sql import SqlDesk, SqlTable
from tui.questions.tested import Kept, Scored
from tui.ranked.among import Among
from tui.ranked.comparison import Line, Told
from tui.screens.base import SETTLE
from tui.terminal.timing import once
from tui.terminal.typeahead import settled

TASKS = ("tall", "small")
LASTING = ("keys", "pulse", "machine", "ask", "export-ask")
"""Groups of the workers that end with the application, or with an answer."""


def hostile(word: str) -> str:
    """A name with everything in it that can hurt a terminal or a markup parser."""
    return f"[/]{word}[@click=app.quit]\x1b[2J\x1b]52;c;aGk=\x07\u202e\U0001f9ec" + "é" * 300


class FakeArena:
    """Two models, two tasks, every protocol; no file is read or written."""

    def __init__(self, home: Home | None = None, readonly: bool = False, names=lambda name: name) -> None:
        self.home = home or find_home("/nonexistent")
        self.readonly = readonly
        self.behind = ""
        self.drawn_maps: list[GeneMap] = []
        self.gene_lists: dict[Contestant, GeneList] = {}
        self.kept: dict[str, Selection] = {}
        self.last: Selection | None = None
        self.shelf = 0
        self.named = names
        self.models = [
            Model(
                names("mini"), "package", "mini_package", "1", 384, 22_700_000, "mean", True, max_tokens=256
            ),
            Model(
                names("maxi"),
                "huggingface",
                "org/maxi",
                "abc",
                768,
                109_000_000,
                "cls",
                note=names("a trap"),
            ),
        ]
        self.task_infos = [
            TaskInfo(names("tall"), "Tall vs short", (names("short"), "tall"), (40, 20), "a list", "task1"),
            TaskInfo(names("small"), "Small vs large", ("large", "small"), (30, 30), "a list", "task2"),
        ]
        self.done: set[str] = set()
        self.failed_keys: set[str] = set()
        self.launched: list = []
        self.removed: list[tuple[str, str]] = []
        self.needed: tuple[str, ...] = ()
        """What is said of runs that need what is removed."""
        self.relaunched: list[bool] = []
        self.costs: list[Measured] = []
        self.absent: set[str] = set()
        """Paths at which there is nothing."""
        self.findings: list[Finding] = []
        """What the leak auditor says of any task."""
        self.asked: dict[str, str] = {}
        """Host -> what has to be agreed to before texts go there."""
        self.agreed: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.status: Status | None = None
        self.version = 1
        self.waiting = 0
        self.queue: list[Entry] = []
        self.dropped: list[str] = []
        self.runs: list[PastRun] = []
        self.boards: dict[str, Rankings] = {}
        """By what the table is called: `lr`, or `lr set=own`."""
        self.sets: dict[str, tuple[str, ...]] = {"own": ()}
        """Those beside the paper's."""
        self.broken: dict[str, Exception] = {}
        """Method -> what it raises."""
        self.calls: Counter[str] = Counter()
        """Method -> how often it was called."""
        self.gene_errors = {"FOXP2": 0.9, "BRCA1": 0.4, "TP53": 0.1}
        self.desk = FakeDesk(self)
        self.gate = threading.Event()
        """Cleared, it holds `plan` back until set."""
        self.gate.set()

    def may(self, method: str) -> None:
        self.calls[method] += 1
        if method in self.broken:
            raise self.broken[method]

    def writable(self, what: str) -> None:
        if self.readonly:
            raise UsageError(f"This window cannot {what}: it was opened with --readonly.", "Open another.")

    def read_ahead(self) -> None:
        pass

    def models_ahead(self) -> None:
        return None

    def catalog(self) -> Catalog:
        self.may("catalog")
        cards = tuple(ModelCard(m, "/models/mini" if m.kind == "package" else "") for m in self.models)
        catalog = Catalog(
            cards,
            tuple(self.task_infos),
            tuple(PROTOCOLS.values()),
            PRESETS,
            SCHEMES,
            ("facts", "name"),
            {"labels": ("raw", "unique", "clean"), "scaling": ("none", "l2")},
        )
        return replace(catalog, first=first_selection(catalog))

    def task(self, name, selection) -> Task:
        self.may("task")
        info = next(info for info in self.task_infos if info.name == name)
        audit = Audit(
            tuple(
                ClassAudit(label, n, n, n, n, n - 1)
                for label, n in zip(info.classes, info.counts, strict=True)
            ),
            (AuditedGene("ENSG1", self.named("FOXP2"), info.classes[0], "in both classes", False),),
        )
        genes = tuple(f"G{number}" for number in range(sum(info.counts) - 2))
        return Task(
            name, info.title, info.classes, genes, (0, 1) * (len(genes) // 2), genes, audit, "a list"
        )

    def plan(self, selection) -> Plan:
        self.calls["plan"] += 1
        self.gate.wait(60)
        if "plan" in self.broken:
            raise self.broken["plan"]
        for name in ("models", "tasks", "protocols", "seeds"):
            if not getattr(selection, name):
                raise UsageError(f"No {name} are chosen.", "Choose at least one.")
        units, blocked = [], []
        for model in selection.models:
            for protocol in selection.protocols:
                for task in selection.tasks:
                    if model == self.named("maxi"):
                        reason = f"{model} is not on this machine; fetch it."
                        blocked.append(Blocked(model, task, protocol, len(selection.seeds), reason, True))
                        continue
                    units += [
                        Unit(
                            model,
                            task,
                            protocol,
                            selection.preset,
                            seed,
                            {
                                "of": [model, task, protocol, seed],
                                "embedding": {} if PROTOCOLS[protocol].finetunes else {"pooling": "mean"},
                            },
                        )
                        for seed in selection.seeds
                    ]
        keys = {unit.key for unit in units}
        return Plan(
            selection,
            tuple(units),
            {model.name: model for model in self.models},
            {},
            frozenset(keys & self.done),
            frozenset(keys & self.failed_keys),
            tuple(blocked),
        )

    def change(self, selection, what, value) -> Selection:
        return catalog.change(self.home, selection, what, value)

    def selection_of(self, place) -> Selection:
        return catalog.selection_of(self.home, place)

    def saved_selections(self) -> dict[str, Selection]:
        return dict(self.kept)

    def save_selection(self, name, selection) -> None:
        self.kept[name] = selection

    def last_choice(self) -> Selection | None:
        return self.last

    def keep_choice(self, selection) -> None:
        self.last = selection

    def leaks(self, task, selection, cancel, progress) -> list[Finding]:
        self.may("leaks")
        progress(1, 2)
        return self.findings

    def there(self, path) -> bool:
        return path not in self.absent

    def open_preview(self, kind, path):
        counts = (Group("short", 12, 12), Group("tall", 12, 12))
        shown = Preview(kind, path, "table", 24, whole=True, classes=counts, why_positive="it was chosen")
        return lambda choices: shown

    def import_file(self, kind, path, choices) -> Imported:
        self.writable("import anything")
        return Imported(kind, "mine", f"{path} is here.")

    def own(self, kind, name) -> Own:
        self.may("own")
        return Own(kind, name, Path("/home/of") / name, (name,) if kind == "model" else (), "digest")

    def take_back(self, kind, name) -> tuple[str, ...]:
        self.writable("remove anything")
        self.removed.append((kind, name))
        self.models = [model for model in self.models if model.name != name]
        self.task_infos = [info for info in self.task_infos if info.name != name]
        return (f"The {kind} {name} is removed.", *self.needed)

    def import_part(self, task, tables) -> Imported:
        self.writable("import anything")
        return Imported("task", f"{task}.in.{tables}", "It is here.")

    def fetch_model(self, name, cancel, progress) -> str:
        self.writable("fetch anything")
        return f"{name} is here."

    def read_run(self, selection, started_at="") -> RunRead:
        self.may("read_run")
        plan = self.plan(Selection.from_json(selection))
        found: dict[str, list[UnitStatus]] = {"failed": [], "queued": [], "scored": []}
        for unit in plan.units:
            state = "scored" if unit.key in plan.done else "failed" if unit.key in plan.failed else "queued"
            place = (unit.key, unit.model, unit.task, unit.protocol, unit.preset, unit.seed)
            found[state].append(UnitStatus(*place, state))
        barred = dict.fromkeys(Barred(part.model, part.protocol, part.reason) for part in plan.blocked)
        return RunRead(tuple(unit for units in found.values() for unit in units), tuple(barred))

    def past_runs(self) -> list[PastRun]:
        self.may("past_runs")
        return self.runs

    def runner_error(self) -> StoreError:
        return StoreError("The runner did not start.", "Look into its log.")

    def export(self, columns, rows, path) -> Path:
        return export_table(columns, rows, path).absolute()

    def cached(self, model, plan) -> tuple[int, int]:
        return 90, 120

    def to_embed(self, plan) -> dict[str, int]:
        return {}

    def measured(self, model) -> list[Measured]:
        self.may("measured")
        return self.costs

    def past(self) -> Past:
        self.may("past")
        return Past({(self.named("mini"), name): 3.0 for name in PROTOCOLS}, 50_000)

    def questions(self, plan) -> dict[str, str]:
        return {host: question for host, question in self.asked.items() if host not in self.agreed}

    def agree(self, host) -> None:
        self.writable("agree")
        self.agreed.append(host)

    def launch(self, *selections) -> bool:
        self.may("launch")
        self.writable("start a run")
        self.launched.extend(selections)
        return self.status is not None and self.status.live

    def runner_missing(self) -> bool:
        return "runner" in self.broken

    def request(self, what, key="") -> None:
        self.may("request")
        self.writable(f"{what} a run")
        self.requests.append((what, key))

    def relaunch(self, retry_failed=False) -> None:
        self.may("relaunch")
        self.relaunched.append(retry_failed)

    def catch_up(self) -> None:
        self.may("catch_up")

    def pulse(self) -> Pulse:
        self.may("pulse")
        return Pulse(self.status, self.version, self.waiting, tuple(self.queue), shelf=self.shelf)

    def drop(self, id) -> None:
        self.may("drop")
        self.writable("change the queue")
        self.dropped.append(id)
        self.queue = [entry for entry in self.queue if entry.id != id]

    def tables(self) -> dict[Table, int]:
        self.may("tables")
        return {
            self.table_of(name): sum(sum(row.n.values()) for row in board.rows if row.source == "own")
            for name, board in self.boards.items()
        }

    def table_of(self, name: str) -> Table:
        named = Table.parse(name)
        return Table(replace(self.boards[name].arm, protocol=named.arm.protocol), named.task_set)

    def rankings(self, table, references=True) -> Rankings:
        self.may("rankings")
        name = str(Table(Arm(table.arm.protocol), table.task_set))
        return replace(self.boards.get(name, Rankings(table, (), (), 0, 0)), table=table)

    def judged(self, table):
        from fake_judged import FakeJudged

        self.may("judged")
        return FakeJudged(self.rankings(table))

    def kept_apart(self, standing):
        self.may("kept_apart")
        return standing

    def printed(self, table, column) -> str:
        self.may("printed")
        return f"No adjacent rank by {column} is separable." if table.rows else ""

    def task_sets(self) -> dict[str, tuple[str, ...]]:
        self.may("task_sets")
        return {"paper": tuple(info.name for info in self.task_infos if info.paper_task), **self.sets}

    def split_aucs(self, table):
        self.may("split_aucs")
        own = [row for row in self.rankings(table).rows if row.source == "own"]
        return {
            (row.model, task): {seed: auc + (seed - 45) / 100 for seed in range(41, 41 + row.n[task])}
            for row in own
            for task, auc in row.auc.items()
        }

    def cell_detail(self, place) -> CellDetail:
        self.may("cell_detail")
        curve = ((0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0))
        splits = [
            {
                "model": place.model,
                "seed": seed,
                "key": f"key-{seed}",
                "state": "scored",
                "auc": 0.9,
                "auprc": 0.8,
                "f1": 0.7,
                "brier": 0.1,
                "n_train": 54,
                "n_test": 6,
                "seconds": {"fit": 0.5},
                "best_params": {"C": 1.0},
                "environment": "env",
                "notes": [self.named("halved batch")],
                "finished_at": "2026-01-02",
                "sentence": None,
            }
            for seed in range(41, 50)
        ]
        lost = dict.fromkeys(splits[0]) | {
            "model": place.model,
            "seed": 50,
            "key": "key-50",
            "state": "failed",
            "best_params": {},
            "sentence": self.named("It ran out of memory."),
        }
        epochs = (
            [(41, 1, 1, 0.7, 0.6, 1e-5), (41, 1, 2, 0.5, 0.8, 5e-6)]
            if place.arm.protocol == "finetune"
            else []
        )
        trials = [] if epochs else [(self.named("C=1"), 0.88, 7), ("C=10", 0.86, 2)]
        curves = {"key-41": curve, "key-42": curve}
        environment = [("env", self.named("box"), "cpu", "3.11", "Linux")]
        called = {split["key"]: 0.5 for split in splits}
        scores = ((1, 0.8), (0, 0.1), (0, 0.4), (1, 0.3))
        genes = [self.named(name) for name in ("FOXP2", "BRCA1", "TP53", "SOX2")]
        tested = [
            Scored(gene, label, score, int(score > 0.5), score if label else 1 - score)
            for gene, (label, score) in zip(genes, scores, strict=True)
        ]
        kept = Kept((self.named("short"), self.named("tall")), dict.fromkeys(called, tested))
        printed = (11, 0.863, 0.908)
        return CellDetail(
            [*splits, lost], curves, curves, trials, epochs, environment, called, kept, printed
        )

    def cell_worth(self, place) -> CellWorth:
        self.may("cell_worth")
        lines = "AUC 0.900, 95 % [0.800, 0.960], of 9 splits", self.named("No gene called tall at 0.5")
        errors = "of genes 0.0300, of splits 0.0200; 12 degrees of freedom"
        return CellWorth(lines, errors, 0.9, (0.8, 0.96))

    def sides(self) -> list[Side]:
        self.may("sides")
        own = [
            Side("own", row.model, self.table_of(name))
            for name, table in self.boards.items()
            for row in table.rows
            if row.source == "own"
        ]
        return [*own, Side("paper", "Printed", Table(Arm("lr")))] if own else []

    def contrast(self, first, second) -> Told:
        self.may("contrast")
        if "paper" in (first.source, second.source):
            line = Line(self.named("tall"), 0.9, 0.85, (-0.12, 0.12), "same", "10")
            return Told("In the mean of 4 tasks: same.", "The two differ in splits.", (line,), (), "By t.")
        few, reach = ("It was A.",), "Practically the same cannot be shown with so few genes and splits."
        tall = (self.named("tall"), 0.9, 0.8, (-0.02, 0.22), "not told apart", "4/10")
        small = (self.named("small"), 0.7, 0.75, (-0.08, -0.02), "B better", "4")
        pairs = tuple((str(seed), 0.9, 0.9 - by) for seed, by in enumerate((0.1, 0.2, 0.0, 0.1), 41))
        behind = tuple((seed, 0.7, 0.7 + one - two) for seed, one, two in pairs)
        sure = (0.58, 0.3, 0.12), Posterior(0.025, 0.04, 11)
        lines = (
            Line(*tall, (0.1, 0.2, 0.0, 0.1), few, pairs, (0.9, 0.06, 0.04), Posterior(0.1, 0.06, 11)),
            Line(*small, (-0.05, -0.05, 0.0, -0.1), few, behind, (0.0, 0.04, 0.96)),
            Line("mean of 2", 0.8, 0.775, (-0.06, 0.11), "not told apart", "4-10", (), few, (), *sure),
        )
        unlike = "The two differ in protocol, not in the model alone." * (first.table != second.table)
        headline = "In the mean of 2 tasks: cannot be told apart with these splits, A - B +0.025."
        return Told(headline, unlike, lines, ("On 4 splits a task.", reach), "How: by t.")

    def among(self, table, rows=()) -> Among:
        self.may("among")
        models = [row.model for row in self.rankings(table).rows if row.source == "own"]
        shown = tuple(model for model in models if not rows or model in rows)
        aucs = {model: 0.9 - 0.1 * place for place, model in enumerate(models)}
        return Among(shown, aucs, frozenset(itertools.pairwise(shown)), 2, len(models))

    def genes(self) -> list[GeneRow]:
        self.may("genes")
        return [GeneRow(self.named(name), 1, 4, error) for name, error in self.gene_errors.items()]

    def gene_detail(self, gene) -> GeneDetail:
        self.may("gene_detail")
        labels = [("tall", "short"), ("tall", "tall")]
        scores = [GeneScore("tall", self.named("mini"), Arm("lr"), 0.25, 4)]
        return GeneDetail(gene, labels, [f"{gene}: a gene."], scores)

    def cuts(self, text) -> list[Cut]:
        return [Cut("mini", 5, 254, None, text), Cut("maxi", 300, 254, 10, text[:10])]

    def neighbours(self, gene, model=""):
        self.may("neighbours")
        if gene == self.named("BRCA1"):
            return "", [], f"No model has embedded {gene} here yet."
        return "mini", [Neighbour(self.named("BRCA1"), 0.987, "short")], ""

    def contestants(self):
        return list(self.gene_lists)

    def gene_list(self, of):
        self.may("gene_list")
        return self.gene_lists.get(of)

    def maps(self, task):
        return [item.of for item in self.drawn_maps if item.of.task == task]

    def gene_map(self, wanted, method="pca", protocol="", cancel=None):
        self.may("gene_map")
        return next((item for item in self.drawn_maps if item.of == wanted), None)

    def reading(self):
        self.may("reading")
        return contextlib.nullcontext()

    def sql_tables(self) -> dict[str, SqlTable]:
        columns = {"leaderboard": ("model", "auc", "mean_auc"), "predictions": ("gene", "score")}
        return {
            name: SqlTable(tuple((column, "VARCHAR") for column in known), 40)
            for name, known in columns.items()
        }

    def failure(self, key: str) -> dict[str, str]:
        self.may("failure")
        if key != "k3":
            raise DataError(f"Nothing is known of {key}.")
        return {
            "sentence": "The text is empty.",
            "traceback": "Traceback:\n  one\n  two\nValueError: no",
            "error": "V",
        }


class FakeDesk(SqlDesk):
    """Rows that are counted up, as many as the test wants."""

    def __init__(self, arena: FakeArena) -> None:
        super().__init__(arena.home)
        self.arena = arena
        self.asked: list[str] = []
        self.saved: dict[str, str] = {}
        self.rows: list[tuple] = []
        self.row_count = 3
        self.gate = threading.Event()
        """Cleared, it holds a query back until set."""
        self.gate.set()
        self.pages_gate = threading.Event()
        """Cleared, it holds the pages after the first back until set."""
        self.pages_gate.set()
        self.looks = False
        """Whether there are rows before a query was asked for."""
        self.fetched: list[int] = []
        """The first row of each page that was asked for."""

    def run(self, query, rows):
        self.asked.append(query)
        self.gate.wait(60)
        self.arena.may("sql")
        self.rows = [
            (number, self.arena.named(f"name {number}"), number / 7) for number in range(self.row_count)
        ]
        result = Result(
            ("n", self.arena.named("name"), "x"),
            ("BIGINT", "VARCHAR", "DOUBLE"),
            len(self.rows),
            False,
            0.012,
            len(self.asked),
        )
        return result, self.rows[:rows]

    def look(self, query, rows):
        if not self.looks:
            raise UsageError("There are no results yet.")
        shown = FakeDesk(self.arena)
        return shown.run(query, rows)

    def page(self, result, offset, rows):
        self.pages_gate.wait(60)
        self.fetched.append(offset)
        return self.rows[offset : offset + rows]

    def stop(self) -> None:
        self.arena.broken["sql"] = UsageError("The query was cancelled.")
        self.gate.set()

    def history(self):
        return self.saved, self.asked

    def save(self, name, query) -> None:
        self.saved[name] = query


def make_app(arena: FakeArena, **options) -> ArenaApp:
    """The application on `arena`, looking at the run as often as a test wants."""
    return ArenaApp(arena, beat=0.01, **options)


def a_status(state="running", **changes) -> Status:
    """A run with one unit in work, one scored and one failed."""
    unit = {"model": "mini", "task": "tall", "protocol": "lr", "preset": "paper"}
    status = Status(
        "run-1",
        4711,
        "box",
        state,
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:05:05+00:00",
        160,
        already_done=10,
        scored=20,
        failed=1,
        rate=2.0,
        eta_s=64.5,
        stages=(
            StageStatus("embed", "mini", 50, 100, 25.0, 2.0),
            StageStatus("classify", "mini", 21, 150, 2.0, 64.0),
        ),
        running=(UnitStatus("k1", seed=41, state="running", **unit),),
        recent=(
            UnitStatus("k2", seed=42, state="scored", auc=0.912, seconds=1.5, **unit),
            UnitStatus("k3", seed=43, state="failed", seconds=0.5, sentence="The text is empty.", **unit),
        ),
        epochs=(EpochStatus("k1", "mini", "tall", "finetune", 41, 1, 1, 0.6, 0.7, 1e-5),),
        log=(LogLine("2026-01-02T03:04:06+00:00", "info", "embedding mini"),),
        device="cpu",
        selection={"protocols": ["lr"], "models": ["mini"], "tasks": ["tall"], "seeds": [41]},
    )
    return replace(status, **changes)


def a_table(auc=0.9, n=10, failed=0, names=lambda name: name) -> Rankings:
    """A ranked table with two own rows and one of the paper's."""

    def row(model, source, base, splits):
        aucs = {names("tall"): base, names("small"): base - 0.1}
        ranks = dict.fromkeys(aucs, 1.0 if base == auc else 2.0)
        sd = dict.fromkeys(aucs, 0.031) if source == "own" else {}
        own_failed = dict.fromkeys(aucs, failed if source == "own" else 0)
        return RankRow(
            model,
            source,
            aucs,
            sd,
            ranks,
            dict.fromkeys(aucs, splits),
            own_failed,
            base - 0.05,
            ranks[names("tall")],
        )

    rows = (
        row(names("mini"), "own", auc, n),
        row(names("other"), "own", 0.7, 10),
        row("Printed", "paper", 0.8, 10),
    )
    return Rankings(Table(Arm("lr")), (names("tall"), names("small")), rows, 10, 1)


def drive(app: ArenaApp, size: tuple[int, int] = (80, 24)):
    """Run `app` headless, with its passing sentences on screen as a user sees them."""
    return app.run_test(size=size, notifications=True)


def told(app: ArenaApp) -> str:
    """All passing sentences so far, those that have passed too."""
    return "\n".join(vars(app._notifications).get("told", {}).values())


async def until(pilot, condition, seconds: float = 10.0) -> None:
    """Let the application go on until `condition()` holds."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    app = pilot.app
    assert condition(), f"it never came to be:\n{screen_text(app) if app.is_running else 'it was left'}"


async def shows(pilot, *words: str) -> None:
    """Let the application go on until all of this is on the screen at once."""

    def all_there() -> bool:
        shown = screen_text(pilot.app)
        return all(word in shown for word in words)

    await until(pilot, all_there)


async def rested(pilot) -> None:
    """Let the keys so far be answered, and what waits for them to rest be begun."""
    await settled(pilot.app)
    over = asyncio.Event()
    once(pilot.app, SETTLE, over.set)  # goes off after those that were set before it
    await over.wait()


async def at_rest(pilot) -> None:
    """Let everything that the keys so far set off come to its end, and the first screen be whole."""
    await until(pilot, lambda: getattr(pilot.app.screen, "stands_whole", True))
    await rested(pilot)
    still = 0
    while still < 3:  # a worker's message may start another worker
        await settled(pilot.app)
        await pilot.pause(0.005)
        busy = [worker for worker in pilot.app.workers if worker.group not in LASTING]
        drawn = not pilot.app.leisure._waits
        still = still + 1 if drawn and all(worker.is_finished for worker in busy) else 0


def paste(pilot, text: str) -> None:
    """Type a long text in one go; it has its turn among the keys."""
    pilot.app.post_message(Paste(text))


def screen_text(app: ArenaApp) -> str:
    """What is on the screen now, as lines of text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join(line.text[:width] for line in lines[:height])
