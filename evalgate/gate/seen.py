"""What stored builds and noise studies say of suites that are planned: their noise, their spread, their pace."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from evalgate.decision.evidence import BuildEvidence
from evalgate.decision.known_noise import Noise, noises
from evalgate.decision.ratios.noise import studied_spreads
from evalgate.decision.ratios.planning import Spread, spreads
from evalgate.errors import JournalError
from evalgate.gate.evidence.evidence import build_evidence, known_noise
from evalgate.gate.evidence.noise import study_evidence
from evalgate.gate.preflight import Known
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.spending import suite_spending
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What stored builds say: noise and spread by (suite, check), and (build, seconds per run) by (suite, side)."""

    noise: dict[tuple[str, str], Noise] = field(default_factory=dict)
    spread: dict[tuple[str, str], Spread] = field(default_factory=dict)
    pace: dict[tuple[str, Side], tuple[int, float]] = field(default_factory=dict)


def noise_by_check(journal: Journal, suites: Sequence[PreparedSuite]) -> Known:
    """Return what the latest complete build of each suite shows of the noise of its comparisons."""
    return seen_by(journal, suites).noise


def _studied(journal: Journal, suites: Sequence[PreparedSuite]) -> Seen:
    seen = Seen()
    for suite in suites:
        _add_studied(journal, suite, seen)
    return seen


def _add_studied(journal: Journal, suite: PreparedSuite, seen: Seen) -> None:
    """Add what the latest noise study of exactly this suite found: of its baseline's task, else of its own."""
    for side in sorted(suite.sides, key=lambda side: side.side is Side.CANDIDATE):
        study = journal.study_of(
            suite=suite.name,
            task=side.fingerprint.digest,
            evaluators=suite.evaluators.digest,
            dataset_version=suite.dataset_version,
        )
        if study is not None:
            for row in journal.noise(study):
                if row.suite == suite.name:
                    known = known_noise(row)
                    noise = Noise(flip=known.flip, icc=row.icc, binary=row.is_binary, source=known.source)
                    seen.noise[row.suite, row.name] = noise
            seen.spread.update(_studied_spreads(journal, study, suite.name))
            return


def _studied_spreads(journal: Journal, study: int, suite: str) -> dict[tuple[str, str], Spread]:
    """Return what the runs of a noise study took varied by, worked out anew: they are all in the journal."""
    try:
        evidence = study_evidence(journal, study)
    except JournalError:  # recorded by a version whose config this one does not read
        return {}
    found = studied_spreads(evidence, f"the {evidence.runs} runs of noise study {study}")
    return {place: spread for place, spread in found.items() if place[0] == suite}


def seen_by(journal: Journal, suites: Sequence[PreparedSuite]) -> Seen:
    """Return what a noise study, else the latest complete build of each suite says of it.

    A build in which nothing of a suite could be compared says nothing of its noise: an earlier one may.
    """
    seen = _studied(journal, suites)
    wanted = {suite.name for suite in suites}
    compares = {suite.name for suite in suites if any(check.compares for check in suite.suite.checks.values())}
    for build in journal.builds():
        rows = [row for row in journal.experiments(build.id) if row.suite in wanted]
        if not wanted:
            break
        if not rows or not build.complete or build.partial:
            continue
        if not build.resumed:  # the time that it lay still is nobody's pace
            for row in rows:
                runs, seconds = journal.pace(row.id)
                if runs and seconds is not None and not row.stored and not _mostly_cached(journal, row):
                    seen.pace.setdefault((row.suite, row.side), (build.id, seconds / runs))
        wanted -= {row.suite for row in rows} - compares
        try:
            evidence = build_evidence(journal, build.id)
        except JournalError:  # recorded by a version whose config this one does not read
            continue
        wanted -= _compared(evidence, build.id, wanted, seen)
    return seen


def _mostly_cached(journal: Journal, row: ExperimentRow) -> bool:
    """Return whether the response cache answered most calls of a side: its pace is not that of a model then."""
    own = [part for part in suite_spending(journal, [row]).parts if part.who == row.side.value]
    return any(2 * part.cached > part.calls for part in own)


def _compared(evidence: BuildEvidence, build: int, wanted: AbstractSet[str], seen: Seen) -> set[str]:
    """Add what one build says of the comparisons of the suites `wanted`; return the suites that it compared."""
    found, varied = noises(evidence), spreads(evidence)
    for place, noise in found.items():
        if place[0] in wanted:  # what a noise study said stands
            seen.noise.setdefault(place, replace(noise, build=build))
    for place, spread in varied.items():
        if place[0] in wanted:
            seen.spread.setdefault(place, replace(spread, build=build))
    return {suite for suite, _ in (*found, *varied)}
