"""An acceptance file: a regression of one check that is meant, how far it goes, whose word it is, and until when."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from evalgate.errors import CandidateError, ConfigurationError, Location
from evalgate.suite.model import ConfigModel
from evalgate.suite.model_file import FileKind, ModelFile, read_model_file
from evalgate.suite.quarantine import Day, Said

ACCEPT_LABEL: Final = "evalgate:accept"
"""On a pull request: accepts whatever fails of the commit that it was set for."""
SKIP_LABEL: Final = "evalgate:skip"
"""On a pull request: skips the gate for the commit that it was set for."""
FOLDER: Final = "accepted"
"""Below `.evalgate`."""
_KIND: Final = FileKind(name="acceptance", key="its name", form="write it anew: evalgate accept, or take it away")
_LARGEST: Final = 1_000_000
"""Bytes: what is larger was not written by `evalgate accept`."""
_HEADER: Final = (
    "# Written by `evalgate accept`. It covers drops (shares of the range) as far as `down_to` says, of exactly",
    "# what was measured: any other change of what answers, what scores or the examples voids it.",
)
_HASH: Final = r"^[0-9a-f]{64}$"
MOST_DAYS: Final = 366
"""From the day on which it was accepted: an exception without an end is a gate without a lock."""


def _address(text: str) -> str:
    suite, slash, check = text.partition("/")
    if not (suite and slash and check):
        raise ValueError(f"{text[:40]!r} names no check: write SUITE/CHECK")
    return text


_Figure = Annotated[float, Field(strict=True)]
"""Written as a number: what stands in quotes was meant for people, and nothing is covered by a guess."""


class CoveredPart(ConfigModel):
    """What is covered: all examples, or one slice. Drops are shares of the score's range, above 0."""

    slice: str | None = None
    """One slice, `metadata.lang=de`; without it all examples."""
    rules: tuple[str, ...] = Field(min_length=1)
    """The rules that failed."""
    drop: _Figure | None = None
    """What was measured."""
    down_to: _Figure | None = None
    """The largest drop that is covered: the lower end of the interval."""
    score: _Figure | None = None
    """The candidate's mean, where a threshold failed."""
    score_to: _Figure | None = None
    """How far from it is covered."""


def _once(parts: tuple[CoveredPart, ...]) -> tuple[CoveredPart, ...]:
    if len({part.slice for part in parts}) < len(parts):
        raise ValueError("a slice, or all examples, is covered twice: one of the two has to go")
    return parts


class AcceptanceFile(ConfigModel):
    """One acceptance."""

    check: Annotated[str, AfterValidator(_address)]
    """SUITE/CHECK."""
    candidate: str = Field(pattern=_HASH)
    """Fingerprint of what answered, what scored and the examples."""
    baseline: str | None = Field(pattern=_HASH)
    """The same of the other side; null where there is none."""
    covers: Annotated[tuple[CoveredPart, ...], AfterValidator(_once)] = Field(min_length=1)
    """All examples, slices, or both, each once."""
    examples: tuple[str, ...]
    """Those that got worse."""
    reason: Said
    """Why it is meant."""
    author: Said
    """Who says so."""
    accepted: Day
    """The day on which it was written."""
    expires: Day
    """The last day on which it counts."""

    @property
    def suite(self) -> str:
        """Return the suite of its check."""
        return self.check.partition("/")[0]

    @property
    def name(self) -> str:
        """Return its check, without the suite."""
        return self.check.partition("/")[2]


def file_name(suite: str, check: str) -> str:
    """Return what the acceptance of a check is called, `support-correctness.yaml`."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', f'{suite}-{check}')}.yaml"


def read_acceptances(folder: Path) -> list[ModelFile[AcceptanceFile]]:
    """Return every acceptance in a folder, by name; none where there is no such folder.

    Raises ConfigurationError with file, line and column of what is wrong with one, and where two are of one check.
    """
    if link := next((each for each in (folder, folder.parent) if each.is_symlink()), None):
        raise ConfigurationError(
            "acceptances are kept here, in no folder that is a link: whoever owns it does not own what it leads to",
            location=Location(file=str(link)),
            next_step="put the files themselves there",
        )
    if not folder.is_dir():
        return []
    found = [_read(path) for path in sorted(folder.iterdir()) if path.suffix in (".yaml", ".yml")]
    seen: dict[str, str] = {}
    for each in found:
        if (first := seen.setdefault(each.value.check, each.file)) != each.file:
            raise ConfigurationError(
                f"{each.value.check} is accepted here and in {first}",
                location=each.place(("check",)),
                next_step="take one of them away",
            )
    return found


def _read(path: Path) -> ModelFile[AcceptanceFile]:
    shown = str(path)
    step = "write it anew: evalgate accept, or take it away"
    if path.is_symlink() or not path.is_file():
        raise ConfigurationError("an acceptance is a file, no link", location=Location(file=shown), next_step=step)
    if path.stat().st_size > _LARGEST:
        raise ConfigurationError("this is too large for an acceptance", location=Location(file=shown), next_step=step)
    try:
        return read_model_file(Path(), shown, AcceptanceFile, _KIND)
    except CandidateError as error:
        raise ConfigurationError(error.message, location=error.location, next_step=error.next_step) from None


def write_acceptance(acceptance: AcceptanceFile) -> str:
    """Return the text of an acceptance file, each key on a line of its own."""
    values = acceptance.model_dump(mode="json")
    lines = [*_HEADER]
    for name, value in values.items():
        if not isinstance(value, list):
            lines.append(f"{name}: {_scalar(value)}")
        elif not value:
            lines.append(f"{name}: []")
        else:
            lines.append(f"{name}:")
            lines += [f"  - {_scalar(each)}" for each in value]
    return "\n".join(lines) + "\n"


def _scalar(value: object) -> str:
    """Return a value as JSON, which is YAML too but for characters that YAML wants escaped."""
    if isinstance(value, dict):
        given = {name: each for name, each in value.items() if each is not None}
        return f"{{{', '.join(f'{name}: {_scalar(each)}' for name, each in given.items())}}}"
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
