"""One row per check and per slice worth showing, as plain text cells: what every table of every report holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from evalgate.decision.ratios.checks import NOTABLE
from evalgate.decision.results import CheckDecision, Comparison, Flip, Interval, SliceDecision, SuiteDecision
from evalgate.paths import resolve
from evalgate.records import Verdict
from evalgate.report import formatting
from evalgate.report.model import SuiteReport

_SLICES_SHOWN: Final = 8
_CHECKS_LISTED: Final = 4
_FAILED: Final = {
    "no_regression": "worse",
    "improves": "not better enough",
    "equivalent": "differs",
    "at_least": "too low",
    "at_most": "too high",
    "zero_tolerance": "examples fail",
}
"""What failed, by the rule that said so."""
_PHRASES: Final = {
    Verdict.PASS: "",
    Verdict.INCONCLUSIVE: "cannot tell",
    Verdict.UNMEASURABLE: "not measured",
    Verdict.FAIL: "worse",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table of a suite. `verdict` is None where it decides nothing. Nothing is escaped."""

    check: str
    name: str
    slice: bool
    baseline: str
    candidate: str
    change: str
    between: str
    """Where the change could really be."""
    verdict: Verdict | None
    phrase: str
    """What the verdict means here, in a few words; may be empty."""

    @property
    def verdict_text(self) -> str:
        """The verdict in words."""
        if self.verdict is None:
            return self.phrase
        return f"{self.verdict.value}: {self.phrase}" if self.phrase else self.verdict.value


def suite_rows(suite: SuiteDecision, shown: SuiteReport, *, sample: bool) -> Iterator[Row]:
    """Yield the rows of a suite: each check, behind it the slices that count against it. A sample has no verdicts."""
    for check in suite.checks:
        row = _check_row(check, shown.units.get(check.name))
        yield replace(row, verdict=None, phrase="no verdict") if sample else row
        if not sample:
            yield from (slice_row(check, part) for part in first_failing(check))


def failing(check: CheckDecision) -> list[SliceDecision]:
    """Return the slices that make their check worse than PASS, those that FAIL first."""
    against = [part for part in check.slices if part.verdict is Verdict.FAIL or _required(part)]
    return sorted(against, key=lambda part: -part.verdict.rank)


def first_failing(check: CheckDecision) -> list[SliceDecision]:
    """Return as many failing slices as people read."""
    return failing(check)[:_SLICES_SHOWN]


def in_failing_slice(flip: Flip, check: CheckDecision, shown: SuiteReport) -> bool:
    """Return whether an example that changed is one of those that make a slice fail."""
    view = shown.examples.get(flip.example_id)
    if view is None:
        return False
    fields = {"input": view.example.input, "output": view.example.output, "metadata": view.example.metadata}
    return any(str(resolve(part.path, fields)) == part.value for part in failing(check))


def _required(part: SliceDecision) -> bool:
    return part.required and part.verdict is not Verdict.PASS


def listed_first(suite: SuiteDecision) -> tuple[list[CheckDecision], list[CheckDecision]]:
    """Return the checks whose examples are listed, a few of those that make the suite what it is, and the others.

    Only those of which an example changed or fails.
    """
    with_examples = [
        check
        for check in suite.checks
        if check.regressed or check.improved or any(rule.example_ids for rule in check.rules)
    ]
    decisive = [check for check in with_examples if check.gating and check.verdict is suite.verdict]
    first = (decisive or with_examples)[:_CHECKS_LISTED]
    return first, [check for check in with_examples if all(check is not each for each in first)]


def went(word: str, check: CheckDecision) -> str:
    """Return which way the listed examples of a check went, `worse` or `better`; of what runs take, how far up."""
    if check.ratio is None:
        return word
    allowed = check.ratio.allowed
    return f"up by over {formatting.rise(NOTABLE if allowed is None else allowed)}"


def slice_name(part: SliceDecision) -> str:
    """Return what people call a slice: `metadata.lang = de`."""
    return f"{part.path} = {part.value}"


def flip_words(flip: Flip, check: CheckDecision, unit: str | None) -> tuple[str, str]:
    """Return the baseline's and the candidate's score of one example in words."""
    before, after = (
        formatting.flip_score(value, binary=check.binary, low=check.low, high=check.high, unit=unit)
        for value in (flip.baseline, flip.candidate)
    )
    return before, after


def _check_row(check: CheckDecision, unit: str | None) -> Row:
    comparison = check.comparison
    baseline, candidate = (
        formatting.score(mean, low=check.low, high=check.high, unit=unit)
        for mean in (check.baseline_mean, check.candidate_mean)
    )
    change = between = formatting.UNKNOWN
    if comparison is not None:
        change = (
            formatting.relative_change(comparison.delta)
            if check.ratio is not None
            else formatting.change(
                comparison.delta,
                baseline=check.baseline_mean,
                candidate=check.candidate_mean,
                low=check.low,
                unit=unit,
            )
        )
        if comparison.interval is not None:
            between = _between(check, comparison.interval)
    return Row(
        check=check.name,
        name=check.name,
        slice=False,
        baseline=baseline,
        candidate=candidate,
        change=change,
        between=between,
        verdict=check.verdict if check.gating else None,
        phrase=f"{_phrase(check)}{_accepted(check)}" if check.gating else "shown only",
    )


def _accepted(check: CheckDecision) -> str:
    """Name whose word stands against a failure, where it counts."""
    accepted = check.accepted
    return f", accepted by {accepted.author}" if accepted is not None and accepted.counts else ""


def slice_row(check: CheckDecision, part: SliceDecision) -> Row:
    """Return the row of one slice; one that is too small to be tested has no verdict."""
    comparison = part.comparison
    interval = comparison.interval if comparison else None
    return Row(
        check=check.name,
        name=f"{part.path.rpartition('.')[2]} = {part.value} ({part.examples:,})",
        slice=True,
        baseline="",
        candidate="",
        change=_slice_change(check, comparison) if comparison else formatting.UNKNOWN,
        between=_between(check, interval) if interval else formatting.UNKNOWN,
        verdict=part.verdict if check.gating and part.tested else None,
        phrase=_PHRASES[part.verdict] if check.gating and part.tested else "shown only",
    )


def _slice_change(check: CheckDecision, comparison: Comparison) -> str:
    if check.ratio is not None:
        return formatting.relative_change(comparison.delta)
    return formatting.points(comparison.delta)


def _between(check: CheckDecision, interval: Interval) -> str:
    """Write an interval in a column whose neighbour already says points, unless that one has a unit of its own."""
    if check.ratio is not None:
        return formatting.relative_range(interval)
    text = formatting.point_range(interval)
    return text if check.low is None else text.rsplit(" ", 1)[0]


def _only_a_slice(check: CheckDecision) -> bool:
    """Return whether a slice got worse where all examples together could be no worse."""
    where = check.comparison.interval if check.comparison else None
    return where is not None and where.high >= 0 and any(part.verdict is Verdict.FAIL for part in check.slices)


def _phrase(check: CheckDecision) -> str:
    """Say in a few words what the worst rule of a check found."""
    if check.verdict is Verdict.FAIL:
        failed = [_FAILED.get(rule.rule, rule.rule) for rule in check.rules if rule.verdict is Verdict.FAIL]
        if failed and _only_a_slice(check):
            failed = ["worse in a slice" if each == _FAILED["no_regression"] else each for each in failed]
        return ", ".join(dict.fromkeys(failed)) or "worse in a part"
    if check.verdict is Verdict.PASS and check.comparison is not None and check.comparison.changed == 0:
        return "nothing changed"
    return _PHRASES[check.verdict]
