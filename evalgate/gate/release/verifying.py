"""Whether a verdict file lets a commit be deployed, by what it says alone: no journal, no repository, no network."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError
from evalgate.gate.release.signing import is_signed_by
from evalgate.gate.release.verdict import LARGEST, Body, DecidedSuite, VerdictFile, file_bytes
from evalgate.records import Verdict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_AHEAD: Final = timedelta(minutes=5)
"""So far one machine's clock may be ahead of another's."""
_RANK: Final = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.UNMEASURABLE, Verdict.FAIL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a verdict has to be of. `key` is the public key that it has to be signed with."""

    commit: str
    now: datetime
    suites: Sequence[str] = ()
    tag: str | None = None
    max_age: timedelta | None = None
    config: str | None = None
    key: Ed25519PublicKey | None = None
    accepted: bool = False
    """Whether a FAIL that was accepted will do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Yes where there is no reason against it. `body` is what the file says, None where it cannot be read."""

    reasons: tuple[str, ...]
    body: Body | None
    signed: bool = False

    @property
    def yes(self) -> bool:
        """Whether the commit may be deployed."""
        return not self.reasons


class _NoVerdict(Exception):
    """What was read is no verdict file; says why, as a sentence."""


def verified(path: Path, wanted: Wanted) -> Answer:
    """Return whether the file at `path` lets the commit be deployed, and why not.

    Raises ConfigurationError where there is no such file: nothing is said then either way.
    """
    try:
        file = _parsed(_read(path))
    except _NoVerdict as reason:
        return Answer(reasons=(str(reason),), body=None)
    reasons = (*_of_signature(file, wanted), *_of_decision(file.body, wanted), *_of_what(file.body, wanted))
    return Answer(reasons=reasons, body=file.body, signed=file.signature is not None)


def _read(path: Path) -> bytes:
    """Return what is in a plain file; no link is followed, nothing is waited for, and no more is read than fits."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise _NoVerdict("It is a link, and a verdict is a file of its own.")
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", next_step="name the file that evalgate release wrote"
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _NoVerdict("It is no file, and a verdict is one.")
    with os.fdopen(handle, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _NoVerdict(f"It has more than {LARGEST:,} bytes: no verdict is that large.")
    return content


def _parsed(content: bytes) -> VerdictFile:
    """Return the file. What is not byte for byte as evalgate writes it is none: a key that is there twice, a number
    that is written otherwise, could be read as one thing here and as another elsewhere."""
    try:
        text = content.decode("utf-8")
        raw = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        file = VerdictFile.model_validate(raw)
        written = file_bytes(file)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _NoVerdict(
            f"It is no verdict as evalgate writes it, at {printable(place[:200])}: {first['msg']}."
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise _NoVerdict("It is not JSON as evalgate writes it.") from None
    if written != content:
        raise _NoVerdict("It is not written as evalgate writes it: it was edited.")
    return file


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _of_signature(file: VerdictFile, wanted: Wanted) -> Iterator[str]:
    if wanted.key is None:
        return
    if file.signature is None:
        yield "Nobody signed it."
    elif not is_signed_by(file, wanted.key):
        yield "It is not signed with this key, or it was edited after it was signed."


def _of_decision(body: Body, wanted: Wanted) -> Iterator[str]:
    """Yield what speaks against the decision, and what in the file cannot be true together."""
    decision = body.decision
    if decision.verdict == Verdict.FAIL and decision.accepted:
        if not wanted.accepted:
            yield "It is FAIL, accepted: that will do where --accepted is given, and it is not."
    elif decision.verdict != Verdict.PASS or decision.accepted:
        yield f"It is {decision.verdict}: {printable(decision.reason)}"
    if decision.exit_code != 0:
        yield f"Its exit code is {decision.exit_code}."
    if _better(decision.verdict, [suite.verdict for suite in body.suites]):
        yield "Its verdict is better than that of its suites."
    if len({suite.name for suite in body.suites}) < len(body.suites):
        yield "A suite is there twice."
    for suite in body.suites:
        yield from _of_suite(suite)
    for move in body.moves:
        if not move.done:
            tag = f"the tag {printable(move.tag)} of the {move.kind} {printable(move.name)}"
            yield f"The release is not finished: {tag} is not where it belongs."


def _of_suite(suite: DecidedSuite) -> Iterator[str]:
    """Yield why a suite shows nothing, or not what it says."""
    name = printable(suite.name)
    if suite.skipped:
        yield f"Suite {name} was skipped: nothing was measured."
        return
    if suite.dataset.examples == 0:
        yield f"Suite {name} has no examples."
    gating = [check for check in suite.checks if check.gates]
    if not gating:
        yield f"Suite {name} has no check that gates."
    if _better(suite.verdict, [check.verdict for check in gating]):
        yield f"The verdict of suite {name} is better than that of its checks."
    for check in gating:
        if not check.rules:
            yield f"The check {name}/{printable(check.name)} has no rule."
        elif _better(check.verdict, [*check.rules.values()]):
            yield f"The verdict of {name}/{printable(check.name)} is better than that of its rules."


def _better(whole: str, parts: Sequence[str]) -> bool:
    """Return whether something claims to be better than the worst of its parts."""
    return any(_RANK.index(Verdict(part)) > _RANK.index(Verdict(whole)) for part in parts)


def _of_what(body: Body, wanted: Wanted) -> Iterator[str]:
    """Yield what speaks against it as a verdict on what is asked for."""
    if body.commit != wanted.commit:
        yield f"It is of the commit {body.commit}, and {printable(wanted.commit)} is to be deployed."
    if wanted.tag is not None and body.tag != wanted.tag:
        yield f"It is of the tag {printable(body.tag)}, not of {printable(wanted.tag)}."
    if wanted.config is not None and wanted.config not in (body.config.sha256, body.config.decided_by):
        yield f"It was decided by another config: {body.config.sha256}."
    names = {suite.name for suite in body.suites}
    for suite in wanted.suites:
        if suite not in names:
            yield f"It says nothing of the suite {printable(suite)}."
    age = wanted.now - datetime.fromisoformat(body.decided_at)
    if age < -_AHEAD:
        yield f"It was decided on {body.decided_at}, which is to come."
    if wanted.max_age is not None and age > wanted.max_age:
        yield f"It was decided on {body.decided_at}, longer ago than --max-age allows."
