"""Whole sentences that several reports say alike: the headline, what the verdict does, errors, what could be caught."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from evalgate.decision import screen_words
from evalgate.decision.number_words import some
from evalgate.decision.outlook import OWN_CHANGES
from evalgate.decision.results import CheckDecision, SetAside, SuiteDecision
from evalgate.records import ErrorKind, Verdict
from evalgate.report import formatting
from evalgate.report.model import BuildReport, ErrorTally, SuiteReport
from evalgate.report.rows import flip_words
from evalgate.suite.resources import Resource

_NAMED: Final = 3  # more names than this in a headline are not read
_ASKED: Final = {
    "no_regression": " whether this is worse",
    "improves": " whether this is better",
    "equivalent": " whether this is as good",
    "at_least": " whether this is good enough",
    "at_most": " whether this is good enough",
}
"""What an undecided rule cannot tell."""


def headline(report: BuildReport) -> str:
    """Say what to do, in words that need no statistics. The caller puts the verdict's name before it."""
    if report.build.partial:
        if not any(suite.examples for suite in report.decision.suites):
            return f"nothing was run: {report.build.partial} selects no example."
        return f"a sample decides nothing ({report.build.partial}); run it whole for a verdict."
    verdict = report.decision.verdict
    checks = list(report.gating_checks())
    same = [f"{suite.name}/{check.name}" for suite, check in checks if check.verdict is verdict]
    of = f"{len(same):,} of {formatting.count(len(checks), 'check')}"
    if verdict is Verdict.PASS:
        passed = f"{formatting.count(len(checks), 'check').capitalize()} passed." if checks else report.decision.reason
        return f"fine to {'release' if report.build.release else 'merge'}. {passed}"
    alone = len(checks) == 1
    if verdict is Verdict.FAIL:
        return f"{_act(report)} {same[0]} failed." if alone else f"{_act(report)} {of} failed: {some(same, _NAMED)}."
    if verdict is Verdict.INCONCLUSIVE:
        unknown = f"cannot tell{_whether(checks)}."
        return f"{unknown} {same[0]} is undecided." if alone else f"{unknown} {of} undecided: {some(same, _NAMED)}."
    return f"too little was measured to decide: {some(_unmeasurable(report), _NAMED)}. This is not a pass."


def _act(report: BuildReport) -> str:
    """Say what a FAIL asks for."""
    if report.decision.accepted:
        return "this is meant."
    if report.build.release:
        return "do not release."
    return "this would have failed." if report.build.mode == "observe" else "do not merge."


def _whether(checks: Iterable[tuple[SuiteDecision, CheckDecision]]) -> str:
    """Say what an undecided build does not know, where all its undecided rules ask the same."""
    undecided = [
        rule.rule
        for _, check in checks
        for rule in check.rules
        if check.verdict is Verdict.INCONCLUSIVE and rule.verdict is Verdict.INCONCLUSIVE
    ]
    asked = {_ASKED.get(rule, "") for rule in undecided}
    return asked.pop() if len(asked) == 1 else ""


def consequence(report: BuildReport) -> str | None:
    """Say what the verdict does to the job, where that is not plain from it."""
    build, verdict = report.build, report.decision.verdict
    code = f"exit {build.exit_code}"
    if build.partial or verdict is Verdict.PASS or (verdict is Verdict.FAIL and build.exit_code):
        return None
    if build.exit_code == 0 and not build.gated:
        return f"Nothing is blocked: the gate is off for this run (--no-gate, {code})."
    if verdict is Verdict.FAIL and report.decision.accepted and build.mode != "observe":
        return f"Nothing is blocked: what failed was accepted ({code})."
    if build.exit_code == 0 and build.mode == "observe":
        return f"Nothing is blocked: the policy only observes (policy.mode: observe, {code})."
    if build.exit_code == 0:
        return f"Nothing is blocked: the policy lets {verdict.value} through with a warning ({code})."
    what = "release" if build.release else "merge"
    return f"The {what} is blocked: the policy does not let {verdict.value} through ({code})."


def _unmeasurable(report: BuildReport) -> list[str]:
    """Name the checks that could not be measured, and the suites that fell before any check."""
    names = []
    for suite in report.decision.suites:
        if suite.verdict is Verdict.UNMEASURABLE:
            checks = [f"{suite.name}/{check.name}" for check in suite.checks if check.verdict is suite.verdict]
            names.extend(checks or [suite.name])
    return names or ["there are no suites"]


def overall(report: BuildReport) -> str | None:
    """Return the build's own reason where no suite below it says why; a suite's says it with its numbers beside it.

    What fell on the baseline too is said before any of them.
    """
    if report.sample or not report.suites:
        return None if report.sample else report.decision.reason
    if report.decision.verdict is Verdict.PASS:
        return None
    return screen_words.before_blaming([(suite.name, fell) for suite in report.suites for fell in suite.fell])


def error_sentence(tally: ErrorTally) -> str:
    """Say how often one error occurred: `12 runs of the candidate failed: KeyError: 'city' (router.py:31)`."""
    noun = "run" if tally.evaluator is None else "evaluation"
    by = f" by {tally.evaluator}" if tally.evaluator else ""
    verb = "got no answer" if tally.kind is ErrorKind.INFRASTRUCTURE else "failed"
    where = f" ({tally.where})" if tally.where else ""
    return f"{formatting.count(tally.count, noun)} of the {tally.side.value}{by} {verb}: {tally.message}{where}"


def could_catch(suite: SuiteDecision) -> str | None:
    """Say what drop and what rise this run would have caught and by what noise; equal figures are said once."""
    drops: dict[str | None, dict[str, list[str]]] = {}
    rises: dict[str, list[str]] = {}
    for check in suite.checks:
        if not check.gating or check.verdict is Verdict.UNMEASURABLE:
            continue
        if check.detectable is not None:
            size = formatting.points(check.detectable, signed=False)
            drops.setdefault(check.detectable_from, {}).setdefault(size, []).append(check.name)
        if check.ratio is not None and check.ratio.caught is not None:
            rises.setdefault(formatting.rise(check.ratio.caught), []).append(check.name)
    parts = [("Drops", "; ".join(_judged(_sizes(sizes), source) for source, sizes in drops.items()))] if drops else []
    parts += [("Rises", _sizes(rises))] if rises else []
    if not parts:
        return None
    first = f"{parts[0][0]} that a run like this catches 8 times in 10: {parts[0][1]}."
    return " ".join([first, *(f"{word}: {sizes}." for word, sizes in parts[1:]), "Smaller ones could hide."])


def _judged(sizes: str, source: str | None) -> str:
    by = "this run's own changes, real ones among them" if source == OWN_CHANGES else source
    return f"{sizes} (judged by {by})" if by else sizes


def _sizes(figures: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{size} in {some([*names])}" for size, names in figures.items())


def amounts(suite: SuiteDecision, shown: SuiteReport) -> list[str]:
    """Say what both sides took in all, and how the answers spread: shown only, no rule goes by it."""
    return [line for check in suite.checks if (line := _amounts(check, shown.units.get(check.name))) is not None]


def _amounts(check: CheckDecision, unit: str | None) -> str | None:
    of = check.ratio
    if of is None or of.candidate is None:
        return None
    sides = [side for side in (of.baseline, of.candidate) if side is not None]
    medians, highest, totals = (
        formatting.quantities(values, unit)
        for values in zip(*((side.median, side.p95, side.total) for side in sides), strict=True)
    )
    in_all = "" if of.resource is Resource.LATENCY else f"; in all {totals}"
    known = " (of what is known)" if check.missing.candidate or check.missing.baseline else ""
    return f"{check.name}: half of the answers {_within(medians)}, 95 in 100 {_within(highest)}{in_all}{known}"


def _within(most: str) -> str:
    return most if most.startswith("under ") else f"within {most}"


def suite_line(suite: SuiteDecision, shown: SuiteReport) -> str:
    """Say what a suite is made of: `80 examples in 12 clusters × 3, work tree against build 7 of main`."""
    times = f" × {shown.repetitions}" if shown.repetitions > 1 else ""
    against = f" against {shown.baseline_label}" if shown.baseline_label else ", no baseline"
    aside = len({entry.example_id for entry in suite.quarantined if entry.active})
    set_aside = f" ({aside:,} in quarantine)" if aside else ""
    examples = formatting.grouped(suite.examples, suite.clusters)
    return f"{examples}{set_aside}{times}, {shown.candidate_label}{against}"


def quarantine(suite: SuiteDecision, shown: SuiteReport, *, most: int | None = None) -> list[str]:
    """Say which examples decide nothing, for whose reason and until when, what they did; and which count again."""
    lines = [_set_aside(entry, suite, shown) for entry in suite.quarantined if entry.active]
    if most is not None and len(lines) > most:
        lines = [*lines[:most], f"{len(lines) - most:,} more in quarantine"]
    over = [entry for entry in suite.quarantined if not entry.active]
    return [
        *lines,
        *(
            f"{entry.example_id} counts again{_in(entry)}: its quarantine ended on {entry.expires} ({entry.owner}:"
            f" {entry.reason})"
            for entry in over
        ),
    ]


def _set_aside(entry: SetAside, suite: SuiteDecision, shown: SuiteReport) -> str:
    checks = {check.name: check for check in suite.checks}
    did = [
        f"{name} {' → '.join(flip_words(flip, checks[name], shown.units.get(name)))}"
        for name, flip in entry.flips
        if name in checks
    ]
    what = f": {', '.join(did)}" if did else ""
    until = f"until {entry.expires}, {entry.owner}: {entry.reason}"
    return f"in quarantine, decides nothing{_in(entry)}: {entry.example_id}{what} ({until})"


def _in(entry: SetAside) -> str:
    return "" if entry.check is None else f" in {entry.check}"


def build_line(report: BuildReport) -> str:
    """Say where the report comes from, for whoever reads it later."""
    build = report.build
    commit = build.commit[:12] if build.commit else None
    place = " on ".join(filter(None, (commit, build.branch)))
    sides = [counts for suite in report.suites for counts in suite.counts.values()]
    runs, cached, errors = (sum(getattr(side, name) for side in sides) for name in ("runs", "cached", "errors"))
    parts = [
        f"build {build.id}",
        f"{place}{', with uncommitted changes' if build.dirty else ''}" if place else None,
        build.config_file,
        formatting.count(runs, "run") + (f", {cached:,} from the cache" if cached else ""),
        formatting.count(errors, "error") if errors else None,
        formatting.seconds(build.seconds) + (f", resumed {_times(build.resumed)}" if build.resumed else ""),
        f"evalgate {build.evalgate_version}",
        f"exit {build.exit_code}",
    ]
    return " · ".join(part for part in parts if part)


def _times(amount: int) -> str:
    return "once" if amount == 1 else f"{amount} times"
