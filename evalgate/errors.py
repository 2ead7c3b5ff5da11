"""The one exception tree: every expected failure, its exit code, and a message that says what to do next.

EvalgateError
├── ConfigurationError     2   the config, a flag or a file that the user wrote
│   ├── DatasetError       2   a golden dataset that cannot be used
│   ├── CandidateError     2   a candidate that does not load
│   └── ErrorGroup         2   all that is wrong with one file
├── MeasurementError       4   a service, a missing baseline, too many errors, a full disk
│   ├── JournalError       4   the store cannot be read or written
│   └── BaselineError      4   a baseline that cannot be found, loaded or compared with
└── Interrupted            130   stopped from outside; resumable
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place in a file that the user wrote. `line` and `column` count from 1; None where unknown."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, self.line, self.column]
        return ":".join(str(part) for part in parts if part is not None)


class EvalgateError(Exception):
    """An expected failure. `message` names the thing and says what happened; `next_step` is what to do about it."""

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, *, location: Location | None = None, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.next_step = next_step

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        following = f"\n  next: {self.next_step}" if self.next_step else ""
        return f"{place}{self.message}{following}"


class ConfigurationError(EvalgateError):
    """The user asked for something that cannot be: nothing was run and nothing was paid."""

    exit_code = 2


class DatasetError(ConfigurationError):
    """A golden dataset that cannot be used as it stands."""


class CandidateError(ConfigurationError):
    """The candidate does not load (import error, missing command, refused endpoint): nothing was paid."""


class MeasurementError(EvalgateError):
    """Nothing could be measured, through no proven fault of the candidate: UNMEASURABLE, never PASS."""

    exit_code = 4


class JournalError(MeasurementError):
    """The journal cannot be read or written. What was committed before stays."""


class BaselineError(MeasurementError):
    """The baseline is missing, does not load, or cannot be compared with the candidate."""


class Interrupted(EvalgateError):
    """The run was stopped from outside. What is done is in the journal."""

    exit_code = 130


class ErrorGroup(ConfigurationError):
    """All that is wrong with one file, not only the first of it. Empty groups are a bug in the caller."""

    def __init__(self, errors: list[ConfigurationError], *, next_step: str | None = None) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in errors), next_step=next_step)
