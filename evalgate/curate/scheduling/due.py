"""When a profile is due, by what is remembered of its last time: beside the candidates, and committed with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.moments import moment
from evalgate.errors import ConfigurationError
from evalgate.plain_file import content
from evalgate.whole_file import unwritten, write_whole

_SLACK: Final = timedelta(hours=1)
"""How far a schedule may be early at most, after a time when it was late."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Last:
    """The last time that all the steps of a profile were done: when they began, and when its latest candidate came.

    `sheet` is the digest of the file for review as it was written then; None where none was.
    """

    began: datetime
    until: datetime
    sheet: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """How many candidates came since a profile's last time, and when the latest of all did; None: there is none."""

    count: int
    until: datetime | None


def due_at(last: Last | None, every: timedelta | None, now: datetime) -> datetime | None:
    """Return from when on enough time went by; None where it did. A schedule is late one day and early the next: a
    tenth is given.

    A last time that lies ahead was written by a clock that is wrong, and holds nothing back.
    """
    if last is None or every is None or last.began > now:
        return None
    due = last.began + every - min(every / 10, _SLACK)
    return due if now < due else None


def too_early(last: Last | None, every: timedelta | None, now: datetime) -> bool:
    """Return whether too little time went by."""
    return due_at(last, every, now) is not None


def arrived(candidates: Iterable[Candidate], *, project: str, last: Last | None) -> Arrived:
    """Return what came from a project since a profile's last time.

    It is counted in the file itself: what a time that was ended had pulled counts for the next one.
    """
    count, until = 0, None
    for each in candidates:
        when = _pulled(each)
        if when is None or each.source.get("project") != project:
            continue
        count += last is None or when > last.until
        until = when if until is None else max(until, when)
    return Arrived(count=count, until=until)


def read_last(path: Path, profile: str) -> Last | None:
    """Return a profile's last time; None where there was none. Raises ConfigurationError for a file that is none."""
    found = _read(path).get(profile)
    if found is None:
        return None
    times = found if isinstance(found, dict) else {}
    began, until = (moment(times.get(key)) for key in ("began", "until"))
    if began is None or until is None:
        raise _unusable(path, f"what it says of {profile} has no times `began` and `until`")
    sheet = times.get("sheet")
    return Last(began=began, until=until, sheet=sheet if isinstance(sheet, str) else None)


def digest_of(file: Path) -> str:
    """Return a digest of a file for review, by which it is known whether somebody wrote in it.

    How its lines end makes no difference: git may change that. Raises ConfigurationError where it cannot be read.
    """
    try:
        return hashlib.sha256(content(file).replace(b"\r\n", b"\n")).hexdigest()[:24]
    except OSError as error:
        raise _unreadable(file, error) from None


def write_last(path: Path, profile: str, last: Last) -> None:
    """Remember a profile's last time.

    Raises ConfigurationError where it cannot be, MeasurementError where the disk has no room.
    """
    times = {"began": last.began.isoformat(timespec="seconds"), "until": last.until.isoformat(timespec="seconds")}
    times |= {} if last.sheet is None else {"sheet": last.sheet}
    try:
        write_whole(path, json.dumps({**_read(path), profile: times}, indent=2, sort_keys=True).encode() + b"\n")
    except OSError as error:
        raise unwritten(f"cannot write {path}", error, "check its folder") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(content(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unreadable(path, error) from None
    except (ValueError, RecursionError):
        raise _unusable(path, "it is no JSON") from None
    if not isinstance(found, dict):
        raise _unusable(path, "it is no object")
    return found


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot be read: {error.strerror}", next_step=f"check what {path} is")


def _unusable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} says when profiles last ran, and {why}",
        next_step="take it as it was committed, or delete it: every profile is then due",
    )


def _pulled(candidate: Candidate) -> datetime | None:
    """Return when a candidate came; None where it does not say."""
    return next((moment(each.at) for each in candidate.history if each.what == "pulled"), None)
