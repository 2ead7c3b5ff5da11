"""Several recorded builds decided as one: the legs of a matrix, under one promise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evalgate.decision.evidence import BuildEvidence, Problem, SuiteEvidence
from evalgate.errors import ConfigurationError, JournalError
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.family import RecordedFamily, family_of, shared
from evalgate.journal.builds import BuildRow
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.baselines import BaselineKind
from evalgate.suite.checks import Unmeasurable

_SHORT = 7
"""Characters of a commit that people read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One recorded build, in the journal that holds it; `file` is that of a build that came from elsewhere."""

    journal: Journal
    build: int
    file: str | None = None

    @property
    def place(self) -> Path:
        """Return the file that was named."""
        return self.journal.path if self.file is None else Path(self.file)

    @property
    def shown(self) -> str:
        """Return what people call it."""
        return f"build {self.build}" if self.file is None else self.file


@contextmanager
def read_from(files: Sequence[str | None]) -> Iterator[None]:
    """Read builds and decide; `files` are those that came from elsewhere, None for others.

    Raises JournalError where one of them holds what no evalgate writes.
    """
    foreign = [file for file in files if file is not None]
    try:
        yield
    except JournalError as error:
        if len(foreign) != 1 or foreign[0] in error.message:
            raise
        raise JournalError(f"{foreign[0]}: {error.message}", next_step=error.next_step) from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        if not foreign:
            raise
        raise JournalError(
            f"{' or '.join(foreign)} holds what evalgate does not write ({type(error).__name__}): it is damaged, or"
            " something else made it",
            next_step="record it once more: evalgate run --record-only",
        ) from error


def gathered(sources: Sequence[Source], expected: Collection[str] = ()) -> BuildEvidence:
    """Return the evidence of all builds as one family of comparisons, suites in their config's order.

    `expected` names the suites that the builds hold together; one that none holds is UNMEASURABLE. Where it names none,
    builds that were recorded to be decided together hold all of their config's. Raises
    ConfigurationError where two builds hold the same suite, where one holds a suite that nobody expected, and where
    builds are not of one change: another commit, base, config or policy.
    """
    parts = [_evidence(source) for source in sources]
    legs = [_Leg(source=source, build=source.journal.build(source.build)) for source in sources]
    for leg, part in zip(legs[1:], parts[1:], strict=True):
        _require_one_change(legs[0], leg, same_policy=part.policy == parts[0].policy)
    _require_one_base(legs)
    families = [leg.family for leg in legs]
    expected = expected or _of_the_config(families)
    holders = _holders(sources, parts)
    _require_expected(holders, expected)
    suites = [suite for part in parts for suite in part.suites]
    suites += [_lacking(name) for name in dict.fromkeys(expected) if name not in holders]
    return BuildEvidence(
        suites=tuple(_in_order(suites, families)),
        policy=parts[0].policy,
        # Legs of one matrix measure one change; where one of them was not run before, another may have been.
        history=max((part.history for part in parts), key=lambda history: history.measurements),
        share=shared(families, [suite.name for suite in suites]),
    )


def _evidence(source: Source) -> BuildEvidence:
    with read_from([source.file]):
        return build_evidence(source.journal, source.build)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Leg:
    source: Source
    build: BuildRow

    @property
    def family(self) -> RecordedFamily | None:
        return family_of(self.build.family)


def _require_one_change(first: _Leg, other: _Leg, *, same_policy: bool) -> None:
    """Raise ConfigurationError unless both are of one commit, under one config."""
    both = f"{first.source.shown} and {other.source.shown}"
    if first.build.commit != other.build.commit:
        raise ConfigurationError(
            f"{both} are of different commits ({_commit(first.build)} and {_commit(other.build)}), and one decision is"
            " about one",
            next_step="record all suites of one commit, and decide those",
        )
    if not same_policy:
        raise ConfigurationError(
            f"{both} were made under different policies",
            next_step="run both under one `policy`, or decide each by itself",
        )
    if first.family is not None and other.family is not None and first.family.config != other.family.config:
        raise ConfigurationError(
            f"{both} were made under different configs of one commit: a flag or a variable changed one of them",
            next_step="run both with the same --set, EVALGATE_ variables and base, or decide each by itself",
        )


def _commit(build: BuildRow) -> str:
    return "none" if build.commit is None else build.commit[:_SHORT]


def _require_one_base(legs: Sequence[_Leg]) -> None:
    """Raise ConfigurationError where suites that are compared with the merge base were compared with several."""
    found: dict[str, str] = {}
    for leg in legs:
        suites = recorded_config(leg.build).suites
        for row in leg.source.journal.experiments(leg.source.build):
            ref = suites[row.suite].baseline_ref if row.suite in suites else None
            if row.side is Side.BASELINE and row.commit and ref is not None and ref.kind is BaselineKind.MERGE_BASE:
                found.setdefault(row.commit, leg.source.shown)
    if len(found) > 1:
        (one, of_one), (other, of_other), *_ = found.items()
        raise ConfigurationError(
            f"{of_one} was compared with {one[:_SHORT]} and {of_other} with {other[:_SHORT]}: one decision has one"
            " base",
            next_step="record all suites anew, after the branch that they are meant for has moved",
        )


def _holders(sources: Sequence[Source], parts: Sequence[BuildEvidence]) -> dict[str, Source]:
    """Return which build holds which suite. Raises ConfigurationError where two hold the same."""
    holders: dict[str, Source] = {}
    for source, part in zip(sources, parts, strict=True):
        for suite in part.suites:
            if suite.name in holders:
                raise ConfigurationError(
                    f"the suite {suite.name} is in {holders[suite.name].shown} and in {source.shown}",
                    next_step="decide one of them",
                )
            holders[suite.name] = source
    return holders


def _require_expected(holders: dict[str, Source], expected: Collection[str]) -> None:
    """Raise ConfigurationError for a suite that is there and not on the list, where there is one."""
    if not expected:
        return
    if other := [name for name in holders if name not in expected]:
        raise ConfigurationError(
            f"{holders[other[0]].shown} holds the suite {other[0]}, which is not among those expected:"
            f" {', '.join(expected)}",
            next_step=f"add it (--expect {other[0]}), or leave that journal out",
        )


def _of_the_config(families: Sequence[RecordedFamily | None]) -> tuple[str, ...]:
    """Return the suites that belong together where a build was recorded as a part of them: a lost leg is no green."""
    return next((family.order for family in families if family is not None and family.together), ())


def _lacking(name: str) -> SuiteEvidence:
    """Return a suite that nobody recorded."""
    problem = Problem(
        kind=Unmeasurable.INCOMPLETE,
        message=f"No journal holds the suite {name}, which was expected: its run recorded nothing, or what it recorded"
        " was not handed on.",
        next_step=f"look at the log of `evalgate run --record-only --suite {name}`, and decide again with its journal",
    )
    return SuiteEvidence(
        name=name,
        dataset="",
        example_ids=(),
        checks=(),
        clusters=None,
        slices={},
        identical=np.zeros(0, dtype=np.bool_),
        problems=(problem,),
    )


def _in_order(suites: Iterable[SuiteEvidence], families: Sequence[RecordedFamily | None]) -> list[SuiteEvidence]:
    """Return suites as the config has them, so that it does not matter in which order journals are given."""
    known = next((family.order for family in families if family is not None), ())
    place = {name: position for position, name in enumerate(known)}
    return sorted(suites, key=lambda suite: place.get(suite.name, len(place)))
