"""Screen, then confirm: what to measure next, as a pure state machine. Records in; stop, confirm or decide out.

A stored baseline costs nothing to compare with, but a lucky one fails an unchanged candidate 1 time in 4, and drawing
it anew for every change costs six passes. So one run of the candidate is compared with the stored runs (the screen);
only what leans worse is drawn anew on both sides and decided on those draws alone
(docs/decisions/0007-how-a-build-is-decided.md).

    begin(flow) ─► draws ─► after(flow, measured) ─┬─► STOP     the screen's decision stands: no comparison can FAIL
                                  ▲                ├─► DECIDE   the confirmation's decision stands
                                  └──── draws ◄────┴─► CONFIRM

Every suite is confirmed at most once, so the loop ends. Nothing here draws: a `Draw` says what to draw, of whole
suites only (a retry of the failures alone would pick the lucky answers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from evalgate.canonical import content_hash
from evalgate.decision import screen_words
from evalgate.decision.evidence import BuildEvidence, History, StoredRuns
from evalgate.decision.no_regression import STORED_TO_PASS
from evalgate.decision.results import BuildDecision, CheckDecision, SuiteDecision
from evalgate.errors import ConfigurationError
from evalgate.records import Verdict
from evalgate.suite.checks import Policy

ABSOLUTE_RULES = frozenset({"at_least", "at_most", "zero_tolerance"})
_KEY_LENGTH = 16


class BaselineRuns(StrEnum):
    """`policy.baseline_runs`: where the baseline's runs come from."""

    CONFIRM = "confirm"
    """Stored ones for a screen, fresh ones to confirm."""
    FRESH = "fresh"
    """Both sides are drawn anew for each change."""
    STORED = "stored"
    """The stored ones decide, unconfirmed."""


class Step(StrEnum):
    """What comes next."""

    STOP = "stop"
    CONFIRM = "confirm"
    DECIDE = "decide"


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteFlow:
    """What the flow knows of one suite beside its scores. Fingerprints are digests (suite.fingerprint).

    `candidate` and `baseline` are equal in two builds only where earlier answers of that side would be this build's:
    its fingerprint, with more where that does not prove it.
    """

    name: str
    candidate: str
    baseline: str | None
    """None: the suite has no baseline, and absolute rules alone."""
    dataset: str
    evaluators: str
    policy: str
    """Of its checks and the build's policy."""
    stored: StoredRuns | None
    """The baseline's stored runs; None: there are none, so nothing can be screened."""
    compares: bool = True
    """Whether a gating check compares with the baseline."""
    improvement: bool = False
    """Whether a check has `improves` or `equivalent`, which need both sides fresh and equally often."""
    repetitions: int = 1
    """The suite's own `repetitions`, which `fresh` and `stored` draw; a screen draws once."""
    head: int = 0
    """How many stored runs the candidate has of each example, all drawn for no verdict on it. With as many as a
    confirmation draws, a strict policy may decide on them: they are no screen."""

    def draw_key(self, times: int, *, alone: bool = False) -> str:
        """What the samples of a draw are named by, the same on both sides, each of which is drawn `times`.

        The same change against the same baseline draws the same samples, so a rerun replays them and gives the same
        verdict; stored samples (r1, r2 …) have other names, so a confirmation never reads them. `alone`: the candidate
        alone is drawn, for absolute rules. Those samples are none of a comparison's, whose sides are drawn together.
        """
        parts = [self.baseline, self.candidate, self.dataset, self.evaluators, self.policy, times, alone]
        return content_hash(parts)[:_KEY_LENGTH]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Everything that the machine is told before anything is drawn."""

    suites: tuple[SuiteFlow, ...]
    policy: Policy
    baseline_runs: BaselineRuns = BaselineRuns.CONFIRM
    screen_p: float = 0.30
    """Confirm where the smallest adjusted p is at most this."""
    confirm_repetitions: int = 3
    history: History = field(default_factory=History)

    def key_of_both(self, suite: SuiteFlow) -> str:
        """Return the key by which both sides of a suite are drawn, where they are."""
        confirms = self.baseline_runs is BaselineRuns.CONFIRM
        return suite.draw_key(self.confirm_repetitions if confirms else suite.repetitions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """Runs to draw: every example of a suite, so many times on each side, interleaved. 0: that side is not drawn."""

    suite: str
    candidate: int
    baseline: int
    key: str | None
    """None: stored runs, named r1, r2 …"""

    @property
    def samples(self) -> tuple[str, ...]:
        """The names of the samples of the side that is drawn more often; the other has the first of them."""
        prefix = "r" if self.key is None else f"{self.key}-"
        return tuple(f"{prefix}{number}" for number in range(1, max(self.candidate, self.baseline) + 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What was drawn so far and what it shows.

    Screened suites of the evidence carry `screen`. Under `baseline_runs: stored` none does: there stored runs decide.
    """

    evidence: BuildEvidence
    decision: BuildDecision
    drawn: tuple[Draw, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Next:
    """The machine's answer. `draws` are empty unless the step is CONFIRM."""

    step: Step
    draws: tuple[Draw, ...]
    smallest_p: float | None
    """The smallest adjusted p of all comparisons; None where nothing was compared."""
    store: tuple[str, ...]
    """The suites whose fresh baseline runs replace the stored ones, whatever the verdict."""
    told: tuple[str, ...]
    """Sentences for the report."""


def begin(flow: Flow) -> tuple[Draw, ...]:
    """Return what to draw first, suites by name.

    Raises ConfigurationError for a flow that cannot keep its promise: `screen_p` below alpha, no confirmation run, or
    an improvement rule against stored runs.
    """
    _refuse(flow)
    return tuple(_first(flow, suite) for suite in sorted(flow.suites, key=lambda suite: suite.name))


def after(flow: Flow, measured: Measured) -> Next:
    """Return what follows from what was measured. A decision that stands is the one that `measured` carries."""
    fresh = {draw.suite for draw in measured.drawn if draw.key is not None}
    store = tuple(sorted({draw.suite for draw in measured.drawn if draw.key is not None and draw.baseline}))
    smallest = min((p for suite in measured.decision.suites for p in _adjusted(suite)), default=None)
    told: tuple[str, ...] = ()
    if flow.baseline_runs is not BaselineRuns.CONFIRM:
        if flow.baseline_runs is BaselineRuns.STORED and smallest is not None:
            told = (*told, screen_words.STORED_RISK)
        return Next(step=Step.DECIDE, draws=(), smallest_p=smallest, store=store, told=told)
    open_suites = [suite for suite in sorted(flow.suites, key=lambda suite: suite.name) if suite.name not in fresh]
    decided = {suite.name: suite for suite in measured.decision.suites}
    triggers = [(suite, _trigger(flow, suite, decided[suite.name])) for suite in open_suites if suite.name in decided]
    draws = tuple(draw for suite, trigger in triggers if (draw := _confirmation(flow, suite, trigger)) is not None)
    if draws:
        told = (*told, _why(flow, [trigger for _, trigger in triggers]))
        return Next(step=Step.CONFIRM, draws=draws, smallest_p=smallest, store=store, told=told)
    step = Step.DECIDE if fresh else Step.STOP
    return Next(step=step, draws=(), smallest_p=smallest, store=store, told=told)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trigger:
    """What a suite at the screen shows that is to be confirmed."""

    smallest_p: float | None
    leans: bool
    few: bool
    """It would need a PASS from too few stored runs."""
    absolute: int
    """How many absolute rules would FAIL."""


def _refuse(flow: Flow) -> None:
    if flow.confirm_repetitions < 1:
        raise ConfigurationError(
            f"confirm_repetitions is {flow.confirm_repetitions}: a confirmation draws each example at least once",
            next_step="set `confirm_repetitions` to 3",
        )
    if flow.baseline_runs is BaselineRuns.CONFIRM and flow.screen_p < flow.policy.alpha:
        raise ConfigurationError(
            f"screen_p is {flow.screen_p:g} and alpha {flow.policy.alpha:g}: what would fail must be confirmed first",
            next_step="set `screen_p` to 0.30, or at least to alpha",
        )
    improving = sorted(suite.name for suite in flow.suites if suite.improvement)
    if flow.baseline_runs is BaselineRuns.STORED and improving:
        raise ConfigurationError(
            f"the suite {improving[0]} has an `improves` or `equivalent` rule, which needs both sides fresh, and"
            " `baseline_runs: stored` never draws the baseline",
            next_step="set `baseline_runs: confirm` or `fresh`",
        )


def _first(flow: Flow, suite: SuiteFlow) -> Draw:
    match flow.baseline_runs:
        case BaselineRuns.FRESH:
            return _fresh(suite, suite.repetitions)
        case BaselineRuns.STORED:
            return Draw(suite=suite.name, candidate=suite.repetitions, baseline=0, key=None)
        case BaselineRuns.CONFIRM:
            if _skips_screen(flow, suite):
                return _fresh(suite, flow.confirm_repetitions)
            return Draw(suite=suite.name, candidate=1, baseline=0, key=None)


def _skips_screen(flow: Flow, suite: SuiteFlow) -> bool:
    """Return whether a screen could decide nothing, or the pull request's last measurement failed."""
    if flow.history.last_failed:
        return True
    if suite.baseline is None:
        return False
    whole = suite.head >= max(flow.confirm_repetitions, STORED_TO_PASS)
    strict = flow.policy.on_inconclusive == "fail" and suite.compares and not whole
    return suite.stored is None or suite.improvement or strict


def _fresh(suite: SuiteFlow, repetitions: int) -> Draw:
    baseline = repetitions if suite.baseline is not None else 0
    return Draw(suite=suite.name, candidate=repetitions, baseline=baseline, key=suite.draw_key(repetitions))


def _trigger(flow: Flow, suite: SuiteFlow, decided: SuiteDecision) -> _Trigger:
    smallest = min(_adjusted(decided), default=None)
    gating = [check for check in decided.checks if check.gating]
    few = suite.stored is not None and suite.stored.repetitions < STORED_TO_PASS
    return _Trigger(
        smallest_p=smallest,
        leans=smallest is not None and smallest <= flow.screen_p,
        few=few and any(_undecided(check) for check in gating),
        absolute=sum(
            rule.rule in ABSOLUTE_RULES and rule.verdict is Verdict.FAIL for check in gating for rule in check.rules
        ),
    )


def _undecided(check: CheckDecision) -> bool:
    """Return whether a comparison of the check was made and did not pass."""
    made = check.comparison is not None and check.comparison.p_adjusted is not None
    return made and any(
        rule.rule not in ABSOLUTE_RULES and rule.verdict is Verdict.INCONCLUSIVE for rule in check.rules
    )


def _adjusted(suite: SuiteDecision) -> Iterable[float]:
    """Yield the adjusted p of every comparison of the suite that shares the promise, slices included."""
    for check in suite.checks:
        for compared in (check.comparison, *(part.comparison for part in check.slices)):
            if check.gating and compared is not None and compared.p_adjusted is not None:
                yield compared.p_adjusted


def _confirmation(flow: Flow, suite: SuiteFlow, trigger: _Trigger) -> Draw | None:
    """Return the suite's draws: both sides for a comparison, the candidate alone for absolute rules."""
    if trigger.leans or trigger.few:
        return _fresh(suite, flow.confirm_repetitions)
    if trigger.absolute:
        times = flow.confirm_repetitions
        return Draw(suite=suite.name, candidate=times, baseline=0, key=suite.draw_key(times, alone=True))
    return None


def _why(flow: Flow, triggers: Sequence[_Trigger]) -> str:
    leaning = [trigger.smallest_p for trigger in triggers if trigger.smallest_p is not None]
    return screen_words.triggers(
        smallest_p=min(leaning, default=None),
        screen_p=flow.screen_p,
        absolute=sum(trigger.absolute for trigger in triggers),
        few=sum(trigger.few for trigger in triggers),
    )
