"""Several recorded builds decided as one: the legs of a matrix, under one promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalgate.decision.evidence import BuildEvidence
from evalgate.errors import ConfigurationError
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.journal.store import Journal


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One recorded build, in the journal that holds it."""

    journal: Journal
    build: int


def gathered(sources: Sequence[Source]) -> BuildEvidence:
    """Return the evidence of all builds as one family of comparisons.

    Raises ConfigurationError where two builds hold the same suite or were made under different policies.
    """
    parts = [build_evidence(source.journal, source.build) for source in sources]
    holders: dict[str, int] = {}
    for source, part in zip(sources, parts, strict=True):
        if part.policy != parts[0].policy:
            raise ConfigurationError(
                f"builds {sources[0].build} and {source.build} were made under different policies",
                next_step="run both under one `policy`, or decide each by itself",
            )
        for suite in part.suites:
            if suite.name in holders:
                raise ConfigurationError(
                    f"the suite {suite.name} is in build {holders[suite.name]} and in build {source.build}",
                    next_step="decide one of them",
                )
            holders[suite.name] = source.build
    return BuildEvidence(
        suites=tuple(suite for part in parts for suite in part.suites),
        policy=parts[0].policy,
        # Legs of one matrix measure one change; where one of them was not run before, another may have been.
        history=max((part.history for part in parts), key=lambda history: history.measurements),
    )
