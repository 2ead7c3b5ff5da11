"""What a decision says, with the numbers and the words behind it. Reports render these and add nothing of their own.

Scores and differences are in the score's own units unless a field says "share": of the range, + is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalgate.decision.distribution import Distribution
from evalgate.decision.evidence import Preferences
from evalgate.records import Verdict
from evalgate.stats.summary import Summary
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.resources import Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Where a difference could really be, as a share of the range, + is better. `level` is 0.90 or 0.95."""

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Flip:
    """One example that changed between the sides; None where that side has no score."""

    example_id: str
    baseline: float | None
    candidate: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """How many examples lack an answer to a check, and how many answers counted as the worst, by side."""

    candidate: int
    baseline: int
    candidate_errors: int
    baseline_errors: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Candidate against baseline on the paired examples of a check or of one slice of it."""

    pairs: int
    changed: int
    """Pairs (or clusters) whose difference is not zero."""
    worse: int
    better: int
    delta: float
    """Mean difference, share of the range, + is better."""
    interval: Interval | None
    p: float | None
    """None where nothing was tested: a slice under 10 examples, a score of which neither way is better."""
    p_adjusted: float | None
    """For all comparisons that share the promise; None where this one does not (a check that does not gate)."""
    could_fail: bool
    """Whether any outcome with this many changed units could have failed."""
    clusters: int | None = None
    """How many clusters the pairs are in; None where each stands alone."""
    q: float | None = None
    """Where it decides nothing: of findings as strong as this among all such, the share that is chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """A judge's mean difference as people's labels of both sides correct it, a share of the range, + is better."""

    estimate: float
    low: float
    high: float
    level: float
    labelled: int
    told: str
    """The same in whole sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceDecision:
    """One value of one slice path. A slice can FAIL its check; its INCONCLUSIVE counts only where required."""

    path: str
    value: str
    examples: int
    tested: bool
    required: bool
    verdict: Verdict
    reason: str
    comparison: Comparison | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleDecision:
    """One rule of a check. `reason` is whole sentences for people; `next_step` what would settle or repair it."""

    rule: str
    verdict: Verdict
    reason: str
    next_step: str | None = None
    unmeasurable: Unmeasurable | None = None
    """Which kind, where the verdict is UNMEASURABLE."""
    example_ids: tuple[str, ...] = ()
    """The examples that the rule names (reproduced failures of zero_tolerance)."""
    overall: Verdict | None = None
    """Of no_regression: the verdict on all examples, its slices left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """What a check of cost, tokens or latency says beside the rest, in dollars, tokens or seconds.

    In such a check every "share" is of what the baseline takes: a delta of −0.24 is a rise of 24 %.
    """

    resource: Resource
    allowed: float | None
    """The rise that `no_regression` allows, as a share."""
    candidate: Summary | None
    """Of all answers whose amount is known; None where there is none."""
    baseline: Summary | None
    paired_candidate: float
    """The total over the pairs, each example counted once."""
    paired_baseline: float
    clipped: int
    """Pairs that differ by more than a factor of 3: they count as 3."""
    caught: float | None
    """The rise that this comparison catches 8 times in 10."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A written exception for a check that failed. It `counts` where it covers all that failed."""

    author: str
    reason: str
    expires: str
    """The last day; empty where it is of one commit alone."""
    counts: bool
    told: str
    """What it does, or why it does not, as a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckDecision:
    """One check: its worst rule."""

    name: str
    gating: bool
    verdict: Verdict
    rules: tuple[RuleDecision, ...]
    slices: tuple[SliceDecision, ...]
    examples: int
    candidate_mean: float | None
    baseline_mean: float | None
    low: float | None
    high: float | None
    """The score's range, for formatting; both None where it is unbounded."""
    binary: bool
    missing: Missing
    missing_could_change: str | None
    """A sentence where the verdict would differ were every missing answer right, or wrong."""
    comparison: Comparison | None
    detectable: float | None
    """The drop (share of the range) that this comparison catches 8 times in 10."""
    detectable_from: str | None = None
    """Where the noise behind `detectable` was read: `the repetitions of main`, `this run's own changes`."""
    regressed: Sequence[Flip]
    improved: Sequence[Flip]
    ratio: Ratio | None = None
    """For a check of what runs take: more of it, and the meaning of its shares."""
    distribution: Distribution | None = None
    """How its answers are spread on each side; None where the mean says all."""
    notes: tuple[str, ...] = ()
    """Sentences that change no verdict: what looks wrong with the scores, what a check that decides nothing shows."""
    corrected: Correction | None = None
    """Of a judge, where people labelled answers of both sides."""
    preferences: Preferences | None = None
    """Of a judge of pairs: who was preferred how often, and how its votes went with the order."""
    accepted: Accepted | None = None
    """Where it failed and somebody wrote that this is meant. The verdict stays FAIL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """An entry of the quarantine. While `active` its example decides nothing of `check` (None: of all checks)."""

    example_id: str
    check: str | None
    owner: str
    reason: str
    expires: str
    active: bool
    flips: tuple[tuple[str, Flip], ...]
    """Its scores on both sides, by check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteDecision:
    """One suite: its worst check."""

    name: str
    verdict: Verdict
    reason: str
    next_step: str | None
    unmeasurable: Unmeasurable | None
    examples: int
    identical: int
    baseline_label: str | None
    checks: tuple[CheckDecision, ...]
    clusters: int | None = None
    """How many clusters its examples are in; None where each stands alone."""
    warnings: tuple[str, ...] = ()
    """What makes its verdict less sure than it says, as sentences."""
    quarantined: tuple[SetAside, ...] = ()
    """What is in quarantine; its examples are among `examples`, and not among those of the checks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildDecision:
    """The whole: its worst suite. `promise` is the false-alarm sentence; `columns` how many were tested jointly."""

    verdict: Verdict
    reason: str
    suites: tuple[SuiteDecision, ...]
    columns: int
    flips: int
    """Sign patterns drawn (or enumerated)."""
    alpha: float
    exact: bool
    promise: str
    accepted: bool = False
    """Whether all that failed is accepted. The verdict stays FAIL."""
    measurement: str | None = None
    """Which measurement of its change this is, as sentences; None for the first, and where nobody says the change."""
