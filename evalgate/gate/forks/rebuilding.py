"""A build from what a fork's run reported: the base's config, examples and evaluators, the fork's answers.

It is made in a journal that nobody compares with later: what a stranger reported becomes no baseline. Where the
repository's own runs on the base are stored in it, they are what the answers are compared with; else both sides are as
reported. Whatever cannot be believed makes a suite UNMEASURABLE, never green.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from evalgate import __version__
from evalgate.canonical import content_hash
from evalgate.engine.ports import PairRunner
from evalgate.errors import MeasurementError
from evalgate.gate.forks import words
from evalgate.gate.forks.checking import Held, Reported, lacking_words, refused, require_draws, samples_of
from evalgate.gate.forks.reading import ReportedRows, RowsError
from evalgate.gate.forks.rows import SuitePart
from evalgate.gate.forks.scoring import labels_of, runners_of, score_again, scored_here
from evalgate.gate.forks.trusted import stored_side
from evalgate.gate.forks.untouched import Touched
from evalgate.gate.loading import Loaded
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.gate.recording import experiment_row, register
from evalgate.gate.request import Request
from evalgate.gate.samples import deciding_samples
from evalgate.git.history import Base
from evalgate.journal.builds import BuildRow, DrawRow, ExperimentRow, NoteRow
from evalgate.journal.imported import ImportedRun
from evalgate.journal.store import Journal
from evalgate.records import Fingerprint, Side
from evalgate.suite.checks import Policy, Unmeasurable

_PAGE: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where rows come from, as GitHub says it and never as they do. `base` is what is checked out here."""

    change: str | None = None
    """What people call the change, `pull request 12`."""
    head: str | None = None
    """The commit that the fork's run was for."""
    base: Base | None = None
    touched: Touched | None = None
    """What the change touches, as GitHub lists it; None where nobody says."""


async def rebuild(
    request: Request, reported: ReportedRows | MeasurementError, origin: Origin, journal: Journal, *, now: str
) -> int:
    """Write a build of what was reported, complete, and return its id; rows in error make one that is UNMEASURABLE.

    `journal` is a copy that is thrown away. Raises ConfigurationError where an evaluator of the base does not load.
    """
    if isinstance(reported, ReportedRows):
        build = _Build(request, reported, origin, journal, now=now)
        try:
            await build.make()
        except RowsError as error:
            reported = error
        else:
            journal.add_seconds(build.id, 0.0, complete=True)
            return build.id
    build_id = journal.create_build(_row(request, origin, now, request.config.policy))
    for suite in request.suites:
        register(build_id, [_loaded(suite, ())], journal, fetched={})
        journal.add_problem(build_id, words.problem(suite.name, Unmeasurable.ERRORS, words.sentence(reported.message)))
    journal.add_seconds(build_id, 0.0, complete=True)
    return build_id


class _Build:
    """One build on its way: what is taken from the rows of each suite, and what is believed of it."""

    def __init__(self, request: Request, reported: ReportedRows, origin: Origin, journal: Journal, *, now: str) -> None:
        self.request, self.reported, self.origin, self.journal, self.now = request, reported, origin, journal, now
        self.held: dict[tuple[str, Side], Held] = {}
        self.skipped: set[tuple[str, Side]] = set()
        self.id = 0

    async def make(self) -> None:
        """Write it. Raises RowsError for rows that cannot be believed."""
        self._require_origin()
        policy = self.request.config.policy
        sides = {suite.name: self._stored(suite) for suite in self.request.suites}
        if any(sides.values()) and policy.baseline_runs == "confirm":
            # The candidate's runs are what there is: nothing can be drawn anew beside them, so the stored ones decide.
            policy = policy.model_copy(update={"baseline_runs": "stored"})
        self.id = self.journal.create_build(_row(self.request, self.origin, self.now, policy))
        for suite in self.request.suites:
            self._begin(suite, sides[suite.name], policy)
        self._take()
        for suite in self.request.suites:
            await self._score(suite)
            self._judge(suite)

    def _require_origin(self) -> None:
        head = self.reported.head
        said = head.head or head.commit
        if self.origin.head is not None and said != self.origin.head:
            named = "no commit" if said is None else said[:7]
            raise refused(f"it is of {named}, and the run that left it was for {self.origin.head[:7]}")

    def _stored(self, suite: PreparedSuite) -> PreparedSide | None:
        if self.origin.base is None:
            return None
        specs = _loaded(suite, ()).specs
        return stored_side(suite, specs, self.origin.base, self.journal, self.request.config.policy)

    def _begin(self, suite: PreparedSuite, stored: PreparedSide | None, policy: Policy) -> None:
        """Write a suite's examples and sides, and say what of its rows is waited for."""
        part = self.reported.head.suites.get(suite.name)
        candidate = replace(
            next(side for side in suite.sides if side.side is Side.CANDIDATE),
            label=self.origin.change or "what was reported",
            fingerprint=_unknown(self.origin.head, suite.name),
            files={},
        )
        sides = (candidate,) if stored is None else (candidate, stored)
        whole = replace(suite, sides=sides, base=self.origin.base if stored is not None else None)
        if (ref := suite.suite.baseline_ref) is not None and ref.in_phoenix:
            # No other service is asked from here: it is what was reported.
            whole = replace(whole, suite=suite.suite.model_copy(update={"baseline": None}))
        loaded = _loaded(whole, sides)
        register(self.id, [loaded], self.journal, fetched={})
        if part is None or part.unchanged or part.problems:
            return
        require_draws(part, suite.suite, policy)
        rows = {row.side: row for row in self.journal.experiments(self.id) if row.suite == suite.name}
        here = Side.BASELINE in rows
        draws = [
            DrawRow(suite=suite.name, key=draw.key, candidate=draw.candidate, baseline=0 if here else draw.baseline)
            for draw in part.draws
        ]
        self.journal.add_draws(self.id, draws)
        if here:
            self.skipped.add((suite.name, Side.BASELINE))
        elif part.baseline and suite.suite.baseline is not None:
            rows[Side.BASELINE] = self._reported_baseline(whole, loaded, part)
        for side, row in rows.items():
            if (suite.name, side) not in self.skipped:
                self.held[suite.name, side] = self._waited_for(suite, loaded, row, draws)

    def _reported_baseline(self, suite: PreparedSuite, loaded: Loaded, part: SuitePart) -> ExperimentRow:
        candidate = next(side for side in suite.sides if side.side is Side.CANDIDATE)
        side = replace(candidate, side=Side.BASELINE, label="the baseline as reported")
        row = experiment_row(suite, side, loaded.specs)
        row = replace(
            row,
            stored=part.stored,
            repetitions=part.repetitions if part.stored else row.repetitions,
            drawn_on=part.drawn_on,
        )
        return replace(row, id=self.journal.add_experiment(self.id, row), build=self.id)

    def _waited_for(self, suite: PreparedSuite, loaded: Loaded, row: ExperimentRow, draws: list[DrawRow]) -> Held:
        samples, redraw = samples_of(row, draws)
        here = scored_here(suite)
        specs = {runner.spec.name: runner.spec for runner in loaded.evaluators if runner.spec.name not in here}
        labels = {each.label: labels_of(suite, each) for each in suite.suite.evaluators if each.label in specs}
        return Held(
            suite=suite.name,
            side=row.side,
            experiment=row.id,
            contents=dict(self.journal.example_hashes(self.id, suite.name)),
            samples=samples,
            redraw=redraw,
            reported={name: Reported(spec=spec, labels=labels[name]) for name, spec in specs.items()},
        )

    def _take(self) -> None:
        """Write the runs that were reported of what is waited for."""
        pages: dict[int, list[ImportedRun]] = {}
        known = {suite.name for suite in self.request.suites}
        rows = 0
        for row in self.reported.rows:
            rows += 1
            if row.suite not in self.reported.head.suites:
                raise refused("a row is of a suite that its first line does not name")
            held = self.held.get((row.suite, row.side))
            if held is None:
                if (
                    row.suite in known
                    and row.side is Side.BASELINE
                    and not self.reported.head.suites[row.suite].baseline
                ):
                    raise refused(f"rows of a baseline of the suite {row.suite}, which is said to have none")
                continue  # a suite that the change adds; a baseline that is here
            page = pages.setdefault(held.experiment, [])
            page.append(held.taken(row))
            if len(page) == _PAGE:
                self.journal.add_imported_runs(held.experiment, page)
                page.clear()
        if rows != self.reported.head.rows:
            raise refused(f"it says that it has {self.reported.head.rows:,} rows, and has {rows:,}")
        for experiment, page in pages.items():
            self.journal.add_imported_runs(experiment, page)

    async def _score(self, suite: PreparedSuite) -> None:
        """Have evaluators that may do so score what was reported, and stored answers that they have not scored."""
        draws = [draw for draw in self.journal.draws(self.id) if draw.suite == suite.name]
        experiments = [
            (row.id, (*deciding_samples(row, draws), samples_of(row, draws)[1]))
            for row in self.journal.experiments(self.id)
            if row.suite == suite.name
        ]
        runners = [each for each in _loaded(suite, ()).evaluators if each.spec.name in scored_here(suite)]
        await score_again(self.journal, experiments, runners)

    def _is_left(self, suite: PreparedSuite) -> bool:
        return self.origin.touched is not None and self.origin.touched.leaves(suite)

    def _judge(self, suite: PreparedSuite) -> None:
        """Write what stands against a suite, and what of it is verified."""
        part = self.reported.head.suites.get(suite.name)
        if part is not None and part.unchanged and self._is_left(suite):
            self.journal.add_note(self.id, NoteRow(suite=suite.name, message=words.UNCHANGED, unchanged=True))
            return
        held = [each for (name, _), each in self.held.items() if name == suite.name]
        obstacle = words.obstacle(part, complete=self.reported.head.complete, lacking=lacking_words(held))
        if obstacle is not None:
            self.journal.add_problem(self.id, words.problem(suite.name, *obstacle))
        if held:
            rows = [row for row in self.journal.experiments(self.id) if row.suite == suite.name]
            baseline = next((row.label for row in rows if row.side is Side.BASELINE), None)
            own = (suite.name, Side.BASELINE) in self.skipped
            for message in words.told(suite, scored_here(suite), baseline=baseline, own=own):
                self.journal.add_note(self.id, NoteRow(suite=suite.name, message=message))


def _row(request: Request, origin: Origin, now: str, policy: Policy) -> BuildRow:
    return BuildRow(
        created_at=now,
        config_file=request.config_file,
        config=request.config.model_copy(update={"policy": policy}).snapshot(),
        evalgate_version=__version__,
        commit=origin.head,
        change=origin.change,
    )


def _loaded(suite: PreparedSuite, sides: tuple[PreparedSide, ...]) -> Loaded:
    """Return a suite with its evaluators, none of them started, and no task: nothing is asked."""
    runners = runners_of(suite)
    return Loaded(
        suite=replace(suite, sides=sides),
        evaluators=tuple(each for each in runners if not isinstance(each, PairRunner)),
        preferences=tuple(each for each in runners if isinstance(each, PairRunner)),
        tasks={},
        problem=suite.problem,
    )


def _unknown(head: str | None, suite: str) -> Fingerprint:
    """Return a fingerprint that is nothing else's: what a stranger's task is, nobody here knows."""
    return Fingerprint(digest=content_hash(["reported", head, suite]), watched=(), unwatched=("the fork's own files",))
