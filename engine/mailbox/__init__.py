"""Where the runner and its viewers meet: small files in one folder, replaced whole or left as requests.

The runner replaces `status.json` and holds `runner.lock`; viewers queue launches and leave
requests. No sockets, no protocol.
"""

from engine.mailbox.detach import go_on, launch, start_runner
from engine.mailbox.lock import runner_alive, runner_lock
from engine.mailbox.queue import (
    Entry,
    begin,
    clear_queue,
    damaged,
    drop,
    enqueue,
    last_launch,
    leave_off,
    over,
    queued,
    remember,
    take_queued,
    unfinished,
    waiting,
)
from engine.mailbox.requests import RequestKind, request, take_requests
from engine.mailbox.status import (
    LIVE,
    EarlierRun,
    EpochStatus,
    LeftOut,
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
    "EarlierRun",
    "Entry",
    "EpochStatus",
    "LeftOut",
    "LogLine",
    "RequestKind",
    "RunState",
    "StageStatus",
    "Status",
    "UnitState",
    "UnitStatus",
    "begin",
    "clear_queue",
    "damaged",
    "drop",
    "enqueue",
    "go_on",
    "last_launch",
    "launch",
    "leave_off",
    "over",
    "queued",
    "read_status",
    "remember",
    "request",
    "runner_alive",
    "runner_lock",
    "start_runner",
    "take_queued",
    "take_requests",
    "unfinished",
    "waiting",
    "write_status",
]
