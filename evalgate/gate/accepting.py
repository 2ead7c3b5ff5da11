"""Acceptances: written from a build that failed, found when the next one begins, and whether they count there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalgate.decision.accepting import failed_parts
from evalgate.decision.evidence import BuildEvidence, Covered
from evalgate.decision.results import BuildDecision, CheckDecision
from evalgate.errors import ConfigurationError, EvalgateError
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.evidence.accepted import labelled, side_print
from evalgate.gate.gather import Source
from evalgate.git.owners import owners_of
from evalgate.journal.changes import AcceptanceRow
from evalgate.records import Side, Verdict
from evalgate.suite.acceptance import FOLDER, AcceptanceFile, CoveredPart, read_acceptances
from evalgate.suite.baselines import MERGE_BASE
from evalgate.suite.committed import accepts_without_owner
from evalgate.suite.config import Config

_DECIMALS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """Whose word an acceptance is. Days are ISO 8601."""

    author: str
    reason: str
    today: str
    expires: str


def acceptance_of(
    source: Source, decision: BuildDecision, address: str, slices: Sequence[str], word: Word
) -> AcceptanceFile:
    """Return what accepts the failures of one check (SUITE/CHECK) of a build, or (with `slices`) those of its slices.

    Raises ConfigurationError where there is no such check or slice, and where it did not fail.
    """
    build_id = source.build
    check = _failed(decision, address, build_id)
    parts = list(failed_parts(check))
    if slices:
        failed = [part.slice for part in parts if part.slice is not None]
        if unknown := [name for name in slices if name not in failed]:
            raise ConfigurationError(
                f"the slice {unknown[0]} of {address} did not fail in build {build_id}",
                next_step=f"name one of {', '.join(failed)}" if failed else "leave --slice out",
            )
        parts = [part for part in parts if part.slice in slices]
    suite = address.partition("/")[0]
    rows = {row.side: row for row in source.journal.experiments(build_id) if row.suite == suite}
    worse = [flip.example_id for flip in check.regressed]
    named = [example_id for rule in check.rules for example_id in rule.example_ids]
    return AcceptanceFile(
        check=address,
        candidate=side_print(rows[Side.CANDIDATE]),
        baseline=side_print(rows[Side.BASELINE]) if Side.BASELINE in rows else None,
        covers=tuple(_part(part) for part in parts),
        examples=tuple(sorted({*worse, *named})),
        reason=word.reason,
        author=word.author,
        accepted=word.today,
        expires=word.expires,
    )


def _failed(decision: BuildDecision, address: str, build_id: int) -> CheckDecision:
    checks = {f"{suite.name}/{check.name}": check for suite in decision.suites for check in suite.checks}
    failed = [name for name, check in checks.items() if check.gating and check.verdict is Verdict.FAIL]
    if address not in failed:
        what = "did not fail" if address in checks else "is no check"
        raise ConfigurationError(
            f"{address} {what} in build {build_id}: there is nothing to accept",
            next_step=f"name one of {', '.join(failed)}" if failed else "evalgate run",
        )
    return checks[address]


def _part(part: Covered) -> CoveredPart:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, _DECIMALS)

    bound = part.down_to
    return CoveredPart(
        slice=part.slice,
        rules=part.rules,
        drop=rounded(part.drop),
        down_to=None if bound is None else math.ceil(bound * 10**_DECIMALS) / 10**_DECIMALS,
        score=rounded(part.score),
        score_to=rounded(part.score_to),
    )


def with_label(rows: Sequence[AcceptanceRow], config: Config, who: str | None) -> tuple[AcceptanceRow, ...]:
    """Return the acceptances of a config's suites with that of a label: `who` set it, and it counts; None: nobody."""
    if who is None:
        return tuple(rows)
    return (*rows, *(labelled(suite, who) for suite in config.suites))


def by_label(evidence: BuildEvidence, who: str | None) -> BuildEvidence:
    """Return the evidence with a label that accepts whatever fails: `who` set it, and it counts; None: nobody."""
    if who is None:
        return evidence
    return replace(evidence, suites=tuple(replace(suite, labelled_by=who) for suite in evidence.suites))


def found_acceptances(
    folder: Path, config: Config, bases: Bases, *, reviewed: bool, within: str = f".evalgate/{FOLDER}"
) -> tuple[AcceptanceRow, ...]:
    """Return the acceptances of a config's suites, each with why it does not count, where it does not.

    One counts where a pull request is measured (`reviewed`) and the base commit's CODEOWNERS names an owner of its
    file, or the base's policy says that none is needed. Raises ConfigurationError for a file in error.
    """
    files = [each for each in read_acceptances(folder) if each.value.suite in config.suites]
    return tuple(
        AcceptanceRow(
            suite=each.value.suite,
            name=each.value.name,
            body={
                "file": each.value.model_dump(mode="json"),
                "obstacle": _obstacle(bases, f"{within}/{Path(each.file).name}", reviewed=reviewed),
            },
        )
        for each in files
    )


def _obstacle(bases: Bases, path: str, *, reviewed: bool) -> str | None:
    """Return why an acceptance does not count, as a sentence; None where it does."""
    try:
        base = bases.base(MERGE_BASE)
        tree, config = bases.tree(base), bases.config(base)
        free = config is not None and accepts_without_owner(config)
    except EvalgateError as error:
        return f"It does not count: nobody knows who owns {path}, as {error.message}."
    owners = owners_of(tree, path)
    if not free and not owners:
        return (
            f"It does not count: the CODEOWNERS of {base.label} names no owner of {path}, and its policy does not say"
            " `accept_without_owner`."
        )
    if not reviewed:
        need = "would count" if free else f"would count, once {', '.join(owners)} (CODEOWNERS) approved {path}"
        return f"Here it changes nothing: in a pull request it {need}."
    return None
