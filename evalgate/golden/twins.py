"""Known-bad twins of a reference answer: the same answer, broken on purpose in ways that an evaluator should notice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from evalgate.records import Example, Json

ANOTHER: Final = "another example's"
EMPTY: Final = "empty"
CUT: Final = "cut in half"
NUMBERS: Final = "numbers changed"
GARBLED: Final = "garbled"
KINDS: Final = (ANOTHER, EMPTY, CUT, NUMBERS, GARBLED)

_DIGIT: Final = re.compile(r"\d")


class Twin(NamedTuple):
    """A broken answer, and how it is broken."""

    kind: str
    output: Json


def twins(example: Example, others: Sequence[Example]) -> Iterator[Twin]:
    """Yield the twins of an example's reference answer; a way that would leave it as it is has none.

    `others` are examples whose answers may stand in its place.
    """
    reference = example.output
    if reference is None:
        return
    stranger = next((other.output for other in others if other.output not in (None, reference)), None)
    if stranger is not None:
        yield Twin(ANOTHER, stranger)
    for kind, change in ((EMPTY, _emptied), (CUT, _halved), (NUMBERS, _miscounted)):
        broken = _leaves(reference, change)
        if broken != reference:
            yield Twin(kind, broken)
    text = json.dumps(reference, ensure_ascii=False)
    yield Twin(GARBLED, text[: len(text) // 2])


def _leaves(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, Mapping):
        return {key: _leaves(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple) and value and change is not _emptied:
        return [_leaves(each, change) for each in value]
    return change(value)


def _emptied(value: Json) -> Json:
    if isinstance(value, str):
        return ""
    return [] if isinstance(value, list | tuple) else None


def _halved(value: Json) -> Json:
    return value[: len(value) // 2].rstrip() if isinstance(value, str) else value


def _miscounted(value: Json) -> Json:
    if isinstance(value, str):
        return _DIGIT.sub(lambda digit: str((int(digit.group()) + 3) % 10), value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value + 3
    return value
