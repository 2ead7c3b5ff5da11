"""A build from its config to its report in this process, through the parts that the command line joins."""

from __future__ import annotations

import asyncio
import io
import os
import time
from dataclasses import dataclass

from evalgate.cli.builds import head, tree_of
from evalgate.cli.compose import world
from evalgate.cli.models import CacheChoice
from evalgate.decision import decide
from evalgate.decision.results import BuildDecision, CheckDecision
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.gather import Source
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.reports import build_report
from evalgate.gate.request import Wanted, make_request
from evalgate.gate.run import Ended, run_build
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.report.model import BuildReport
from evalgate.report.progress import Mode, Progress
from evalgate.suite.loading import load_config
from tests.e2e.project import Project

SUITE = "doubling"  # as tests.e2e.project names it


@dataclass
class Measured:
    """A journal and the build that was just made in it."""

    journal: Journal
    ended: Ended
    said: list[str]

    @property
    def decision(self) -> BuildDecision:
        return decide(build_evidence(self.journal, self.ended.build))

    @property
    def report(self) -> BuildReport:
        source = Source(journal=self.journal, build=self.ended.build)
        policy = build_evidence(self.journal, self.ended.build).policy
        return build_report(self.decision, [source], policy, gated=True)

    def check(self, name: str = "exact_match", suite: str = SUITE) -> CheckDecision:
        (found,) = (each for each in self.decision.suites if each.name == suite)
        return next(check for check in found.checks if check.name == name)

    def experiment(self, side: Side = Side.CANDIDATE, suite: str = SUITE) -> ExperimentRow:
        rows = self.journal.experiments(self.ended.build)
        return next(row for row in rows if (row.suite, row.side) == (suite, side))

    def runs(self, side: Side = Side.CANDIDATE, suite: str = SUITE) -> set[tuple[str, str]]:
        """Return the (example, sample) of every run of one side."""
        return {(id_, sample) for id_, sample, *_ in self.journal.run_facts(self.experiment(side, suite).id)}

    def scores(self, side: Side = Side.CANDIDATE, suite: str = SUITE) -> dict[tuple[str, str, str], float | None]:
        """Return (example, sample, evaluator) → score of one side."""
        found = self.journal.scores(self.experiment(side, suite).id)
        return {(id_, sample, name): score for id_, sample, name, score, _ in found}


async def measured(project: Project, journal: Journal, wanted: Wanted | None = None, **more: str) -> Measured:
    """Run what the project's config says and return the build."""
    wanted = wanted or Wanted()
    environ = {**os.environ, **more}
    said: list[str] = []
    loaded = load_config(project.folder / "evalgate.yaml", environ=environ, overrides={})
    request = make_request(unguarded(loaded), wanted, journal, commit=head(loaded.path, environ), tree=tree_of(environ))
    progress = Progress(io.StringIO(), time.monotonic, mode=Mode.QUIET)
    choice = CacheChoice(path=project.folder / ".evalgate" / "cache.db")
    stop = asyncio.Event()
    async with world(
        journal=journal,
        config=request.config,
        environ=environ,
        cache=choice,
        resume=wanted.resume,
        observer=progress,
        expect=progress.expect,
        log=said.append,
        stop=stop,
    ) as effects:
        return Measured(journal, await run_build(request, effects, resume=wanted.resume), said)
