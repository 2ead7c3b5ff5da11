"""A pool of worker processes that host one target of the user's: calls in, outcomes out, dead workers replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evalgate.records import Json, TaskOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSpec:
    """What one worker process is and may have.

    `argv` starts it; `target` names the Python function that the host loads (None: `argv` speaks the protocol itself).
    `environment` is complete: nothing else of this process's environment is passed on.
    """

    argv: tuple[str, ...]
    target: str | None
    cwd: Path
    environment: Mapping[str, str]
    workers: int = 1
    per_worker: int = 1
    memory_mb: int | None = None
    per_example: bool = False


class WorkerPool:
    """Workers of one side. A worker holds runs of one sample at a time."""

    def __init__(self, spec: WorkerSpec) -> None:
        self.spec = spec

    async def start(self) -> None:
        """Start one worker and load the target. Raises CandidateError with the user's last frame when it cannot."""
        raise NotImplementedError

    async def call(self, arguments: Mapping[str, Json], *, run_id: str, sample: str, timeout: float) -> TaskOutcome:
        """Send `arguments` to a worker and return its answer; never raises for what the user's code did."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop every worker: politely, then by signal. Idempotent."""
        raise NotImplementedError
