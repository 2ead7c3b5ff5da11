"""A candidate without personal data and secrets, wherever they stand: messages, arguments of tools, metadata."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from evalgate.curate.candidates import Candidate, Step
from evalgate.curate.cleaning import people
from evalgate.curate.cleaning.addresses import addresses_in
from evalgate.curate.cleaning.fields import is_otherwise, kind_of
from evalgate.curate.cleaning.findings import Finding, Kind, Pseudonyms, apart, replaced
from evalgate.curate.cleaning.given_names import Names
from evalgate.curate.cleaning.identifiers import REGIONS, identifiers_in
from evalgate.curate.cleaning.secrets import secrets_in
from evalgate.records import Json, JsonObject

REDACTED: Final = "redacted"
"""The mark: how many of each kind were replaced, and by which key people were named."""
_UNTOUCHED: Final = frozenset({"server", "project", "trace", "span", "start", "end"})
"""Of where a candidate came from: what finds its span again."""
_SECRET: Final = f"<{Kind.SECRET}>"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,19}")
"""A key that names a field; another one may be what somebody said."""
_REMEMBERED: Final = 1000
"""Texts whose findings are remembered: a system prompt is in thousands of candidates."""
_DEEPEST: Final = 100
"""Levels that are walked, those of JSON in texts among them; what lies deeper is looked through as one text."""
_AGAIN: Final = 4
_SHORTEST: Final = 10**6
_EXACT: Final = 2**53
"""Numbers that may be a telephone's; floats beyond the other have lost digits."""

Replace = Callable[[str, tuple[str, ...]], str]


@dataclass(kw_only=True, slots=True)
class Redactor:
    """What is looked for. Without `pseudonyms` and `names` it is secrets alone.

    `regions` are countries whose telephone numbers are known without a +; `keep` are texts that stay, `*` for anything.
    """

    pseudonyms: Pseudonyms = field(default_factory=lambda: Pseudonyms(b""))
    names: Names | None = None
    regions: Sequence[str] = REGIONS
    keep: Sequence[str] = ()
    _seen: dict[str, tuple[Finding, ...]] = field(default_factory=dict)

    def redacted(self, candidate: Candidate, at: str) -> tuple[Candidate, Counter[str]]:
        """Return a candidate with a stand-in for each thing found, and how many of which kind; itself where none is."""
        changed, found = candidate, Counter[str]()
        for _ in range(_AGAIN):
            # What stands beside a stand-in may be found only now: a second time has to find nothing.
            changed, more = self._once(changed)
            if not more:
                break
            found.update(more)
        if not found:
            return candidate, found
        why = ", ".join(f"{found[kind]} {kind}" for kind in Kind if kind in found)
        step = Step(at=at, what="redacted", by="evalgate", why=why)
        marked = changed.marked(REDACTED, _mark(candidate, found, self))
        return replace(marked, history=(*marked.history, step)), found

    def _once(self, candidate: Candidate) -> tuple[Candidate, Counter[str]]:
        found: Counter[str] = Counter()
        known = self._known(candidate)
        if known is None:
            return candidate, found

        def put(text: str, path: tuple[str, ...]) -> str:
            here = self._all(text, path, known)
            found.update(each.kind.value for each in here)
            return replaced(text, here, self.pseudonyms) if here else text

        def put_source(text: str, path: tuple[str, ...]) -> str:
            changed = put(text, path)
            if path != ("session",) or changed == text:
                return changed
            # A secret without a key, as they are replaced before there is one; six letters lead back to no id.
            return (Pseudonyms(b"") if _SECRET in changed else self.pseudonyms).of_session(text)

        parts: dict[str, Any] = {
            "input": _walked(candidate.input, put),
            "output": _walked(candidate.output, put),
            "metadata": _walked(candidate.metadata, put),
            "source": {**candidate.source, **_walked(_own(candidate.source), put_source)},
            "marks": _walked(candidate.marks, put),
        }
        return replace(candidate, **parts), found

    def _known(self, candidate: Candidate) -> dict[str, str] | None:
        """Return the names of a candidate by each word that stands for one of them alone.

        None where nothing at all is found in it: most of what is walked a second time is walked only here.
        """
        known: dict[str, str] = {}
        found: list[Finding] = []

        def gather(text: str, path: tuple[str, ...]) -> str:
            found.extend(self._all(text, path, {}))
            return text

        for part in (candidate.input, candidate.output, candidate.metadata, _own(candidate.source)):
            _walked(part, gather)
        if not found:
            _walked(candidate.marks, gather)
            return {} if found else None
        whole = {each.who for each in found if each.kind == Kind.PERSON}
        # Who is named in full first: a word that two full names have stands for neither, and is replaced as it is.
        for who in sorted(whole, key=lambda name: (-len(name.split()), name)):
            if " " in who or who not in known:
                known.update({word: word if word in known else who for word in people.aliases(who)})
        return known

    def _all(self, text: str, path: tuple[str, ...], known: dict[str, str]) -> list[Finding]:
        field_kind = kind_of(path, text)
        if field_kind is not None and (self.names is not None or field_kind == Kind.SECRET) and not self._kept(text):
            who = " ".join(text.casefold().split())
            if field_kind in (Kind.CARD, Kind.ID_NUMBER):
                who = "".join(filter(str.isalnum, who)).upper()
            return [Finding(start=0, end=len(text), kind=field_kind, who=known.get(who, who))]
        found = [] if is_otherwise(path, text) else list(self._in(text))
        if known:
            found = [
                replace(each, who=known.get(each.who, each.who)) if each.kind == Kind.PERSON else each for each in found
            ]
            found += people.mentions(text, known)
        found = [each for each in found if not self._kept(text[each.start : each.end])] if self.keep else found
        return apart(text, found) if found else found

    def _in(self, text: str) -> tuple[Finding, ...]:
        there = self._seen.get(text)
        if there is None:
            found = [*secrets_in(text)]
            if self.names is not None:
                found += [*identifiers_in(text, self.regions), *addresses_in(text), *people.names_in(text, self.names)]
            there = tuple(found)
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[text] = there
        return there

    def findings(self, text: str) -> list[Finding]:
        """Return what is found in a text by itself, apart and in order."""
        return self._all(text, (), {})

    def _kept(self, text: str) -> bool:
        return any(fnmatchcase(text.casefold(), each.casefold()) for each in self.keep)


def _own(source: JsonObject) -> JsonObject:
    """Return what a program or a user said of where a candidate came from."""
    return {key: each for key, each in source.items() if key not in _UNTOUCHED}


def _mark(candidate: Candidate, found: Counter[str], redactor: Redactor) -> JsonObject:
    """Return what was found in all, and by which key it was named."""
    before = candidate.marks.get(REDACTED)
    total: Counter[str] = Counter()
    if isinstance(before, dict):
        total.update({kind: count for kind, count in before.items() if isinstance(count, int)})
    total.update(found)
    return {**dict(sorted(total.items())), **({"key": redactor.pseudonyms.check} if redactor.names is not None else {})}


def _walked(value: Any, put: Replace, path: tuple[str, ...] = (), depth: int = 0) -> Any:
    """Return a value with `put` in the place of each of its texts, which hears under which fields it stands.

    A text that is JSON, as the arguments of a tool are, is walked too. `depth` is how many levels it lies below.
    """
    if isinstance(value, str):
        return _of_text(value, put, path, depth)
    if isinstance(value, dict):
        return {
            (key if _NAME.fullmatch(key) else put(key, ())): _walked(each, put, (*path, key), depth + 1)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_walked(each, put, path, depth + 1) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_whole(value):
        text = str(abs(int(value)))
        changed = put(text, path)
        return value if changed == text else changed
    return value


def _is_whole(value: Any) -> bool:
    """Return whether a number is long enough to be somebody's, and has all of its digits."""
    most = _EXACT if isinstance(value, float) else math.inf
    return bool(_SHORTEST <= abs(value) <= most and value == int(value))


def _of_text(text: str, put: Replace, path: tuple[str, ...], depth: int) -> str:
    if text.lstrip()[:1] not in ("{", "["):
        return put(text, path)
    is_repeated = False

    def read(pairs: list[tuple[str, Json]]) -> JsonObject:
        nonlocal is_repeated
        value = dict(pairs)
        is_repeated |= len(value) != len(pairs)
        return value

    try:
        value: Json = json.loads(text, object_pairs_hook=read)
    except (ValueError, RecursionError):
        return put(text, path)
    if _is_deeper(value, _DEEPEST - depth):
        return put(text, path)
    if is_repeated:
        # Of a key that is there twice a reader of JSON sees the last one alone.
        whole = put(text, path)
        if whole != text:
            return whole
    changed = _walked(value, put, path, depth)
    return text if changed == value else json.dumps(changed, ensure_ascii=False)


def _is_deeper(value: Json, levels: int) -> bool:
    """Return whether a value has more levels than these, without going down by recursion."""
    below: list[Json] = [value]
    for _ in range(levels + 1):
        below = [
            each
            for one in below
            if isinstance(one, dict | list)
            for each in (one.values() if isinstance(one, dict) else one)
        ]
        if not below:
            return False
    return True


def texts_of(candidate: Candidate) -> list[str]:
    """Return the texts of what a candidate may become."""
    found: list[str] = []

    def gather(text: str, _: tuple[str, ...]) -> str:
        found.append(text)
        return text

    for part in (candidate.input, candidate.output, candidate.metadata):
        _walked(part, gather)
    return found
