"""Where the runner and its viewers meet: small files in one folder, replaced whole or left as requests.

The runner replaces `status.json` and holds `runner.lock`; viewers queue launches and leave
requests. No sockets, no protocol.
"""

from engine.mailbox.detach import go_on, launch, runner_error, start_runner
from engine.mailbox.kill import end_runner, killable
from engine.mailbox.lock import (
    LIVE,
    LockLost,
    RunnerLock,
    lock_fault,
    runner_alive,
    runner_lock,
    runner_of,
)
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
    EarlierRun,
    EpochStatus,
    LeftOut,
    LogLine,
    RunState,
    StageStatus,
    Status,
    UnitState,
    UnitStatus,
    WorkerStatus,
    read_status,
    write_status,
)

__all__ = [
    "LIVE",
    "EarlierRun",
    "Entry",
    "EpochStatus",
    "LeftOut",
    "LockLost",
    "LogLine",
    "RequestKind",
    "RunState",
    "RunnerLock",
    "StageStatus",
    "Status",
    "UnitState",
    "UnitStatus",
    "WorkerStatus",
    "begin",
    "clear_queue",
    "damaged",
    "drop",
    "end_runner",
    "enqueue",
    "go_on",
    "killable",
    "last_launch",
    "launch",
    "leave_off",
    "lock_fault",
    "over",
    "queued",
    "read_status",
    "remember",
    "request",
    "runner_alive",
    "runner_error",
    "runner_lock",
    "runner_of",
    "start_runner",
    "take_queued",
    "take_requests",
    "unfinished",
    "waiting",
    "write_status",
]
