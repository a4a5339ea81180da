"""What has to be agreed to before texts leave this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from store.home import Home


def questions(plan: Plan, home: Home) -> dict[str, str]:
    """What has to be agreed to before the endpoints of `plan` may be used: host -> the question.

    Raises:
        UsageError: an address or the record of what was agreed to cannot be read.
    """
    endpoints = [model for model in plan.models.values() if model.kind == "endpoint"]
    texts = list(dict.fromkeys(text for task in plan.tasks.values() for text in task.texts))
    if not (endpoints and texts):
        return {}
    from engine.embedding.endpoint.consent import agreed_hosts, host_of, question
    from engine.network import offline

    if offline():
        return {}
    agreed = agreed_hosts(home)
    asked: dict[str, str] = {}
    for model in endpoints:
        if (host := host_of(model)) not in agreed:
            asked.setdefault(host, question(model, texts))
    return asked
