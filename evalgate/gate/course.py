"""The course of a build whose baseline is a commit: screen, then confirm, each draw written down before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evalgate.canonical import content_hash
from evalgate.decision import decide, screen_words
from evalgate.decision.evidence import BuildEvidence, History, StoredRuns
from evalgate.decision.flow import BaselineRuns, Draw, Flow, Measured, Step, SuiteFlow, after, begin
from evalgate.gate.baselines.ahead import draws_anew
from evalgate.gate.baselines.found import told_of_found
from evalgate.gate.baselines.replayed import known_as
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.loading import Loaded
from evalgate.gate.reserve import reserve
from evalgate.gate.world import World
from evalgate.journal.builds import DrawRow, ExperimentRow, NoteRow
from evalgate.journal.store import Journal
from evalgate.records import Side, Verdict
from evalgate.suite.checks import Policy, Unmeasurable
from evalgate.suite.fingerprint import checks_fingerprint


def first_draws(build_id: int, loaded: Sequence[Loaded], world: World, *, taken: Mapping[str, int]) -> bool:
    """Write what is drawn first of every suite that is compared with a commit, unless the build has begun.

    A sample gives no verdict, so nothing of it is screened or confirmed: both sides are drawn alike. What is `taken`
    (stored runs of the candidate, by suite) is used where stored runs are. Returns False where the budget does not
    hold a screen and its confirmation: then nothing is drawn, and the run is halted.
    """
    journal = world.journal
    able = [each for each in loaded if _of_commit(each)]
    alone = [each for each in loaded if each.suite.base is not None and each not in able]
    if not (able or alone) or journal.draws(build_id):
        return True
    policy = recorded_config(journal.build(build_id)).policy
    if journal.build(build_id).partial:
        draws = [_alike(each.suite.name, each.suite.suite.repetitions) for each in able]
    else:
        flow = _flow(build_id, able, policy, journal)
        flow = replace(flow, suites=_with_head(flow, able, taken), history=_history(build_id, flow, journal))
        again = _decided_before(flow, journal)
        draws = [again.get(draw.suite) or _with_one_to_store(draw, flow) for draw in begin(flow)]
        if not reserve(build_id, loaded, [*map(_row, draws)], policy, world):
            return False
        for suite, draw in zip(sorted(able, key=lambda each: each.suite.name), draws, strict=True):
            _tell_of_baseline(build_id, suite, draw, flow, journal)
            if draw.suite not in again:
                _tell_unscreened(build_id, suite, draw, flow, journal)
    # Held to their absolute rules alone: what is known of them is taken over too.
    held = [
        DrawRow(suite=each.suite.name, key=None, candidate=each.suite.suite.repetitions, baseline=0) for each in alone
    ]
    rows = [*map(_row, draws), *held]
    journal.add_draws(
        build_id,
        [
            replace(row, candidate=max(row.candidate, taken.get(row.suite, 0))) if row.key is None else row
            for row in rows
        ],
    )
    return True


def _with_head(flow: Flow, able: Sequence[Loaded], taken: Mapping[str, int]) -> tuple[SuiteFlow, ...]:
    """Return the suites with how many stored runs the candidate of a release has."""
    released = {each.suite.name for each in able if each.suite.since is not None}
    return tuple(
        replace(suite, head=taken.get(suite.name, 0)) if suite.name in released else suite for suite in flow.suites
    )


def _history(build_id: int, flow: Flow, journal: Journal) -> History:
    """Count the measurements of the build's change before it, and write which one it is.

    What was measured twice counts once: a rerun replays its draws, and is no second throw.
    """
    own = content_hash(sorted(flow.key_of_both(known) for known in flow.suites))
    verdicts = {measured: verdict for measured, verdict in journal.measurements(build_id) if measured != own}
    failed = [verdict is Verdict.FAIL for verdict in verdicts.values()]
    journal.add_measurement(build_id, own, number=len(failed) + 1, failed=sum(failed))
    change = journal.build(build_id).change
    return History(measurements=len(failed), failed=sum(failed), last_failed=bool(failed) and failed[-1], change=change)


def _decided_before(flow: Flow, journal: Journal) -> dict[str, Draw]:
    """Return, by suite, the draw that decided on this very change before: it is replayed, not screened anew."""
    found: dict[str, Draw] = {}
    for known in flow.suites:
        if (row := journal.decided_with(flow.key_of_both(known))) is not None:
            found[known.name] = Draw(suite=known.name, candidate=row.candidate, baseline=row.baseline, key=row.key)
    return found


def _tell_of_baseline(build_id: int, each: Loaded, draw: Draw, flow: Flow, journal: Journal) -> None:
    """Say where there were no stored runs to begin with, and what is made of those that there are."""
    baseline = _baseline(build_id, each, journal)
    told: Iterable[str] = ()
    if draw.baseline and not baseline.stored and flow.baseline_runs is not BaselineRuns.FRESH:
        told = (screen_words.made(baseline.label, draw.baseline),)
    elif not draw.baseline:
        told = told_of_found(journal, each.suite, baseline, flow.policy)
    for message in told:
        journal.add_note(build_id, NoteRow(suite=each.suite.name, message=message))


def _tell_unscreened(build_id: int, each: Loaded, draw: Draw, flow: Flow, journal: Journal) -> None:
    """Say why stored runs are not screened with, where the measurement before failed."""
    change = flow.history.change
    if change is None or not flow.history.last_failed or flow.baseline_runs is not BaselineRuns.CONFIRM:
        return
    if draw.baseline and _baseline(build_id, each, journal).stored:
        message = screen_words.unscreened(change, draw.baseline)
        journal.add_note(build_id, NoteRow(suite=each.suite.name, message=message))


def _baseline(build_id: int, each: Loaded, journal: Journal) -> ExperimentRow:
    wanted = (each.suite.name, Side.BASELINE)
    return next(row for row in journal.experiments(build_id) if (row.suite, row.side) == wanted)


def next_draws(build_id: int, loaded: Sequence[Loaded], journal: Journal) -> bool:
    """Decide on what was drawn, and write what is drawn next. Returns whether there is something."""
    able = [each for each in loaded if _of_commit(each)]
    if not able or journal.build(build_id).partial:
        return False
    policy = recorded_config(journal.build(build_id)).policy
    evidence = settled_evidence(build_id, journal)
    drawn = tuple(
        Draw(suite=row.suite, candidate=row.candidate, baseline=row.baseline, key=row.key)
        for row in journal.draws(build_id)
    )
    flow = _flow(build_id, able, policy, journal)
    decision = decide(evidence)
    step = after(flow, Measured(evidence=evidence, decision=decision, drawn=drawn))
    by_name = {each.suite.name: each for each in able}
    for draw in step.draws:
        _tell_confirmed(build_id, by_name[draw.suite], draw, step.told, journal)
    journal.add_draws(build_id, map(_row, step.draws))
    journal.set_verdict(build_id, decision.verdict)
    return step.step is Step.CONFIRM


def _tell_confirmed(build_id: int, each: Loaded, draw: Draw, told: Sequence[str], journal: Journal) -> None:
    count = each.suite.count
    screen = sum(row.candidate for row in journal.draws(build_id) if row.suite == draw.suite) * count
    stored = _stored(_baseline(build_id, each, journal))
    cost = screen_words.screened(stored, screen, (draw.candidate + draw.baseline) * count)
    for sentence in (cost, *told):
        journal.add_note(build_id, NoteRow(suite=draw.suite, message=sentence))


def _stored(baseline: ExperimentRow) -> StoredRuns:
    return StoredRuns(repetitions=baseline.repetitions, of=baseline.label, date=baseline.drawn_on or "")


def settled_evidence(build_id: int, journal: Journal) -> BuildEvidence:
    """Return what a decision sees now. That the build has not ended yet stands against its verdict, not this."""
    evidence = build_evidence(journal, build_id)
    suites = tuple(
        replace(suite, problems=tuple(each for each in suite.problems if each.kind is not Unmeasurable.INCOMPLETE))
        for suite in evidence.suites
    )
    return replace(evidence, suites=suites)


def _of_commit(each: Loaded) -> bool:
    return each.suite.base is not None and each.problem is None and Side.BASELINE in each.tasks


def _flow(build_id: int, loaded: Sequence[Loaded], policy: Policy, journal: Journal) -> Flow:
    return Flow(
        suites=tuple(_suite_flow(build_id, each, policy, journal) for each in loaded),
        policy=policy,
        baseline_runs=BaselineRuns(policy.baseline_runs),
        screen_p=policy.screen_p,
        confirm_repetitions=policy.confirm_repetitions,
    )


def _suite_flow(build_id: int, each: Loaded, policy: Policy, journal: Journal) -> SuiteFlow:
    suite = each.suite.suite
    rows = {row.side: row for row in journal.experiments(build_id) if row.suite == each.suite.name}
    known = {side.side: known_as(journal, rows[side.side], side, each.suite) for side in each.suite.sides}
    baseline = rows[Side.BASELINE]
    gating = [check for check in suite.checks.values() if check.gating]
    return SuiteFlow(
        name=each.suite.name,
        candidate=known[Side.CANDIDATE],
        baseline=known[Side.BASELINE],
        dataset=each.suite.dataset_version,
        evaluators=each.suite.evaluators.digest,
        policy=checks_fingerprint(suite.checks, policy).digest,
        stored=_stored(baseline) if baseline.stored else None,
        compares=any(check.compares for check in gating),
        improvement=draws_anew(suite),
        repetitions=suite.repetitions,
    )


def _with_one_to_store(draw: Draw, flow: Flow) -> Draw:
    """Draw the baseline too where `stored` runs are to decide and there are none yet."""
    lacking = {suite.name for suite in flow.suites if suite.stored is None}
    if flow.baseline_runs is BaselineRuns.STORED and draw.suite in lacking:
        return replace(draw, baseline=max(draw.candidate, flow.confirm_repetitions))
    return draw


def _alike(suite: str, repetitions: int) -> Draw:
    return Draw(suite=suite, candidate=repetitions, baseline=repetitions, key=None)


def _row(draw: Draw) -> DrawRow:
    return DrawRow(suite=draw.suite, key=draw.key, candidate=draw.candidate, baseline=draw.baseline)
