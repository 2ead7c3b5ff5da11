"""Whose definitions decided, as the journal keeps it, and what the change's own would have said of the same answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import ValidationError

from evalgate.decision import decide, exit_code
from evalgate.decision.evidence import BuildEvidence
from evalgate.decision.words import count
from evalgate.errors import ConfigurationError, JournalError
from evalgate.gate.evidence import Asked, recorded_config, recorded_suites
from evalgate.gate.gather import Source
from evalgate.gate.guard import Decides, Gate
from evalgate.journal.builds import BuildRow
from evalgate.journal.store import Journal
from evalgate.report.model import EditedDefinition, GateReport, OwnVerdict
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
        own=_own_verdict(builds) if all(build.gate and build.gate["own"] for _, build in builds) else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Own:
    evidence: BuildEvidence
    lacking: tuple[str, ...]


def _own_verdict(builds: Sequence[tuple[Source, BuildRow]]) -> OwnVerdict:
    """Decide what was measured by the change's own definitions, as far as they can be applied to it."""
    parts = [_own_evidence(source.journal, build) for source, build in builds]
    lacking = tuple(each for part in parts for each in part.lacking)
    suites = tuple(suite for part in parts for suite in part.evidence.suites)
    if not suites:
        return OwnVerdict(verdict=None, exit_code=None, reason=None, not_evaluated=lacking)
    policy = parts[0].evidence.policy
    try:
        decision = decide(BuildEvidence(suites=suites, policy=policy))
    except ConfigurationError as error:
        return OwnVerdict(verdict=None, exit_code=None, reason=error.message, not_evaluated=lacking)
    return OwnVerdict(
        verdict=decision.verdict,
        exit_code=exit_code(decision, policy),
        reason=decision.reason,
        not_evaluated=lacking,
    )


def _own_evidence(journal: Journal, build: BuildRow) -> _Own:
    gate = build.gate or {}
    try:
        own = Config.model_validate(gate["own"])
    except ValidationError as error:
        raise JournalError(
            f"the change's own config in build {build.id} is not one that this version reads",
            next_step=f"decide it with evalgate {build.evalgate_version}, which recorded it",
        ) from error
    decided = recorded_config(build)
    asked: dict[str, Asked] = {}
    lacking: list[str] = []
    names: dict[str, str] = {}
    for name, suite in decided.suites.items():
        kept = gate["suites"].get(name)
        if kept is None or kept["own"] is None:
            continue
        mine = own.suites[kept["own"]]
        checks = {check: each for check, each in mine.checks.items() if check not in kept["unscored"]}
        lacking += _lacking(name, suite, mine, kept)
        if not any(check.gating for check in checks.values()):
            continue
        asked[name] = Asked(
            suite=mine.model_copy(update={"checks": checks}),
            without=frozenset(kept["edited"]) | frozenset(kept["removed"]),
            compared=mine.baseline is not None,
        )
        names[name] = kept["own"]
    found = recorded_suites(journal, build, asked, decided.policy)
    suites = tuple(replace(suite, name=names[suite.name]) for suite in found)
    return _Own(evidence=BuildEvidence(suites=suites, policy=own.policy), lacking=tuple(lacking))


def _lacking(name: str, suite: Suite, own: Suite, kept: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of the change's own definitions the answers of this build say nothing of."""
    for check in own.checks:
        if check in kept["unscored"]:
            yield f"{name}/{check}, whose evaluator it edits"
    counts = {"edited": len(kept["edited"]), "added": kept["not_run"], "taken in from other splits": kept["beyond"]}
    for word, number in counts.items():
        if number:
            yield f"{count(number, 'example')} {word} in {name}"
    if kept["quarantine"]:
        yield f"the quarantine that {name} has there"
    if own.baseline is not None and own.baseline != suite.baseline:
        yield f"the baseline that {name} has there"
