"""Where the runner and its viewers meet: small files in one folder, replaced whole or left as requests.

The runner replaces `status.json` and holds `runner.lock`; viewers queue launches and leave
requests. No sockets, no protocol.
"""

from engine.mailbox.detach import launch, start_runner
from engine.mailbox.lock import runner_alive, runner_lock
from engine.mailbox.requests import (
    RequestKind,
    clear_queue,
    enqueue,
    last_launch,
    queued,
    remember,
    request,
    take_queued,
    take_requests,
    waiting,
)
from engine.mailbox.status import (
    LIVE,
    EpochStatus,
    LogLine,
    RunState,
    StageStatus,
    Status,
    UnitState,
    UnitStatus,
    read_status,
    write_status,
)

__all__ = [
    "LIVE",
    "EpochStatus",
    "LogLine",
    "RequestKind",
    "RunState",
    "StageStatus",
    "Status",
    "UnitState",
    "UnitStatus",
    "clear_queue",
    "enqueue",
    "last_launch",
    "launch",
    "queued",
    "read_status",
    "remember",
    "request",
    "runner_alive",
    "runner_lock",
    "start_runner",
    "take_queued",
    "take_requests",
    "waiting",
    "write_status",
]
