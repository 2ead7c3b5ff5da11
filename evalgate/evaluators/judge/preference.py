"""A judge that is shown two answers to one example, the candidate's and the baseline's, in both orders.

A preference counts where it holds in both orders; what goes with the order says nothing of the answers and is a tie.
Nothing here treats one side otherwise than the other: sides that swap their answers swap their scores, so that under
no change a score is as likely above one half as below, which is all that the joint test asks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.evaluators.judge.juror import Juror
from evalgate.evaluators.judge.jury import at_once, jury
from evalgate.evaluators.judge.pair_prompts import answer_of, pair_mapping, pair_prompt_of
from evalgate.evaluators.judge.verdicts import Spent, Verdict
from evalgate.evaluators.models import Models
from evalgate.evaluators.score import EvaluatorFaultError, Given, OutputFaultError, evaluation, failure
from evalgate.evaluators.view import View
from evalgate.records import Evaluation, EvaluatorKind, EvaluatorSpec, Json, JsonObject, Subject
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.judges import PREFERENCES, SHOWN

_CANDIDATE, _TIE, _BASELINE = PREFERENCES
_A, _B, _NEITHER = SHOWN
_NO_MEANING: Final = ("direction", "range", "scale", "scores")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Vote:
    """What one model says of a pair, with the candidate's answer first and with it second; or the `error`."""

    model: str
    spent: Spent
    said: tuple[str, str] | None = None
    reason: str | None = None
    error: EvaluatorFaultError | None = None

    @property
    def preferred(self) -> str:
        """What holds in both orders."""
        return self.said[0] if self.said is not None and self.said[0] == self.said[1] else _TIE


@dataclass(frozen=True, kw_only=True, slots=True)
class _Compared:
    """One pair: who is preferred, what that scores the candidate, and the votes behind it (none where none is due)."""

    preferred: str
    score: float
    reason: str | None = None
    votes: tuple[_Vote, ...] = ()


class PreferenceRunner:
    """A judge of pairs, ready to prefer. Not safe for two event loops."""

    def __init__(self, evaluator: Evaluator, *, root: Path, environ: Mapping[str, str], models: Models) -> None:
        """Read a judge file, where it is one. Raises ConfigurationError for a file or a config in error."""
        meaningless = [name for name in _NO_MEANING if getattr(evaluator, name) is not None]
        if meaningless:
            raise ConfigurationError(
                f"the judge {evaluator.label} says which of two answers is better, so {' and '.join(meaningless)} means"
                " nothing to it",
                next_step=f"take {' and '.join(meaningless)} out of it",
            )
        self._evaluator, self._environ, self._models = evaluator, environ, models
        self._mapping = pair_mapping(evaluator)
        self._prompt = pair_prompt_of(evaluator, root)
        self._jurors: list[Juror] = []
        self.spec = EvaluatorSpec(
            name=evaluator.label, kind=EvaluatorKind.LLM, version=evaluator.version, pairwise=True
        )
        self.concurrency = at_once(evaluator, models)

    async def start(self) -> None:
        """Load the prompt and find the endpoints and their keys. Raises ConfigurationError: nothing was paid."""
        await asyncio.to_thread(self._prompt.load)
        self._jurors = jury(self._evaluator, self._environ, self._models)

    async def close(self) -> None:
        """Nothing was started."""

    async def prefer(self, candidate: Subject, baselines: Sequence[Subject]) -> Evaluation:
        """Score the candidate's answer by how it fares against each of the baseline's, on average.

        A side whose run failed by its own doing, or gave no answer, loses against one that answered. Never raises: the
        judge's error is the evaluation's `failure`.
        """
        found: list[_Compared] = []
        errors: list[EvaluatorFaultError] = []
        votes: list[_Vote] = []
        for one in await asyncio.gather(*(self._tried(candidate, other) for other in baselines)):
            if isinstance(one, _Compared):
                found.append(one)
                votes += one.votes
            else:
                errors.append(one[0])
                votes += one[1]
        metadata = _metadata(votes, found)
        if errors and 2 * len(found) <= len(baselines):
            errors[0].metadata = metadata
            return failure(self.spec, errors[0])
        return evaluation(self.spec, _given(found, metadata), None)

    async def _tried(
        self, candidate: Subject, baseline: Subject
    ) -> _Compared | tuple[EvaluatorFaultError, tuple[_Vote, ...]]:
        """Return what a pair comes to, or the error in place of it with what was asked for it all the same."""
        votes: list[_Vote] = []
        try:
            return await self._compared(candidate, baseline, votes)
        except EvaluatorFaultError as error:
            return error, tuple(votes)
        except Exception as error:  # noqa: BLE001 - whatever an evaluator raises is a value here
            return EvaluatorFaultError(str(error) or type(error).__name__, type=type(error).__name__), tuple(votes)

    async def _compared(self, candidate: Subject, baseline: Subject, votes: list[_Vote]) -> _Compared:
        ours, theirs = (self._answer(side) for side in (candidate, baseline))
        if isinstance(ours, OutputFaultError) or isinstance(theirs, OutputFaultError):
            return _by_default(ours, theirs)
        if ours == theirs:
            return _Compared(preferred=_TIE, score=PREFERENCES[_TIE], reason="the answers are the same")
        view = View(candidate, self._mapping)
        shown = self._prompt.fill(view, ours, theirs), self._prompt.fill(view, theirs, ours)
        sample = candidate.sample
        if baseline.sample != sample:  # a pair of other runs is a draw of its own, though its answers be the same
            sample = f"{sample}.{baseline.sample}"
        votes += await asyncio.gather(
            *(
                self._vote(juror, shown, sample, draw)
                for juror in self._jurors
                for draw in range(self._evaluator.repetitions)
            )
        )
        if not votes:
            raise EvaluatorFaultError("it was not started", type="NotStarted")
        return _agreed(votes, mean=self._evaluator.vote == "mean")

    def _answer(self, subject: Subject) -> str | OutputFaultError:
        if subject.outcome.failure is not None:
            return OutputFaultError(f"its run failed: {subject.outcome.failure.type}")
        try:
            return answer_of(View(subject, self._mapping))
        except OutputFaultError as fault:
            return fault
        except RecursionError:
            return OutputFaultError("the output is nested too deeply to be looked at")

    async def _vote(
        self, juror: Juror, shown: tuple[list[JsonObject], list[JsonObject]], sample: str, draw: int
    ) -> _Vote:
        one, other = await asyncio.gather(
            *(juror.judge(messages, SHOWN, sample=sample, draw=draw) for messages in shown)
        )
        spent = one.spent.plus(other.spent)
        error = one.error or other.error
        if error is not None or one.label is None or other.label is None:
            return _Vote(error=error, spent=spent, model=juror.model)
        said = _meant(one, first=_CANDIDATE, second=_BASELINE), _meant(other, first=_BASELINE, second=_CANDIDATE)
        return _Vote(said=said, reason=_reason(one, other, said), spent=spent, model=juror.model)


def _meant(verdict: Verdict, *, first: str, second: str) -> str:
    return {_A: first, _B: second, _NEITHER: _TIE}[str(verdict.label)]


def _reason(one: Verdict, other: Verdict, said: tuple[str, str]) -> str | None:
    if said[0] == said[1]:
        given = one.explanation
        return None if given is None else f"with the candidate's answer as A: {given}"
    return (
        f"a tie, as it goes with the order: with the candidate's answer as A it says {one.label}"
        f"{f' ({one.explanation})' if one.explanation else ''}, with the baseline's as A {other.label}"
        f"{f' ({other.explanation})' if other.explanation else ''}"
    )


def _by_default(ours: str | OutputFaultError, theirs: str | OutputFaultError) -> _Compared:
    """Return what comes of a pair of which a side has no answer: nobody is asked."""
    if isinstance(ours, OutputFaultError) and isinstance(theirs, OutputFaultError):
        preferred, reason = _TIE, "neither side answered"
    elif isinstance(ours, OutputFaultError):
        preferred, reason = _BASELINE, f"the candidate gave no answer: {ours}"
    else:
        preferred, reason = _CANDIDATE, f"the baseline gave no answer: {theirs}"
    return _Compared(preferred=preferred, score=PREFERENCES[preferred], reason=reason)


def _agreed(votes: Sequence[_Vote], *, mean: bool) -> _Compared:
    """Return what the votes come to. Raises EvaluatorFaultError where not more than half of them are votes.

    Of a draw neither side is preferred: giving it to the worse label would favour a side.
    """
    given = [vote for vote in votes if vote.said is not None]
    failed = next((vote.error for vote in votes if vote.error is not None), None)
    if failed is not None and 2 * len(given) <= len(votes):
        raise EvaluatorFaultError(str(failed), type=failed.type, kind=failed.kind)
    counts = Counter(vote.preferred for vote in given)
    (first, most), *rest = counts.most_common()
    preferred = _TIE if rest and rest[0][1] == most else first
    reason = next((vote.reason for vote in given if vote.preferred == preferred and vote.reason), None)
    if len(votes) > 1:
        reason = f"{counts[preferred]} of {len(given)} say {preferred}" + (f": {reason}" if reason else "")
    scores = [PREFERENCES[vote.preferred] for vote in given]
    score = sum(scores) / len(scores) if mean else PREFERENCES[preferred]
    return _Compared(preferred=preferred, score=score, reason=reason, votes=tuple(votes))


def _given(found: Sequence[_Compared], metadata: JsonObject) -> Given:
    """Return the mean over the pairs of one answer; its label is the side that it leans to."""
    score = sum(one.score for one in found) / len(found)
    tie = PREFERENCES[_TIE]
    label = _TIE if abs(score - tie) < 1e-9 else _CANDIDATE if score > tie else _BASELINE
    reason = next((one.reason for one in found if one.preferred == label and one.reason), found[0].reason)
    if len(found) > 1:
        counts = Counter(one.preferred for one in found)
        reason = f"{counts[label]} of {len(found)} pairs say {label}" + (f": {reason}" if reason else "")
    return Given(score=score, label=label, explanation=reason, metadata=metadata)


def _metadata(votes: Sequence[_Vote], found: Sequence[_Compared]) -> JsonObject:
    """Return what is recorded beside the score.

    `preferred` has each pair's outcome, `orders` what each vote said with the candidate's answer first and second.
    """
    spent = Spent()
    for vote in votes:
        spent = spent.plus(vote.spent)
    orders: list[Json] = [list(vote.said) for vote in votes if vote.said is not None]
    return {
        "judges": list(dict.fromkeys(vote.model for vote in votes)),
        "calls": spent.calls,
        "latency": round(spent.latency, 6),
        "preferred": [one.preferred for one in found],
        "orders": orders,
    }
