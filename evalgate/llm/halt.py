"""The one reason for which nothing more is called: a spent budget, an endpoint that refuses all, a replay's gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evalgate.suite.checks import Unmeasurable


@dataclass(frozen=True, kw_only=True, slots=True)
class Halted:
    """Why the run ends here. `message` is whole sentences, `next_step` what lets it go on."""

    kind: Unmeasurable
    message: str
    next_step: str


class Halt:
    """Remembers the first reason and has the run stopped: what is on its way may end, nothing new begins."""

    def __init__(self, stop: Callable[[], None], *, goes_on: str = "evalgate run --resume") -> None:
        """`goes_on` is the command that goes on once the reason is gone."""
        self._stop = stop
        self.goes_on = goes_on
        self.reason: Halted | None = None

    def __call__(self, kind: Unmeasurable, message: str, next_step: str) -> None:
        """End the run for this reason, unless it ends for another already."""
        if self.reason is None:
            self.reason = Halted(kind=kind, message=message, next_step=next_step)
            self._stop()
