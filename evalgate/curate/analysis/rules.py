"""Rules that an answer keeps or breaks, of a few kinds that are data and never code, and which answers break them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from evalgate.curate.analysis.keeping import keeps, texts
from evalgate.errors import ConfigurationError
from evalgate.evaluators.patterns import TimedPattern
from evalgate.llm.failures import Unparseable
from evalgate.records import JsonObject

Kind = Literal[
    "contains", "contains_not", "matches", "matches_not", "calls", "calls_not", "at_most", "is_json", "has_key"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
MEANINGS: Final[Mapping[Kind, str]] = {
    "contains": "the answer contains the text `value`, in any case",
    "contains_not": "it does not",
    "matches": "the regular expression `value` is found in the answer",
    "matches_not": "it is not",
    "calls": "a tool named `value` is called",
    "calls_not": "none of that name is",
    "at_most": "the answer has at most `value` characters",
    "is_json": "the answer is JSON (`value` is empty)",
    "has_key": "the answer is a JSON object with the key `value`",
}
_LONGEST: Final = 300
"""Characters of a value."""
_SECONDS: Final = 0.2
"""That a pattern may take on one answer; one that takes longer is no rule."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. `traces` are the ids of those that it is for; none: for every answer."""

    name: str
    why: str
    kind: Kind
    value: str
    traces: tuple[str, ...] = ()

    def is_for(self, identity: str) -> bool:
        """Return whether it says something about the answer of a trace."""
        return not self.traces or identity in self.traces


def checked_rule(rule: Rule) -> Rule:
    """Return a rule that can be checked, here and by the tests that are written. Raises Unparseable."""
    if not rule.name.strip() or len(rule.value) > _LONGEST:
        raise Unparseable(f"a rule has a name, and a value of at most {_LONGEST} characters")
    if rule.kind in ("contains", "contains_not", "calls", "calls_not", "has_key") and not rule.value.strip():
        raise Unparseable(f"the rule {rule.name[:60]!r} has no value")
    if rule.kind == "at_most" and not (rule.value.isascii() and rule.value.isdigit()):
        raise Unparseable(f"the rule {rule.name[:60]!r} is at_most {rule.value[:20]!r}, which is no number")
    if rule.kind in ("matches", "matches_not"):
        _compile(rule)
    return rule


def _compile(rule: Rule) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(rule.value)
            TimedPattern(rule.value, timeout=_SECONDS)
    except (re.error, ConfigurationError, Warning, RecursionError, OverflowError) as error:
        raise Unparseable(f"the rule {rule.name[:60]!r} has no regular expression: {str(error)[:80]}") from None


def broken(rule: Rule, output: JsonObject | None) -> bool:
    """Return whether an answer breaks a rule. Raises TimeoutError for a pattern that takes too long."""
    if rule.kind in ("matches", "matches_not"):
        text = "\n".join(texts(output))
        found = TimedPattern(rule.value, timeout=_SECONDS).search_now(text, timeout=_SECONDS)
        return found == (rule.kind == "matches_not")
    return not keeps(rule.kind, rule.value, output)
