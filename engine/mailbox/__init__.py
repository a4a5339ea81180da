"""Where the runner and its viewers meet: small files in one folder, replaced whole or left as requests.

The runner replaces `status.json` and holds `runner.lock`; viewers queue launches and leave
requests. No sockets, no protocol.
"""

from engine.mailbox.detach import launch, runner_error, start_runner
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
    "LockLost",
    "LogLine",
    "RequestKind",
    "RunState",
    "RunnerLock",
    "StageStatus",
    "Status",
    "UnitState",
    "UnitStatus",
    "clear_queue",
    "end_runner",
    "enqueue",
    "killable",
    "last_launch",
    "launch",
    "lock_fault",
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
    "waiting",
    "write_status",
]
