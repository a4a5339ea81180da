"""Asking before texts leave this machine: once for each host, and only where somebody can answer."""

from __future__ import annotations

import sys

import click

from engine.plan import Plan
from store.home import Home
from tui.widgets.text import clean


def ask_consent(plan: Plan, home: Home) -> bool:
    """Ask for each endpoint of `plan` whose host has not been agreed to yet.

    Returns:
        Whether anything was agreed to, so that the plan can be made again with more in it.
    """
    endpoints = [model for model in plan.models.values() if model.kind == "endpoint"]
    if not endpoints or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    from engine.endpoint import agree, agreed_hosts, host_of, question
    from engine.network import offline

    if offline():
        return False
    texts = list(dict.fromkeys(text for task in plan.tasks.values() for text in task.texts))
    before = agreed_hosts(home)
    for model in endpoints:
        new = texts and host_of(model) not in agreed_hosts(home)
        if new and click.confirm(clean(question(model, texts), limit=0), err=True):
            agree(home, host_of(model))
    return agreed_hosts(home) != before
