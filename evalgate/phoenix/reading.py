"""Mirrored experiments read back: verified before anything of them is believed, run by run, in flat memory.

Whatever a server answers is data of unknown origin: of known types and sizes, or refused with the reason.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from evalgate.canonical import canonical_json
from evalgate.encoding import printable
from evalgate.errors import BaselineError
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.experiments import RemoteExperiment
from evalgate.phoenix.layout_read import LayoutError, read_experiment, read_run
from evalgate.phoenix.mirrored import ExperimentRecord, RunRecord
from evalgate.records import MOST_DOLLARS, MOST_TOKENS, Evaluation, Failure, Usage

_CLOCKS: Final = timedelta(hours=1)
"""By so much two machines' clocks may differ."""
_MOST_SAMPLES: Final = 10_000
_SAMPLE: Final = re.compile(r"[\w-]{1,100}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def record_of(remote: RemoteExperiment) -> ExperimentRecord:
    """Return what an experiment mirrors, all of which is there.

    Raises BaselineError, with the reason, for one that evalgate did not make, that is not whole, that has no contents,
    or that is another one's by now.
    """
    try:
        record = _typed(read_experiment(remote.metadata))
    except LayoutError as error:
        raise unusable(remote, str(error)) from None
    if not record.complete:
        raise unusable(
            remote,
            "it is not whole: its build was not over, or was cut off, when it was last mirrored",
            "finish it where it was measured: evalgate run --resume, then evalgate phoenix sync",
        )
    if record.withheld:
        raise unusable(remote, "its contents were withheld (`phoenix.content: hashed`)")
    try:
        older = _moment(remote.created_at) < _moment(record.build.created_at) - _CLOCKS
    except ValueError:
        raise unusable(remote, "the server does not say when it was made") from None
    if older:
        raise unusable(remote, "it is older than the build that it says it mirrors")
    return record


async def read_runs(
    connection: Connection, remote: RemoteExperiment, record: ExperimentRecord
) -> AsyncIterator[RunRecord]:
    """Yield the runs of an experiment. Raises BaselineError where one is damaged or they are not all there.

    Raises PhoenixError.
    """
    doing = f"the runs of the experiment {printable(remote.id)} could not be read"
    seen: set[tuple[str, str]] = set()
    contents: dict[str, tuple[int, str]] = {}
    evaluators = frozenset(spec.name for spec in record.specs)
    async for entry in connection.elements(f"v1/experiments/{remote.id}/json", doing=doing):
        try:
            run = read_run(entry if isinstance(entry, dict) else {})
        except LayoutError as error:
            raise unusable(remote, f"of one of its runs, {error}") from None
        place = (run.example_id, run.sample)
        if not _is_sound(run, evaluators) or place in seen:
            raise unusable(remote, "the record of a run is damaged")
        if contents.setdefault(run.example_id, (run.position, run.content)) != (run.position, run.content):
            raise unusable(remote, "its runs were given two versions of one example")
        seen.add(place)
        yield run
    if len(seen) != record.runs:
        raise unusable(
            remote,
            f"{len(seen):,} of its {record.runs:,} runs are there",
            "put them back from where it was measured: evalgate phoenix sync",
        )


def unusable(remote: RemoteExperiment, reason: str, next_step: str | None = None) -> BaselineError:
    """Return the error for an experiment that nothing can be compared with."""
    return BaselineError(
        f"the experiment {printable(remote.name)} ({printable(remote.id)}) cannot be compared with: {reason}",
        next_step=next_step or "name another experiment, or store a baseline: evalgate baseline set",
    )


@cache
def _adapter() -> TypeAdapter[ExperimentRecord]:
    return TypeAdapter(ExperimentRecord)


def _typed(record: ExperimentRecord) -> ExperimentRecord:
    """Return the record, of the types and in the bounds that it says. Raises LayoutError where it is not."""
    try:
        found = _adapter().validate_json(json.dumps(asdict(record), allow_nan=False), strict=True)
        _moment(found.build.created_at)
    except (ValidationError, ValueError, RecursionError):
        raise LayoutError("the record of the experiment is damaged") from None
    times = [found.repetitions, *(draw.candidate for draw in found.draws), *(draw.baseline for draw in found.draws)]
    names = [*found.samples, *(draw.key for draw in found.draws if draw.key is not None)]
    if (
        not all(0 <= each <= _MOST_SAMPLES for each in (*times, len(found.draws), len(found.samples)))
        or not all(_SAMPLE.fullmatch(name) for name in names)
        or found.runs < 0
    ):
        raise LayoutError("the record of the experiment is damaged")
    return found


def _moment(text: str) -> datetime:
    """Return a time that ISO 8601 writes. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _is_sound(run: RunRecord, evaluators: frozenset[str]) -> bool:
    """Return whether a run is of the types that it says, and can be written down."""
    outcome = run.outcome
    try:
        _moment(run.started_at)
        canonical_json([outcome.output, outcome.context, outcome.messages, outcome.tool_calls, outcome.steps])
    except (ValueError, TypeError, RecursionError):
        return False
    names = [each.name for each in run.evaluations]
    return (
        _is_text(run.example_id)
        and _is_whole(run.position)
        and isinstance(run.copied, bool)
        and all(isinstance(name, str) and _SAMPLE.fullmatch(name) for name in (run.sample, run.drawn_as or "r1"))
        and isinstance(run.content, str)
        and _HASH.fullmatch(run.content) is not None
        and isinstance(outcome.logs, str)
        and (outcome.trace_id is None or isinstance(outcome.trace_id, str))
        and _is_amount(outcome.latency)
        and _is_failure(outcome.failure)
        and _are_usages(outcome.usage)
        and len({*names}) == len(names)
        and evaluators.issuperset(names)
        and all(map(_is_evaluation, run.evaluations))
    )


def _is_evaluation(found: Evaluation) -> bool:
    try:
        canonical_json(found.metadata)
    except (ValueError, TypeError, RecursionError):
        return False
    score = found.score
    return (
        (score is None or _is_number(score))
        and all(text is None or isinstance(text, str) for text in (found.label, found.explanation))
        and isinstance(found.metadata, dict)
        and _is_failure(found.failure)
        and _are_usages(found.usage)
    )


def _is_failure(found: Failure | None) -> bool:
    return found is None or (
        isinstance(found.type, str) and isinstance(found.message, str) and isinstance(found.where, str | None)
    )


def _are_usages(found: Iterable[Usage] | None) -> bool:
    return found is None or all(
        isinstance(part.model, str)
        and all(
            _is_whole(amount)
            for amount in (
                part.input_tokens, part.output_tokens, part.cached_tokens, part.reasoning_tokens, part.calls,
            )
        )
        and (part.cost is None or (_is_amount(part.cost) and part.cost <= MOST_DOLLARS))
        and isinstance(part.from_cache, bool)
        and isinstance(part.shared, bool)
        for part in found
    )  # fmt: skip


def _is_text(value: Any) -> bool:
    """Return whether it is text that a database takes."""
    return isinstance(value, str) and "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e308 and math.isfinite(value)


def _is_amount(value: Any) -> bool:
    return _is_number(value) and value >= 0
