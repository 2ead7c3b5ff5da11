"""The quarantine file: examples that are set aside for a while, each with an owner, a reason and a last day."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from evalgate.encoding import printable
from evalgate.errors import CandidateError, ConfigurationError, ErrorGroup, Location
from evalgate.suite.config import Suite
from evalgate.suite.model import ConfigModel, nearest
from evalgate.suite.model_file import SHOWN, FileKind, ModelFile, read_model_file

_KIND: Final = FileKind(
    name="quarantine file",
    key="the suite's `quarantine:`",
    form="correct it: it has examples: [{id, owner, reason, expires}], and `check` where only one is meant",
)
_MONTHS: Final = 12
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
"""Days are compared as text: in other digits one would be later than all others, and what it ends would never end."""


def day(text: str) -> str:
    """Return a day as it is written, `2026-12-31`. Raises ValueError, a whole sentence, for what is none."""
    if _DAY.fullmatch(text):
        year, month, number = map(int, text.split("-"))
        if year and 1 <= month <= _MONTHS and 1 <= number <= calendar.monthrange(year, month)[1]:
            return text
    raise ValueError(f"{text[:40]!r} is no day: write it like 2026-12-31")


def said(text: str) -> str:
    """Return text that says something, on one line. Raises ValueError for what says nothing."""
    if not text.strip():
        raise ValueError("it says nothing: fill it in")
    return " ".join(text.split())


Day = Annotated[str, AfterValidator(day)]
LONGEST_SAID: Final = 2_000
"""Characters."""
Said = Annotated[str, Field(max_length=LONGEST_SAID), AfterValidator(said)]


class SetAside(ConfigModel):
    """One example that runs and is shown, and does not decide."""

    id: str = Field(min_length=1)
    """The example's id."""
    owner: Said
    """Who looks after it."""
    reason: Said
    """Why it is set aside."""
    expires: Day
    """The last day on which it is."""
    check: str | None = None
    """The only check that it decides nothing of; without it all of them."""


class QuarantineFile(ConfigModel):
    """What is set aside."""

    examples: tuple[SetAside, ...]


def quarantine_file(suite: Suite, root: Path) -> Path | None:
    """Return the file that says which examples of a suite are set aside; None where it names none."""
    return None if suite.quarantine is None else root / suite.quarantine


def read_quarantine(suite: Suite, root: Path) -> ModelFile[QuarantineFile] | None:
    """Read the suite's quarantine file below `root`; None where it has none.

    Raises ConfigurationError with file, line and column of all that is wrong with it: its form, an example that is
    there twice for one check, a check that the suite does not have.
    """
    if suite.quarantine is None:
        return None
    try:
        found = read_model_file(root, suite.quarantine, QuarantineFile, _KIND)
    except CandidateError as error:
        raise ConfigurationError(error.message, location=error.location, next_step=error.next_step) from None
    seen: dict[tuple[str, str | None], Location] = {}
    wrong = []
    for number, entry in enumerate(found.value.examples):
        place = found.place(("examples", number, "id"))
        if entry.check is not None and entry.check not in suite.checks:
            message = printable(f"there is no check {entry.check[:60]!r}: {nearest(entry.check, suite.checks)}")
            wrong.append(ConfigurationError(message, location=found.place(("examples", number, "check"))))
        if (first := seen.setdefault((entry.id, entry.check), place)) is not place:
            message = printable(f"{entry.id[:60]!r} is here twice; first on line {first.line}")
            wrong.append(ConfigurationError(message, location=place))
    _refuse(wrong, found)
    return found


def require_known(file: ModelFile[QuarantineFile], unknown: Collection[str], dataset: str) -> None:
    """Raise ConfigurationError with the place of each entry whose example is among the `unknown` ones."""
    wrong = (
        ConfigurationError(
            printable(f"{dataset} has no example {entry.id[:60]!r}"), location=file.place(("examples", number, "id"))
        )
        for number, entry in enumerate(file.value.examples)
        if entry.id in unknown
    )
    _refuse(wrong, file)


def _refuse(wrong: Iterable[ConfigurationError], file: ModelFile[QuarantineFile]) -> None:
    errors = list(wrong)
    if not errors:
        return
    step = "correct the entry, or take it out"
    if len(errors) == 1:
        raise ConfigurationError(errors[0].message, location=errors[0].location, next_step=step)
    if (more := len(errors) - SHOWN) > 0:
        errors[SHOWN:] = [ConfigurationError(f"{more:,} more like these", location=Location(file=file.file))]
    raise ErrorGroup(errors, next_step=step)
