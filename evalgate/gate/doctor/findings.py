"""What was looked at and how it stands: one line each, with the command or the edit that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    sure: bool = False
    """Whether a run would end by it whatever happens meanwhile: of a service that is away nobody knows."""


def ok(about: str, message: str) -> Finding:
    """Return that something is as a run needs it."""
    return Finding(about=about, state=State.OK, message=message)


def warning(about: str, message: str, next_step: str | None) -> Finding:
    """Return what a run lives with."""
    return Finding(about=about, state=State.WARNING, message=message, next_step=next_step)


def problem(
    about: str, message: str, next_step: str | None, *, service: bool = False, sure: bool | None = None
) -> Finding:
    """Return what a run would end by: for sure where that is nothing that a `service` may mend, unless `sure` says."""
    code = _SERVICE if service else _USAGE
    certain = not service if sure is None else sure
    return Finding(about=about, state=State.PROBLEM, message=message, next_step=next_step, code=code, sure=certain)


def failed(about: str, error: EvalgateError) -> Finding:
    """Return what a run would end by with this error."""
    place = f"{error.location}: " if error.location else ""
    return Finding(
        about=about,
        state=State.PROBLEM,
        message=f"{place}{error.message}",
        next_step=error.next_step,
        code=error.exit_code,
        sure=error.exit_code == _USAGE,
    )


def require_none(findings: Sequence[Finding]) -> None:
    """Raise ConfigurationError or MeasurementError where a run would end for sure, with all that it would end by."""
    wrong = [finding for finding in findings if finding.sure]
    if not wrong:
        return
    told = "; ".join(f"{finding.about}: {finding.message}" for finding in wrong)
    kind = ConfigurationError if exit_code(wrong) == _USAGE else MeasurementError
    steps = dict.fromkeys(finding.next_step for finding in wrong if finding.next_step)
    raise kind(f"the run was not begun: {told}", next_step="; ".join(steps) or "evalgate doctor")


def exit_code(findings: Iterable[Finding]) -> int:
    """Return what a command ends with: 2 before 4, as nothing is asked where the config is in error; else 0."""
    return min((finding.code for finding in findings if finding.state is State.PROBLEM), default=0)
