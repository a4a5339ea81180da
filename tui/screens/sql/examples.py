"""Queries that everybody finds among the saved ones."""

from __future__ import annotations

from typing import Final

FIRST: Final = """\
select model, task, auc, rank, n, mean_auc, mean_rank
from leaderboard
where protocol = 'lr' and task_set = 'paper'
order by mean_rank, task"""

EXAMPLES: Final = {
    "ranked table": FIRST,
    "own beside the paper": "select * from reproduction order by protocol, task, delta",
    "hardest genes": (
        "select gene, label, count(*) as tests, avg(abs(label - score)) as error\n"
        "from predictions\ngroup by gene, label\nhaving tests > 5\norder by error desc"
    ),
    "what tuning chose": "select * from best_params order by protocol, model, task, splits desc",
    "failures": "select model, task, protocol, seed, sentence from failures order by finished_at desc",
}
"""Name -> query."""
