"""What a decision makes of judges: a warning where nobody has held one to human labels, and whether it gates then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evalgate.decision.evidence import BuildEvidence, CheckEvidence, KnownJudge, SuiteEvidence
from evalgate.decision.words import Told
from evalgate.suite.checks import Policy


def held(evidence: BuildEvidence) -> BuildEvidence:
    """Return the evidence in which, under `require_validated`, no check on a judge that is not trusted gates."""
    if not evidence.policy.require_validated:
        return evidence
    return replace(evidence, suites=tuple(_held(suite, evidence.policy) for suite in evidence.suites))


def warnings(suite: SuiteEvidence, policy: Policy) -> Iterator[str]:
    """Yield a sentence for each check on a judge that is not trusted; a check that shows only is not meant."""
    for check in suite.checks:
        if check.check.gating and (reason := distrust(check, suite.name, policy)) is not None:
            yield f"{reason} It does not gate (`require_validated`)." if policy.require_validated else reason


def nothing_gates(suite: SuiteEvidence, policy: Policy) -> Told | None:
    """Return why a suite has no check that gates, where it is that its judges are held back; None where it is not."""
    if not policy.require_validated:
        return None
    for check in suite.checks:
        if check.check.gating and (reason := distrust(check, suite.name, policy)) is not None:
            return Told(
                reason=f"{reason} It does not gate (`require_validated`).",
                next_step=f"evalgate judge validate LABELS --suite {suite.name} --judge {check.name}",
            )
    return None


def distrust(check: CheckEvidence, suite: str, policy: Policy) -> str | None:
    """Return why a check's evaluator is a judge that is not trusted, and what to do; None where it is, or no judge."""
    judge = check.judge
    return None if judge is None else untrusted(check.name, judge.known, suite, policy)


def untrusted(name: str, known: KnownJudge | None, suite: str, policy: Policy) -> str | None:
    """Return why the judge `name` is not trusted by what is `known` of it, and what to do; None where it is."""
    following = f"`evalgate judge validate LABELS --suite {suite} --judge {name}`"
    if known is None:
        return (
            f"{name} is the verdict of a judge that, as it is now, nobody has held to human labels: how often it"
            f" is wrong is not known. {following} finds out."
        )
    if known.kappa is not None and known.kappa_low >= policy.min_kappa:
        return None
    return (
        f"{name} is the verdict of a judge that {_short(known, policy)}. `evalgate judge show {name}`"
        " lists where it differs from people; mend its prompt, or label more answers."
    )


def _short(known: KnownJudge, policy: Policy) -> str:
    labelled = f"{known.labelled:,} labelled answers ({known.measured_on})"
    if known.kappa is None:
        return f"was held to {labelled} which are too much alike to say how well it agrees with people"
    low = _shown(known.kappa_low)
    return (
        f"agrees with people too little: on {labelled} kappa is {_shown(known.kappa)}, and could be {low}, under the"
        f" {policy.min_kappa:g} that is asked for"
    )


def _shown(kappa: float) -> str:
    return f"{kappa:.2f}".replace("-", "−")


def _held(suite: SuiteEvidence, policy: Policy) -> SuiteEvidence:
    checks = tuple(
        replace(check, check=check.check.model_copy(update={"report_only": True}))
        if distrust(check, suite.name, policy) is not None
        else check
        for check in suite.checks
    )
    return replace(suite, checks=checks)
