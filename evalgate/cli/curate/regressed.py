"""What got worse in a build, as traces that can be labelled and analysed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalgate.curate.candidates import Candidate


def regressed(build: str, journal: Path | None) -> tuple[list[Candidate], list[Candidate]]:
    """Return what the candidate side made of the examples that got worse, and what the baseline made of them.

    Where none got worse, those that failed a check. Raises ConfigurationError where there is none of these either, and
    as `opened_one` does.
    """
    from evalgate.cli.builds import ANOTHER_BUILD, opened_one
    from evalgate.curate.analysis.regressed import trace_of
    from evalgate.gate.reports import chosen_examples

    worse: list[Candidate] = []
    good: list[Candidate] = []
    with opened_one(build, journal) as source:
        for each in chosen_examples(source, (), None, otherwise=ANOTHER_BUILD):
            for side, into in ((each.view.candidate, worse), (each.view.baseline, good)):
                if side is not None and (side.failure is None or into is worse):
                    into.append(
                        trace_of(
                            each.view.example,
                            suite=each.suite.name,
                            build=source.build,
                            output=side.output,
                            failure=side.failure,
                            said=side.evaluations,
                        )
                    )
    return worse, good
