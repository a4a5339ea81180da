"""Asking before texts leave this machine: once for each host, and only where somebody can answer."""

from __future__ import annotations

import sys

import click

from engine.plan.plan import Plan
from store.home import Home
from tui.questions.consent import questions
from tui.widgets.text import clean


def ask_consent(plan: Plan, home: Home) -> bool:
    """Ask on the terminal for each endpoint of `plan` whose host has not been agreed to yet.

    Returns:
        Whether anything was agreed to, so that the plan can be made again with more in it.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    agreed = False
    for host, question in questions(plan, home).items():
        if click.confirm(clean(question, limit=0), err=True):
            from engine.embedding.endpoint.consent import agree

            agree(home, host)
            agreed = True
    return agreed
