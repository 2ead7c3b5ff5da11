"""Whether what was read of a run is of the types that it says, and can be written down: its origin is not known."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from evalgate.canonical import canonical_json
from evalgate.phoenix.experiments.records import RunRecord
from evalgate.records import MOST_DOLLARS, MOST_TOKENS

_SAMPLE: Final = re.compile(r"[\w-]{1,100}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def is_sound(run: RunRecord, evaluators: frozenset[str]) -> bool:
    """Return whether a run is what its type says, all of it; `evaluators` are those that may have said something."""
    found: Any = run
    outcome = found.outcome
    said = found.evaluations
    return (
        _is_name(found.example_id)
        and _is_whole(found.position)
        and isinstance(found.content, str)
        and _HASH.fullmatch(found.content) is not None
        and is_sample(found.sample)
        and (found.drawn_as is None or is_sample(found.drawn_as))
        and isinstance(found.copied, bool)
        and _is_moment(found.started_at)
        and _is_json([outcome.output, outcome.context, outcome.messages, outcome.tool_calls, outcome.steps])
        and isinstance(outcome.logs, str)
        and isinstance(outcome.trace_id, str | None)
        and _is_amount(outcome.latency)
        and _is_failure(outcome.failure)
        and _are_usages(outcome.usage)
        and all(isinstance(each.name, str) and each.name in evaluators for each in said)
        and len({each.name for each in said}) == len(said)
        and all(map(_is_evaluation, said))
    )


def is_sample(name: Any) -> bool:
    """Return whether something can be the name of a sample."""
    return isinstance(name, str) and _SAMPLE.fullmatch(name) is not None


def moment(text: str) -> datetime:
    """Return a time that ISO 8601 writes. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _is_evaluation(found: Any) -> bool:
    return (
        (found.score is None or _is_number(found.score))
        and isinstance(found.label, str | None)
        and isinstance(found.explanation, str | None)
        and isinstance(found.metadata, dict)
        and _is_json(found.metadata)
        and _is_failure(found.failure)
        and _are_usages(found.usage)
    )


def _is_failure(found: Any) -> bool:
    return found is None or (
        isinstance(found.type, str) and isinstance(found.message, str) and isinstance(found.where, str | None)
    )


def _are_usages(found: Iterable[Any] | None) -> bool:
    return found is None or all(map(_is_usage, found))


def _is_usage(found: Any) -> bool:
    amounts = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "calls")
    return (
        isinstance(found.model, str)
        and all(_is_whole(getattr(found, name)) for name in amounts)
        and (found.cost is None or (_is_amount(found.cost) and found.cost <= MOST_DOLLARS))
        and isinstance(found.from_cache, bool)
        and isinstance(found.shared, bool)
    )


def _is_json(value: Any) -> bool:
    try:
        canonical_json(value)
    except (ValueError, TypeError, RecursionError):
        return False
    return True


def _is_moment(text: Any) -> bool:
    try:
        moment(text)
    except (ValueError, TypeError):
        return False
    return True


def _is_name(value: Any) -> bool:
    """Return whether it is text that a database takes."""
    return isinstance(value, str) and "\x00" not in value and _SURROGATE.search(value) is None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return -1e308 <= value <= 1e308 and math.isfinite(value)


def _is_amount(value: Any) -> bool:
    return _is_number(value) and value >= 0
