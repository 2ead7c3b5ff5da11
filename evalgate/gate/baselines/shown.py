"""What there is to show of baselines: what a suite would be compared with, and those that were set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalgate.gate.baselines.drift import entries, means
from evalgate.gate.baselines.found import contents_of, find_stored
from evalgate.gate.mirror.links import MirrorLinks
from evalgate.gate.prepared import PreparedSuite
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.report.baselines import SetBaseline, ShownBaseline
from evalgate.suite.checks import Policy


def set_baselines(journal: Journal) -> list[SetBaseline]:
    """Return the baselines that were set, the latest first."""
    return [
        SetBaseline(
            build=entry.build.id,
            created_at=entry.build.created_at,
            label=entry.label,
            commit=entry.build.commit or "",
            branch=entry.build.branch,
            how=entry.row.how,
            set_by=entry.row.set_by,
            source=entry.row.source,
            verdict=entry.row.verdict and entry.row.verdict.value,
            accepted=entry.row.accepted,
            suites={name: means(journal, entry, name) for name in entry.experiments},
            phoenix={
                name: page
                for name, row in entry.experiments.items()
                if (view := MirrorLinks(journal, {Side.BASELINE: row}).view()) is not None
                and (page := view.experiments.get(Side.BASELINE)) is not None
            },
        )
        for entry in entries(journal)
    ]


def shown_baselines(
    suites: Sequence[PreparedSuite], policy: Policy, journal: Journal, tagged: Mapping[str, str]
) -> list[ShownBaseline]:
    """Return what each suite would be compared with. `tagged` says what Phoenix has its tag on, by suite."""
    return [replace(_shown(suite, policy, journal), phoenix=tagged.get(suite.name)) for suite in suites]


def _shown(suite: PreparedSuite, policy: Policy, journal: Journal) -> ShownBaseline:
    side = next((each for each in suite.sides if each.side is Side.BASELINE), None)
    if suite.problem is not None:
        return ShownBaseline(name=suite.name, label=None, commit=None, problem=suite.problem.message)
    if side is None or suite.base is None:
        ref = suite.suite.baseline_ref
        what = "is compared with nothing" if suite.suite.baseline is None else "is compared with no commit"
        if ref is not None and ref.in_phoenix:
            what = f"is compared with {suite.suite.baseline}, an experiment in Phoenix"
        return ShownBaseline(name=suite.name, label=None, commit=None, problem=f"it {what}")
    found = find_stored(journal, suite, side.fingerprint.digest, contents_of(suite), policy)
    return ShownBaseline(
        name=suite.name,
        label=suite.base.label,
        commit=suite.base.commit,
        repetitions=0 if found is None else found.repetitions,
        examples=suite.count,
        lacking=0 if found is None else len(found.lacking),
        drawn_on=None if found is None else found.drawn_on,
    )
