"""What one worker process is and may have, as its caller says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSpec:
    """What one worker process is and may have.

    `argv` starts it; `target` names the Python function that the host loads (None: `argv` speaks the protocol itself).
    `environment` is complete: nothing else of this process's environment is passed on.
    `parameters` are the names that every call will send: with them a function that needs another does not load.
    `per_example` starts a process for each run, at most `workers` at once, and is for commands alone.
    """

    argv: tuple[str, ...]
    target: str | None
    cwd: Path
    environment: Mapping[str, str]
    workers: int = 1
    per_worker: int = 1
    memory_mb: int | None = None
    per_example: bool = False
    parameters: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.per_example and self.target is not None:
            raise ValueError("a Python host answers many runs: per_example is for commands")

    @property
    def name(self) -> str:
        """What messages call it: the function, or the command."""
        return self.target or " ".join(self.argv)
