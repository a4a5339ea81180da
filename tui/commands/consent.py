"""Asking before texts leave this machine: once for each host, and only where somebody can answer."""

from __future__ import annotations

import sys

import click

from engine.plan import Plan
from store.home import Home
from tui.widgets.text import clean


def questions(plan: Plan, home: Home) -> dict[str, str]:
    """What has to be agreed to before the endpoints of `plan` may be used: host -> the question.

    Raises:
        UsageError: an address or the record of what was agreed to cannot be read.
    """
    endpoints = [model for model in plan.models.values() if model.kind == "endpoint"]
    texts = list(dict.fromkeys(text for task in plan.tasks.values() for text in task.texts))
    if not (endpoints and texts):
        return {}
    from engine.endpoint import agreed_hosts, host_of, question
    from engine.network import offline

    if offline():
        return {}
    agreed = agreed_hosts(home)
    asked: dict[str, str] = {}
    for model in endpoints:
        if (host := host_of(model)) not in agreed:
            asked.setdefault(host, question(model, texts))
    return asked


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
            from engine.endpoint import agree

            agree(home, host)
            agreed = True
    return agreed
