"""What was looked at and how it stands: one line each, with the command or the edit that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError


class State(StrEnum):
    """How something stands."""

    OK = "ok"
    WARNING = "warning"
    """A run goes on with it, and says less or costs more."""
    PROBLEM = "problem"
    """A run would end by it."""


_USAGE: Final = ConfigurationError.exit_code
_SERVICE: Final = MeasurementError.exit_code


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at. Its words may hold what services answered: they are escaped where they are shown.

    `code` is the exit code of a run that ended by a problem: 2 for what a user wrote or set, 4 for a service.
    """

    about: str
    state: State
    message: str
    next_step: str | None = None
    code: int = 0


def ok(about: str, message: str) -> Finding:
    """Return that something is as a run needs it."""
    return Finding(about=about, state=State.OK, message=message)


def warning(about: str, message: str, next_step: str | None) -> Finding:
    """Return what a run lives with."""
    return Finding(about=about, state=State.WARNING, message=message, next_step=next_step)


def problem(about: str, message: str, next_step: str | None, *, service: bool = False) -> Finding:
    """Return what a run would end by."""
    code = _SERVICE if service else _USAGE
    return Finding(about=about, state=State.PROBLEM, message=message, next_step=next_step, code=code)


def failed(about: str, error: EvalgateError) -> Finding:
    """Return what a run would end by with this error."""
    place = f"{error.location}: " if error.location else ""
    return Finding(
        about=about,
        state=State.PROBLEM,
        message=f"{place}{error.message}",
        next_step=error.next_step,
        code=error.exit_code,
    )


def exit_code(findings: Iterable[Finding]) -> int:
    """Return what a command ends with: 2 before 4, as nothing is asked where the config is in error; else 0."""
    return min((finding.code for finding in findings if finding.state is State.PROBLEM), default=0)
