"""What is said of a suite that a fork's run measured: what stands against it, and what of it is verified.

Nothing in these words is the fork's but numbers and names that the base has too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from evalgate.gate.forks.rows import SuitePart
from evalgate.gate.prepared import PreparedSuite
from evalgate.journal.builds import ProblemRow
from evalgate.suite.checks import Unmeasurable

MAINTAINER: Final = "a maintainer runs it with the secrets that it needs: docs/forks.md"
UNCHANGED: Final = "Nothing that this suite runs is among the files of the pull request, as GitHub lists them."
_MODELS: Final = frozenset({Unmeasurable.REPLAY, Unmeasurable.SERVICE, Unmeasurable.BUDGET})


def obstacle(part: SuitePart | None, *, complete: bool, lacking: str | None) -> tuple[Unmeasurable, str] | None:
    """Return why a suite cannot be decided on by what was reported of it; None where it can."""
    if part is None:
        return Unmeasurable.NOTHING, "The fork's run reports nothing of this suite."
    if part.unchanged:
        told = "The fork's run says that nothing which this suite runs has changed. That is not verified."
        return Unmeasurable.NOTHING, told
    if _MODELS & {*part.problems}:
        told = "The fork's run lacks answers of models, and a fork has no keys to ask for them."
        return Unmeasurable.ERRORS, told
    if part.problems:
        return Unmeasurable.ERRORS, "The fork's run could not measure this suite; its own log says why."
    if not complete:
        return Unmeasurable.INCOMPLETE, "The fork's run reports a part of a run only."
    return None if lacking is None else (Unmeasurable.ERRORS, lacking)


def problem(suite: str, kind: Unmeasurable, message: str) -> ProblemRow:
    """Return what stands against a suite; what follows is always the same."""
    return ProblemRow(suite=suite, kind=kind, message=message, next_step=MAINTAINER)


def told(suite: PreparedSuite, here: Collection[str], *, baseline: str | None, own: bool) -> Iterator[str]:
    """Yield what is verified of a suite. `here` scored once more; `own`: the baseline's runs are the repository's."""
    again = [each.label for each in suite.suite.evaluators if each.label in here]
    taken = [each.label for each in suite.suite.evaluators if each.label not in here]
    parts = ["The answers are as the fork's run reports them."]
    if again:
        parts.append(f"Scored here once more: {', '.join(again)}.")
    if taken:
        parts.append(f"As reported, not verified: {', '.join(taken)}.")
    yield " ".join(parts)
    if baseline is not None and own:
        yield f"They are compared with {baseline}, whose runs are this repository's own."
    elif baseline is not None:
        yield "The baseline's answers are the fork's too: no stored runs of the base here could decide."


def sentence(message: str) -> str:
    """Return the message of an error as a sentence."""
    text = message[:1].upper() + message[1:]
    return text if text.endswith(".") else f"{text}."
