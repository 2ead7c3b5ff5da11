"""The answer of `evalgate release verify`: yes or no and why, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from evalgate.encoding import printable


@dataclass(frozen=True, kw_only=True, slots=True)
class VerdictSeen:
    """What a verdict file says of itself. `signed`: there is a signature; `proven`: a key was given to hold it to."""

    commit: str
    tag: str
    verdict: str
    suites: Sequence[str]
    decided_at: str
    by: str
    signed: bool
    proven: bool


def render_answer(reasons: Sequence[str], seen: VerdictSeen | None) -> str:
    """Return the answer for people."""
    if reasons:
        return "".join(["no\n", *(f"  {printable(reason)}\n" for reason in reasons), f"  next: {_NEXT}\n"])
    if seen is None:
        raise ValueError("a file that was not read says no yes")
    told = f"{seen.verdict} for {', '.join(map(printable, seen.suites))}, decided on {seen.decided_at[:16]} UTC"
    return f"yes\n  {seen.commit}: {told} by {printable(seen.by)}\n{_of_signature(seen)}"


_NEXT = "deploy nothing; evalgate release decides about the commit that is checked out"


def _of_signature(seen: VerdictSeen) -> str:
    if seen.proven:
        return ""
    of = "Its signature was not looked at" if seen.signed else "Nobody signed it"
    return f"  {of}: whoever could write the file could write this. --key asks for a signature.\n"


def render_answer_json(reasons: Sequence[str], seen: VerdictSeen | None) -> str:
    """Return the answer for machines."""
    said = {"yes": not reasons, "reasons": list(reasons), "verdict": None if seen is None else asdict(seen)}
    return json.dumps(said, indent=2, allow_nan=False) + "\n"
