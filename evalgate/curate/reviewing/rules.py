"""Conditions on candidates, by which a rule that names itself decides in a person's place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.pulling.remarks import remarks_of
from evalgate.curate.reviewing.queue import Asked, wanted_of
from evalgate.curate.reviewing.reviews import Review
from evalgate.curate.reviewing.standing import seen_of
from evalgate.records import Json

_CONDITION: Final = re.compile(r"\s*(?P<path>[^=<>!\s][^=<>!]*?)\s*(?P<sign>>=|<=|!=|=)\s*(?P<value>.*?)\s*", re.DOTALL)
_ANNOTATION: Final = "annotation."
_ROOTS: Final = ("annotation", "metadata", "marks", "source", "output", "split")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """`path sign value`: `annotation.NAME`, or a dotted path into metadata, marks, source, output or split."""

    path: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.path}{self.sign}{self.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What decides where all conditions hold."""

    decision: Literal["accepted", "rejected"]
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """Return the rule in its own words, as it was given."""
        flag = "--accept-where" if self.decision == "accepted" else "--reject-where"
        return " ".join(f"{flag} '{each}'" for each in self.conditions)


def condition(text: str) -> Condition:
    """Read a condition. Raises ValueError, whose text says what is wrong."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no condition: write it like annotation.correct=yes")
    path, sign, value = found["path"], found["sign"], found["value"]
    root, _, rest = path.partition(".")
    if root not in _ROOTS or bool(rest) == (root == "split"):
        raise ValueError(
            f"{path!r} is nothing of a candidate: begin with annotation., metadata., marks., source., output., or say"
            " split"
        )
    if not value:
        raise ValueError(f"{text!r} has no value")
    if sign in (">=", "<="):
        try:
            float(value)
        except ValueError:
            raise ValueError(f"{value!r} is no number") from None
    return Condition(path=path, sign=sign, value=value)


def holds(asked: Condition, candidate: Candidate) -> bool:
    """Return whether a condition holds: for all of several annotations of one name, and for none of nothing."""
    found = list(values(asked.path, candidate, number=asked.sign in (">=", "<=")))
    return bool(found) and all(_compares(each, asked.sign, asked.value) for each in found)


def by_rules(
    candidates: Iterable[Candidate],
    reviews: Mapping[str, Sequence[Review]],
    rules: Sequence[Rule],
    *,
    states: frozenset[State],
    at: str,
) -> Iterator[Review]:
    """Yield the decisions of rules on candidates in these states that nobody and nothing decided.

    The first rule that holds decides; a person's later decision goes before it.
    """
    asked = Asked(who="")
    for each in candidates:
        plain = wanted_of(each, reviews.get(each.id, ()), asked, states)
        rule = None if plain is None else _deciding(rules, plain)
        if plain is not None and rule is not None:
            yield Review(
                id=plain.id,
                who=rule.name,
                by="rule",
                at=at,
                decision=rule.decision,
                seen=seen_of(plain),
                via="rule",
            )


def _deciding(rules: Sequence[Rule], candidate: Candidate) -> Rule | None:
    return next((each for each in rules if all(holds(one, candidate) for one in each.conditions)), None)


def values(path: str, candidate: Candidate, *, number: bool = False) -> Iterator[Json]:
    """Yield what a candidate has at a path: of annotations the labels, or the scores where a `number` is asked."""
    if path.startswith(_ANNOTATION):
        for each in remarks_of(candidate):
            if each.get("name") == path.removeprefix(_ANNOTATION):
                yield each.get("score" if number else "label")
        return
    parts = path.split(".")
    value: Any = getattr(candidate, parts[0])
    for part in parts[1:]:
        if not isinstance(value, dict) or part not in value:
            return
        value = value[part]
    yield from value if isinstance(value, list) else [value]


def _compares(value: Json, sign: str, wanted: str) -> bool:
    if sign in (">=", "<="):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return value >= float(wanted) if sign == ">=" else value <= float(wanted)
    if value is None or isinstance(value, dict | list):
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return (text == wanted) == (sign == "=")
