"""Whose definitions decided, as the journal keeps it, and what the change's own would have said of the same answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import ValidationError

from evalgate.decision import decide, exit_code
from evalgate.decision.checks import means
from evalgate.decision.evidence import BuildEvidence, CheckEvidence, SuiteEvidence
from evalgate.decision.number_words import count
from evalgate.errors import ConfigurationError, JournalError
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.evidence import Asked, recorded_suites
from evalgate.gate.gather import Source
from evalgate.gate.guard.guard import Decides, Gate
from evalgate.journal.builds import BuildRow
from evalgate.journal.own import OwnEvaluatorRow
from evalgate.journal.store import Journal
from evalgate.report.model import AddedExamples, CheckMeans, EditedDefinition, GateReport, OwnVerdict
from evalgate.suite.config import Config, Suite


def recorded_gate(gate: Gate, names: Collection[str]) -> dict[str, Any] | None:
    """Return what the journal keeps of a gate about the suites `names`; None where there is nothing to keep."""
    differences = [each for each in gate.differences if each.suite is None or each.suite in names]
    silent = gate.decides in (Decides.LOCAL, Decides.ALLOWED) and not differences
    if gate.base is None or silent:
        return None
    return {
        "base": gate.base.label,
        "decides": gate.decides.value,
        "own": gate.own.snapshot() if gate.own is not None else None,
        "differences": [asdict(each) for each in differences],
        "suites": {
            name: {
                "own": each.own,
                "checks": sorted(each.new_checks),
                "added": sorted(each.placed.added.ids) if each.placed.added is not None else [],
                "not_run": 0 if each.placed.added is not None else len(each.changes.added),
                "edited": sorted(each.changes.edited),
                "removed": sorted(each.changes.removed),
                "beyond": each.changes.beyond,
                "unscored": sorted(each.unscored),
                "reworded": sorted(each.reworded),
                "anew": sorted(evaluator.label for evaluator in each.rescoring.anew) if each.rescoring else [],
                "quarantine": any(told.suite == name and told.key == "quarantine" for told in differences),
            }
            for name, each in gate.suites.items()
            if name in names and gate.decides is Decides.BASE
        },
    }


def gate_report(sources: Sequence[Source]) -> GateReport | None:
    """Return what is said of whose definitions decided about builds; None where no base had any."""
    builds = [(source, source.journal.build(source.build)) for source in sources]
    kept = [build.gate for _, build in builds if build.gate is not None]
    if not kept:
        return None
    return GateReport(
        base=kept[0]["base"],
        decides=kept[0]["decides"],
        differences=tuple(dict.fromkeys(EditedDefinition(**each) for gate in kept for each in gate["differences"])),
        added=tuple(each for source, build in builds for each in _added(source.journal, build)),
        own=_own_verdict(builds) if all(build.gate and build.gate["own"] for _, build in builds) else None,
    )


def _added(journal: Journal, build: BuildRow) -> Iterator[AddedExamples]:
    """Yield how both sides did on the examples that a change brought along."""
    added = {name: frozenset(kept["added"]) for name, kept in (build.gate or {}).get("suites", {}).items()}
    config = recorded_config(build)
    asked = {
        name: Asked(suite=suite, without=frozenset(_ids(journal, build, name)) - added[name])
        for name, suite in config.suites.items()
        if added.get(name)
    }
    for suite in recorded_suites(journal, build, asked, config.policy) if asked else ():
        if suite.example_ids:
            scored = tuple(each for each in suite.checks if not each.evaluator.pairwise)
            yield AddedExamples(
                suite=suite.name,
                examples=len(suite.example_ids),
                checks=tuple(check_means(suite.name, each) for each in scored),
            )


def _ids(journal: Journal, build: BuildRow, suite: str) -> Iterator[str]:
    return (example_id for example_id, _ in journal.example_hashes(build.id, suite))


def check_means(suite: str, check: CheckEvidence) -> CheckMeans:
    """Return what a check scored on both sides; nothing is decided by it."""
    candidate, baseline = means(check)
    spec = check.evaluator
    return CheckMeans(
        suite=suite, check=check.name, candidate=candidate, baseline=baseline, low=spec.low, high=spec.high
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Own:
    evidence: BuildEvidence
    lacking: tuple[str, ...]
    covers: tuple[str, ...]
    scores: tuple[CheckMeans, ...]


def _own_verdict(builds: Sequence[tuple[Source, BuildRow]]) -> OwnVerdict:
    """Decide what was measured by the change's own definitions, as far as they can be applied to it."""
    parts = [_own_evidence(source.journal, build) for source, build in builds]
    lacking = tuple(each for part in parts for each in part.lacking)
    covers = tuple(each for part in parts for each in part.covers)
    scores = tuple(each for part in parts for each in part.scores)
    suites = tuple(suite for part in parts for suite in part.evidence.suites)
    if not suites:
        return OwnVerdict(verdict=None, exit_code=None, reason=None, not_evaluated=lacking)
    policy = parts[0].evidence.policy
    try:
        decision = decide(BuildEvidence(suites=suites, policy=policy))
    except ConfigurationError as error:
        return OwnVerdict(verdict=None, exit_code=None, reason=error.message, not_evaluated=lacking, scores=scores)
    return OwnVerdict(
        verdict=decision.verdict,
        exit_code=exit_code(decision, policy),
        reason=decision.reason,
        not_evaluated=lacking,
        scores=scores,
        covers=covers,
    )


def _own_evidence(journal: Journal, build: BuildRow) -> _Own:
    own, decided = _own_config(build), recorded_config(build)
    gated = (build.gate or {})["suites"]
    asked: dict[str, Asked] = {}
    lacking: list[str] = []
    evaluators = journal.own_evaluators(build.id)
    for name, suite in decided.suites.items():
        kept = gated.get(name)
        if kept is None or kept["own"] is None:
            continue
        mine = own.suites[kept["own"]]
        rows = {row.name: row for row in evaluators if row.suite == name}
        each = _asked(mine, kept, rows)
        lacking += [*_unsaid(name, mine, kept, rows), *_lacking(name, suite, mine, kept, each.reworded)]
        if any(check.gating for check in each.suite.checks.values()):
            asked[name] = each
    found = recorded_suites(journal, build, asked, decided.policy)
    suites = tuple(replace(suite, name=gated[suite.name]["own"]) for suite in found)
    scores = tuple(
        check_means(suite.name, check)
        for suite in found
        for check in suite.checks
        if check.name in asked[suite.name].own or (asked[suite.name].reworded and check.name in asked[suite.name].anew)
    )
    return _Own(
        evidence=BuildEvidence(suites=suites, policy=own.policy),
        lacking=tuple(lacking),
        covers=tuple(
            _covered(suite, asked[suite.name].reworded, gated[suite.name], _ids(journal, build, suite.name))
            for suite in found
            if asked[suite.name].without or asked[suite.name].reworded
        ),
        scores=scores,
    )


def _own_config(build: BuildRow) -> Config:
    """Return the change's own config. Raises JournalError for one that this version does not read."""
    try:
        return Config.model_validate((build.gate or {})["own"])
    except ValidationError as error:
        raise JournalError(
            f"the change's own config in build {build.id} is not one that this version reads",
            next_step=f"decide it with evalgate {build.evalgate_version}, which recorded it",
        ) from error


def _asked(own: Suite, kept: Mapping[str, Any], rows: Mapping[str, OwnEvaluatorRow]) -> Asked:
    """Return the change's own suite with the checks that something scored, and what its own evaluators (`rows`) did."""
    able = {check: row for check, row in rows.items() if row.problem is None and row.spec is not None}
    scored = {check: row for check, row in able.items() if check in kept["unscored"]}
    anew = frozenset(kept.get("anew", ()))
    reworded = frozenset(kept.get("reworded", ())) if anew <= set(able) else frozenset()
    checks = {check: each for check, each in own.checks.items() if check in scored or check not in kept["unscored"]}
    return Asked(
        suite=own.model_copy(update={"checks": checks}),
        without=frozenset(kept["edited"]) - reworded | frozenset(kept["removed"]),
        compared=own.baseline is not None,
        own=scored,
        anew=anew,
        reworded=reworded,
    )


def _covered(suite: SuiteEvidence, reworded: AbstractSet[str], kept: Mapping[str, Any], ids: Iterable[str]) -> str:
    """Return of which examples the change's own verdict is, where it edits or removes some that decide."""
    added = frozenset(kept["added"])
    deciding = sum(example not in added for example in ids)
    brought = sum(example in added for example in suite.example_ids)
    answers = sum(example in reworded for example in suite.example_ids)
    left = len(suite.example_ids) - brought - answers
    edits = f", {answers:,} whose answer it edits" if answers else ""
    more = f", and {brought:,} that it adds" if brought else ""
    return f"{left:,} of {count(deciding, 'example')} of {suite.name} that it leaves as they are{edits}{more}"


def _unsaid(name: str, own: Suite, kept: Mapping[str, Any], rows: Mapping[str, OwnEvaluatorRow]) -> Iterator[str]:
    """Yield the change's own evaluators that did not score what they should have."""
    for check in own.checks:
        row = rows.get(check)
        why = f" ({row.problem.rstrip('.')})" if row is not None and row.problem is not None else ""
        if check in kept["unscored"] and (row is None or why):
            yield f"{name}/{check}, whose evaluator it edits{why}"
        elif check in kept.get("anew", ()) and why:
            yield f"{name}/{check} on the answers that it edits{why}"


def _lacking(name: str, suite: Suite, own: Suite, kept: Mapping[str, Any], reworded: AbstractSet[str]) -> Iterator[str]:
    """Yield what else of the change's own definitions the answers of this build say nothing of."""
    edited = len(kept["edited"]) - len(reworded)
    counts = {"edited": edited, "added": kept["not_run"], "taken in from other splits": kept["beyond"]}
    for word, number in counts.items():
        if number:
            yield f"{count(number, 'example')} {word} in {name}"
    if kept["quarantine"]:
        yield f"the quarantine that {name} has there"
    if own.baseline is not None and own.baseline != suite.baseline:
        yield f"the baseline that {name} has there"
