"""What a decision sees: the build's answers as arrays, and nothing else (no clock, no paths, no store).

The gate fills these from the journal; the same journal gives the same evidence and so the same verdict, for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from evalgate.records import EvaluatorSpec
from evalgate.suite.checks import Check, Policy, Unmeasurable
from evalgate.suite.resources import Resource


class Cell(IntEnum):
    """What is known of one evaluation of one run."""

    ABSENT = 0
    """Never drawn: the example has fewer repetitions than others."""
    SCORED = 1
    TASK_ERROR = 2
    """The task's own doing: counts as the worst score."""
    MISSING = 3
    """Infrastructure gave up, or the evaluator failed: not a score."""
    UNKNOWN = 4
    """Of what a run takes: it answered, and nobody saw the usage, or knows the price. Never free."""
    EARLIER = 5
    """Of latency: it is known, and was measured in an earlier build (a stored baseline, a cached answer)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """One metric on one side. Both arrays are (examples, repetitions); `values` is NaN where not SCORED."""

    values: NDArray[np.float64]
    cells: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class Redraw:
    """What a second, real draw of one failing example gave, for `zero_tolerance`. None: no second answer."""

    candidate: float | None
    baseline: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The labels of one check: (label, answers of the candidate, answers of the baseline), the most frequent first.

    `other_names` labels are too many to list: `others` is how many answers of each side have one of them.
    """

    counts: tuple[tuple[str, int, int], ...]
    other_names: int = 0
    others: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownNoise:
    """What a noise study found of a check's scores, before this build: shares of the range."""

    flip: float
    """The share of examples whose result differs between two equal runs; for scores, twice the variance within one."""
    source: str
    """Where it was read, `the 5 runs of noise study 4`."""
    shift: float | None = None
    """How far whole runs shift (a standard deviation), where they do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownJudge:
    """What was found out about a judge before a build began, by answers that people had labelled."""

    labelled: int
    measured_on: str
    """The day, as people read it."""
    kappa: float | None
    """None: the labels were too much alike to say."""
    kappa_low: float
    """The lower end of its 95 % interval."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The evaluator of a check is a judge. `people` has their scores of both sides, NaN where they said nothing."""

    known: KnownJudge | None
    people: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    """(candidate, baseline), over the examples. None: no example has labels on both sides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """What a judge of pairs said: pairs by who was preferred, and how its votes went with the order.

    `asked` votes were each made in both orders; `first` of them preferred what was shown first in either, `second` what
    was shown second: those count as ties.
    """

    candidate: int
    ties: int
    baseline: int
    asked: int
    first: int
    second: int

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return self.candidate + self.ties + self.baseline


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckEvidence:
    """One check: its rules, its evaluator, and the scores of both sides (no baseline: None)."""

    name: str
    check: Check
    evaluator: EvaluatorSpec
    candidate: Scores
    baseline: Scores | None
    redraws: Mapping[str, Redraw]
    """By example id, the examples drawn once more."""
    labels: Labels | None = None
    """None where its evaluator gave none."""
    judge: Judged | None = None
    """None: its evaluator is no judge."""
    noise: KnownNoise | None = None
    """None: no noise study of this baseline, these examples and these evaluators was known when it was recorded."""
    preferences: Preferences | None = None
    """Its evaluator is a judge of pairs, and what it said. None: it is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceEvidence:
    """One check of what runs take: its rules, and what each run of either side took, in the resource's own unit."""

    name: str
    check: Check
    resource: Resource
    candidate: Scores
    baseline: Scores | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something that makes a suite UNMEASURABLE before any number is read; a sentence and what repairs it."""

    kind: Unmeasurable
    message: str
    next_step: str
    sample: bool = False
    """It is a part of the dataset by intent (`--limit`), whole in itself: nothing is decided, its numbers are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRuns:
    """Runs of a baseline that were drawn for an earlier build: enough to screen with, never to FAIL on."""

    repetitions: int
    """The fewest that an example has."""
    of: str
    """Whose they are, `main@1a2b3c4`."""
    date: str
    """The day they were drawn, as people read it."""
    screen_p: float = 0.30
    """Up to which adjusted p a screen against them is confirmed."""
    confirm: int = 3
    """How often a confirmation draws each side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantined:
    """An example that was set aside when the build began: of one check, or (None) of all."""

    example_id: str
    check: str | None
    owner: str
    reason: str
    expires: str
    """The last day, as ISO 8601 writes it."""
    active: bool
    """Whether that day was not over; after it, the example counts again."""

    def of(self, check: str) -> bool:
        """Return whether it is about a check of this name."""
        return self.check in (None, check)


@dataclass(frozen=True, kw_only=True, slots=True)
class Covered:
    """What one acceptance covers of a check: all examples, or one slice. Drops are shares of the range, above 0.

    `drop` is what was measured and `down_to` the largest that is covered; `score` and `score_to` the same of the
    candidate's mean, where a threshold failed. Each is None where nothing of that kind was accepted.
    """

    slice: str | None
    rules: tuple[str, ...]
    drop: float | None = None
    down_to: float | None = None
    score: float | None = None
    score_to: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """A written exception for one check, as it was found when the build began."""

    check: str
    covers: tuple[Covered, ...]
    examples: tuple[str, ...]
    author: str
    reason: str
    expires: str
    """The last day, as ISO 8601 writes it."""
    changed: tuple[str, ...]
    """What is no longer what it was measured with: `the candidate`, `the baseline`."""
    expired: bool
    obstacle: str | None
    """Why it does not count here, whatever was measured; None where it does. A whole sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteEvidence:
    """One suite. Every sequence and array is over `example_ids`, in their order."""

    name: str
    dataset: str
    """The dataset's identity: examples of two suites on one dataset are one unit each."""
    example_ids: tuple[str, ...]
    checks: tuple[CheckEvidence, ...]
    clusters: tuple[str, ...] | None
    """The value at the cluster path; examples without one are clusters of their own."""
    slices: Mapping[str, tuple[str | None, ...]]
    """By slice path, each example's value as text; None where it has none."""
    identical: NDArray[np.bool_]
    """Where every answer of the candidate equals the baseline's, byte for byte."""
    problems: tuple[Problem, ...] = ()
    baseline_label: str | None = None
    """What people call the baseline: `second task`, `build 7 of main`. None: no baseline."""
    screen: StoredRuns | None = None
    """The baseline's answers are these stored ones and this is a screen: its comparisons FAIL nothing."""
    stored: bool = False
    """The baseline's answers are those of an earlier build, and they decide, unconfirmed."""
    unchanged: str | None = None
    """Why the suite was skipped: nothing that it runs has changed. A whole sentence."""
    resources: tuple[ResourceEvidence, ...] = ()
    """The checks of cost, tokens and latency."""
    added: frozenset[str] = frozenset()
    """The checks that only a change has: they take nothing from the promise that the others are held to."""
    quarantined: tuple[Quarantined, ...] = ()
    """Examples that are set aside; they are among `example_ids`."""
    acceptances: tuple[Acceptance, ...] = ()
    """At most one for each check."""
    labelled_by: str | None = None
    """Who accepted whatever fails of this very commit, by a label. None: nobody whose label counts."""

    @property
    def declared(self) -> tuple[tuple[str, Check], ...]:
        """Every check by name, those of scores first."""
        scored = ((each.name, each.check) for each in self.checks)
        return (*scored, *((each.name, each.check) for each in self.resources))


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """The measurements of one change before this one. Empty where nobody says what the change is."""

    measurements: int = 0
    failed: int = 0
    last_failed: bool = False
    change: str | None = None
    """What people call it: `pull request 12`, `branch tone`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How many of the config's suites that compare are decided here, where that is a part of them."""

    suites: int
    of: int

    def lowered(self, policy: Policy) -> Policy:
        """Return a policy with the part of its alpha that they have."""
        return policy.model_copy(update={"alpha": policy.alpha * self.suites / self.of})


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEvidence:
    """Everything that one decision sees. `policy` has the whole alpha, of which its suites have `share`."""

    suites: tuple[SuiteEvidence, ...]
    policy: Policy
    history: History = History()
    share: Share | None = None

    @property
    def deciding(self) -> Policy:
        """Return the policy with the alpha that these suites are decided at."""
        return self.policy if self.share is None else self.share.lowered(self.policy)
