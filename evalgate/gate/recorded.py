"""What a contender of a comparison answered, as a journal recorded it.

`Entrant` and `Answered` are all that a comparison asks for: answers that are kept elsewhere would fill the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evalgate.decision.contest import Spent
from evalgate.decision.evidence import KnownJudge, Scores
from evalgate.decision.judges import untrusted
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.evidence.sides import read_side
from evalgate.gate.gather import Source
from evalgate.gate.samples import deciding_samples
from evalgate.journal.builds import BuildRow, DrawRow, ExperimentRow
from evalgate.journal.rows import usage_from
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec, Side, Usage
from evalgate.suite.checks import Policy
from evalgate.suite.config import Suite
from evalgate.suite.fingerprint import evaluators_fingerprint


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Scores by evaluator over the wanted examples, and what their runs took."""

    scores: Mapping[str, Scores]
    spent: Spent


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One suite as one contender answered it.

    `contents` has the hash of what each example says, `scorers` the fingerprint of each evaluator, `clusters` each
    example's cluster where the suite has them.
    """

    label: str
    dataset: str
    repetitions: int
    suite: Suite
    specs: Mapping[str, EvaluatorSpec]
    scorers: Mapping[str, str]
    contents: Mapping[str, str]
    clusters: Callable[[], Mapping[str, str] | None]
    read: Callable[[tuple[str, ...], int], Reading]
    """Reads the first so many repetitions of these examples."""
    distrusted: Mapping[str, str] = field(default_factory=dict)
    """Why each judge that is not trusted is not, by its name, as sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrant:
    """One of those to be compared. `address` is how it was asked for, `where` what people call where it is recorded.

    `identity` is equal where two ways of asking mean one thing: `latest` and its number.
    """

    name: str
    address: str
    identity: str
    where: str
    policy: Policy
    answered: Mapping[str, Answered]
    obstacle: str | None = None
    """Why it can be compared with nothing, as a sentence."""


def entrant(source: Source, side: Side, *, name: str, address: str) -> Entrant:
    """Return one side of a recorded build. Raises ConfigurationError where there is no such build."""
    journal = source.journal
    build = journal.build(source.build)
    config = recorded_config(build)
    draws = journal.draws(build.id)
    rows = [row for row in journal.experiments(build.id) if row.side is side and row.suite in config.suites]
    return Entrant(
        name=name,
        address=address,
        identity=f"{journal.path.resolve()}:{build.id}:{side}",
        where=_where(build, side),
        policy=config.policy,
        answered={
            row.suite: _answered(
                journal, row, config.suites[row.suite], draws, _distrusted(journal, row, config.policy)
            )
            for row in rows
        },
        obstacle=_obstacle(build, side, found=bool(rows)),
    )


def _where(build: BuildRow, side: Side) -> str:
    commit = f" of {build.commit[:7]}{'+' if build.dirty else ''}" if build.commit else ""
    of = "the baseline of " if side is Side.BASELINE else ""
    return f"{of}build {build.id}{commit}, {build.created_at[:10]}"


def _obstacle(build: BuildRow, side: Side, *, found: bool) -> str | None:
    if not build.complete:
        return f"Build {build.id} was interrupted: a part of it says nothing of the whole."
    if build.partial:
        return f"Build {build.id} is a sample ({build.partial}): what it leaves out could turn the comparison."
    if not found and side is Side.BASELINE:
        return f"Build {build.id} has no baseline of its own."
    return None


def _distrusted(journal: Journal, row: ExperimentRow, policy: Policy) -> dict[str, str]:
    found = {}
    for judge in journal.judges(row.build):
        known = None if judge.summary is None else KnownJudge(**judge.summary)
        reason = untrusted(judge.name, known, row.suite, policy) if judge.suite == row.suite else None
        if reason is not None:
            found[judge.name] = reason
    return found


def _answered(
    journal: Journal, row: ExperimentRow, suite: Suite, draws: Sequence[DrawRow], distrusted: Mapping[str, str]
) -> Answered:
    # What its own verdict went by: a confirmation's samples, never the luckier of the stored ones.
    names = deciding_samples(row, [draw for draw in draws if draw.suite == row.suite])

    def clusters() -> Mapping[str, str] | None:
        grouped = grouping(suite, journal.examples(row.build, row.suite))
        if grouped.clusters is None:
            return None
        return dict(zip(grouped.example_ids, grouped.clusters, strict=True))

    def read(example_ids: tuple[str, ...], repetitions: int) -> Reading:
        return _read(journal, row, example_ids, names[:repetitions])

    return Answered(
        label=row.label,
        dataset=row.dataset,
        repetitions=len(names),
        suite=suite,
        specs={spec.name: spec for spec in row.specs},
        scorers={
            each.label: evaluators_fingerprint([each], row.watched, row.watched).digest for each in suite.evaluators
        },
        contents=dict(journal.example_hashes(row.build, row.suite)),
        clusters=clusters,
        read=read,
        distrusted=distrusted,
    )


def _read(journal: Journal, row: ExperimentRow, example_ids: tuple[str, ...], names: Sequence[str]) -> Reading:
    places = {example_id: place for place, example_id in enumerate(example_ids)}
    scores = read_side(journal, row, places, names).scores
    return Reading(scores=scores, spent=_spent(journal, row, frozenset(example_ids), frozenset(names)))


def _spent(journal: Journal, row: ExperimentRow, wanted: frozenset[str], drawn: frozenset[str]) -> Spent:
    runs, cost, tokens, seconds = 0, [], [], []
    for example_id, sample, latency, text, failure in journal.resources(row.id):
        if example_id not in wanted or sample not in drawn:
            continue
        runs += 1
        if failure is None:
            usage = usage_from(text)
            cost.append(_cost(usage))
            tokens.append(_tokens(usage))
            seconds.append(latency)
    # Sorted, so that sums do not depend on the order in which runs ended.
    return Spent(
        runs=runs,
        errors=runs - len(seconds),
        cost=np.sort(np.array(cost, dtype=np.float64)),
        tokens=np.sort(np.array(tokens, dtype=np.float64)),
        seconds=np.sort(np.array(seconds, dtype=np.float64)),
    )


def _tokens(usage: tuple[Usage, ...] | None) -> float:
    """Return the tokens of a run; NaN where nobody counted, or only for several runs together."""
    if usage is None or any(part.shared for part in usage):
        return math.nan
    return sum(part.input_tokens + part.output_tokens for part in usage)


def _cost(usage: tuple[Usage, ...] | None) -> float:
    """Return what a run cost; NaN where nobody counted it by itself, or the price of some model is not known."""
    if usage is None or any(part.shared for part in usage):
        return math.nan
    costs = [part.cost for part in usage if part.cost is not None]
    return math.fsum(costs) if len(costs) == len(usage) else math.nan
