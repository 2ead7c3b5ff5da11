"""What every report renders: a decision, the build it belongs to, and the examples worth looking at.

The gate fills these from the journal. Reports take their judgement, reasons and next steps from the decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalgate.decision.results import BuildDecision, CheckDecision, SuiteDecision
from evalgate.decision.screen_words import Fell
from evalgate.records import ErrorKind, Evaluation, Example, Failure, Json, Side, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class TriedPrompt:
    """A version of a prompt in Phoenix that a build tried; `tag` is what would move to it, from the version `before`.

    `before` is None where nobody has said on which version that tag is.
    """

    name: str
    version: int
    tag: str
    before: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildInfo:
    """Where a decision comes from and what it leads to.

    `partial` says why the build is a sample without a verdict (`--limit 20`). `resumed` counts continuations.
    `seconds` is the time that the build took, `created_at` ISO 8601.
    """

    id: int
    created_at: str
    commit: str | None
    branch: str | None
    dirty: bool
    config_file: str
    evalgate_version: str
    seconds: float
    exit_code: int
    mode: Literal["enforce", "observe"]
    gated: bool = True
    """False under --no-gate: the verdict is shown and the exit code is 0."""
    resumed: int = 0
    partial: str | None = None
    change: str | None = None
    """What the build measures: `pull request 12`, `branch tone`."""
    measurement: int | None = None
    """Which measurement of that change it is, from 1."""
    failed_before: int | None = None
    release: str | None = None
    """The tag that a release moves, where it is one."""
    tried: tuple[TriedPrompt, ...] = ()
    """What `--prompt-version` named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SideCounts:
    """What one side of a suite did: all its runs, those of them answered from a cache, those that failed."""

    runs: int
    cached: int = 0
    errors: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorTally:
    """How often one error occurred on one side. `evaluator` names who failed where it was not the task."""

    side: Side
    kind: ErrorKind
    message: str
    """The error's type and text: `KeyError: 'city'`."""
    where: str | None
    count: int
    evaluator: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SideView:
    """What one side made of one example in the sample shown: an output or a `failure`. `latency` is in seconds."""

    output: Json = None
    failure: Failure | None = None
    evaluations: tuple[Evaluation, ...] = ()
    latency: float | None = None
    logs: str = ""
    """The tail of what the user's code printed."""
    sample: str = "r1"
    trace: str | None = None
    """The address of its trace in Phoenix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleView:
    """One example, side by side. `baseline` is None where there is no such side."""

    example: Example
    candidate: SideView
    baseline: SideView | None
    link: str | None = None
    """The address of the example in Phoenix."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoenixView:
    """Where a suite is in Phoenix: addresses of pages, and what is not there.

    `experiments` has each side's own page. `compare` shows both sides, or the one that there is.
    """

    compare: str | None = None
    experiments: Mapping[Side, str] = field(default_factory=dict)
    lacking: str | None = None
    """What is not there and why, as a sentence."""
    next_step: str | None = None
    """What makes up for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spending:
    """What calls of models took for one part of a suite: `who` is a side (its task) or an evaluator.

    Of the `calls`, the response cache answered those `cached`, and those `taken_over` were made in an earlier build
    whose runs count here. `cost` is what the priced calls cost when they were made, in US dollars, and `paid` that of
    those made in this build; `unpriced` calls have a price that nobody knows. `unseen` runs or evaluations used what
    nobody saw, `together` runs what nobody can tell apart.
    """

    who: str
    calls: int
    cached: int
    tokens: int
    cost: float
    paid: float
    unpriced: int
    unseen: int
    together: int = 0
    taken_over: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteReport:
    """What a report shows of a suite beside its decision.

    `examples` holds, by example id, at least every example that the decision names. `units` names the unit of checks
    whose score has no range (`s`, `tokens`), by check. `dearest` has the examples that cost most, with their dollars,
    out of `priced_examples`.
    """

    name: str
    dataset: str
    dataset_version: str
    repetitions: int
    candidate_label: str
    baseline_label: str | None
    counts: Mapping[Side, SideCounts]
    notes: tuple[str, ...] = ()
    """What there is to know of its baseline, as sentences."""
    fell: tuple[Fell, ...] = ()
    """Where its baseline, drawn anew, scores lower than as it was stored; `notes` say so too."""
    errors: tuple[ErrorTally, ...] = ()
    examples: Mapping[str, ExampleView] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    spending: tuple[Spending, ...] = ()
    dearest: tuple[tuple[str, float], ...] = ()
    priced_examples: int = 0
    phoenix: PhoenixView | None = None
    """Where it is mirrored; None where it is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedDefinition:
    """One thing that a change defines otherwise than its base. `suite` is None for what all suites share."""

    suite: str | None
    key: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckMeans:
    """The mean scores of one check on both sides; `low` and `high` are the ends of its range, `unit` what it counts."""

    suite: str
    check: str
    candidate: float | None
    baseline: float | None
    low: float | None
    high: float | None
    unit: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedExamples:
    """Examples that a change brought along: they were run and scored, and decide from the next change on."""

    suite: str
    examples: int
    checks: tuple[CheckMeans, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnVerdict:
    """What the change's own definitions say of the same answers; None where they cannot be applied to them.

    `not_evaluated` names what of them these answers say nothing of.
    """

    verdict: Verdict | None
    exit_code: int | None
    reason: str | None
    not_evaluated: tuple[str, ...] = ()
    scores: tuple[CheckMeans, ...] = ()
    """What the change's own evaluators said, where others of their name decided."""
    covers: tuple[str, ...] = ()
    """Of which examples it is, of each suite whose examples the change edits or removes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateReport:
    """Whose definitions decided: the `base`'s, the change's own because the base allows it or has none, a work tree's.

    `own` is None where the change's own decided.
    """

    base: str
    decides: Literal["base", "allowed", "first", "local"]
    differences: tuple[EditedDefinition, ...]
    added: tuple[AddedExamples, ...] = ()
    own: OwnVerdict | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildReport:
    """Everything that one report may say. Each suite of the decision has its part in `suites`, by name."""

    decision: BuildDecision
    build: BuildInfo
    suites: tuple[SuiteReport, ...]
    gate: GateReport | None = None
    """None where no base commit defines anything."""
    unverified: str | None = None
    """Whose word the answers are, where it is not this repository's own: it stands beside the verdict, everywhere."""

    def __post_init__(self) -> None:
        decided, given = ({suite.name for suite in suites} for suites in (self.decision.suites, self.suites))
        if decided != given:
            raise ValueError(f"a report needs the suites of its decision: {sorted(decided ^ given)} are not in both")

    def each_suite(self) -> Iterator[tuple[SuiteDecision, SuiteReport]]:
        """Yield each suite's decision with what is shown beside it, in the decision's order."""
        by_name = {suite.name: suite for suite in self.suites}
        for suite in self.decision.suites:
            yield suite, by_name[suite.name]

    def gating_checks(self) -> Iterator[tuple[SuiteDecision, CheckDecision]]:
        """Yield each check that can change the verdict, with its suite."""
        for suite in self.decision.suites:
            for check in suite.checks:
                if check.gating:
                    yield suite, check

    @property
    def blocks(self) -> bool:
        """Whether this build ends the job that it runs in."""
        return self.build.exit_code != 0

    @property
    def sample(self) -> bool:
        """Whether only a part was run: numbers are shown then, verdicts are not, and nothing looks green."""
        return self.build.partial is not None

    @property
    def verdict_text(self) -> str:
        """The verdict's name and whose word stands against it, or NO VERDICT for a sample."""
        if self.sample:
            return "NO VERDICT"
        told = "" if self.unverified is None else f", {self.unverified}"
        return f"{self.decision.verdict.value}{self._accepted_by}{told}"

    @property
    def _accepted_by(self) -> str:
        if not self.decision.accepted:
            return ""
        authors = {check.accepted.author for _, check in self.gating_checks() if check.accepted is not None}
        return f", accepted by {' and '.join(sorted(authors))}"
