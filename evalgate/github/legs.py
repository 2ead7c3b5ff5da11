"""One comment that several jobs write: the part of each between marks of its own, worst first, within the limit.

A comment is text, and nothing here asks GitHub. Its first line is the mark of its workflow (`key`); each part, a leg,
says of which commit it is and how bad. A leg of an older commit stays folded until it is measured again, for one more
push; where the room is short, legs shrink to their first paragraph, those of older commits first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote

LIMIT: Final = 65_536
"""Characters of a comment, says GitHub; here those beyond the basic plane count twice, in case it counts so."""
MARK: Final = "<!-- evalgate:"
_LEG: Final = re.compile(
    r"^<!-- evalgate:leg (?P<name>\S+) (?P<head>[0-9a-f]{7,64}) (?P<rank>\d)(?: (?P<stale>[0-9a-f]{7,64}))? -->\n"
    r"(?P<body>.*?)\n<!-- evalgate:end (?P=name) -->$",
    re.MULTILINE | re.DOTALL,
)
_LINE_END: Final = re.compile(r"\r\n?")
_MOST_LEGS: Final = 256
_LONGEST_HEADLINE: Final = 1_000
_LONGEST_LINE: Final = 300
_MARKUP: Final = re.compile(r"[`*_|\[\]<>]")
"""What Markdown reads, and a line within HTML shows as it is."""
_SHORTENED: Final = "*The rest did not fit into this comment: it is in the summary of its job.*"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """What one job says. `head` is the commit that it measured, `rank` how bad it is, 0 to 9.

    `stale` is the head of the pull request that overtook it, None while it is of the newest.
    """

    name: str
    head: str
    rank: int
    body: str
    stale: str | None = None


def mark(key: str) -> str:
    """Return the first line of the comment of a workflow."""
    return f"{MARK}comment {_written(key)} -->"


def read(text: str, key: str) -> list[Leg] | None:
    """Return the legs of a comment, those that are whole; None where it is not the comment of this workflow."""
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    if first.rstrip() != mark(key):
        return None
    legs: dict[str, Leg] = {}
    for found in _LEG.finditer(rest):
        name = unquote(found["name"])
        body = found["body"].strip("\n")
        if name not in legs and len(legs) < _MOST_LEGS and MARK not in body:
            legs[name] = Leg(
                name=name, head=found["head"], rank=int(found["rank"]), body=body, stale=found["stale"] or None
            )
    return list(legs.values())


def composed(key: str, legs: Iterable[Leg]) -> str:
    """Return the comment: what is of the newest commit first, then the worst, then by name."""
    ordered = sorted(legs, key=lambda leg: (leg.stale is not None, -leg.rank, leg.name))
    return "\n".join([mark(key), *(_framed(leg) for leg in ordered)])


def size(text: str) -> int:
    """Return how many characters of the limit a text takes."""
    return len(text) + sum(character > "\uffff" for character in text) if not text.isascii() else len(text)


def overtaken(legs: Iterable[Leg], head: str) -> list[Leg]:
    """Return the legs as they stand beside a newer `head`: others are folded, and gone at the second push."""
    kept: list[Leg] = []
    for leg in legs:
        if leg.stale == head or (leg.stale is None and leg.head == head):
            kept.append(leg)
        elif leg.stale is None:
            kept.append(replace(leg, stale=head, body=_folded(leg)))
    return kept


def with_own(key: str, others: Sequence[Leg], own: Leg, render: Callable[[int], str]) -> list[Leg]:
    """Return all legs, `own` among them with a body of `render`, so that the comment keeps the limit.

    The others keep their text while half of a fair share is left; where they do not, `own` has no more than its share.
    Raises ValueError for a body that forges a mark or is longer than it was asked to be, and where there is no room.
    """
    others = [leg for leg in others if leg.name != own.name]
    share = LIMIT // (1 + sum(leg.stale is None for leg in others))
    bare = replace(own, body="")
    shortened = _leaving(share // 2, key, others, bare)
    room = LIMIT - size(composed(key, [*shortened, bare]))
    if shortened != others:
        room = min(room, share)
    body = _rendered(render, room)
    if MARK in body.casefold():
        raise ValueError("a part forges a mark of a comment")
    return [*shortened, replace(own, body=body)]


def within(key: str, legs: Sequence[Leg]) -> list[Leg]:
    """Return the legs so that the comment keeps the limit."""
    return _leaving(0, key, legs)


def _rendered(render: Callable[[int], str], room: int) -> str:
    """Return a body that takes at most `room`; it is asked for less where what counts twice was counted once."""
    asked = room
    while asked > 0:
        body = _LINE_END.sub("\n", render(asked)).strip("\n")
        if len(body) > asked:
            raise ValueError(f"a part has {len(body):,} characters, where {asked:,} were asked for")
        if size(body) <= room:
            return body
        asked -= size(body) - room
    raise ValueError("there is no room for a part in this comment")


def _leaving(room: int, key: str, legs: Sequence[Leg], *bare: Leg) -> list[Leg]:
    """Return the legs, shortened until so many characters are left: the stale first, then the longest."""
    legs = list(legs)
    for position in sorted(range(len(legs)), key=lambda each: (legs[each].stale is None, -size(legs[each].body))):
        if LIMIT - size(composed(key, [*legs, *bare])) >= room:
            break
        legs[position] = replace(legs[position], body=_shortest(legs[position]))
    return legs


def _shortest(leg: Leg) -> str:
    """Return the first paragraph of a leg, which says the verdict, and where the rest is."""
    if leg.stale is not None:
        return _banner(leg)
    headline = leg.body.split("\n\n", 1)[0]
    if size(leg.body) <= _LONGEST_HEADLINE:
        return leg.body
    return f"{headline}\n\n{_SHORTENED}" if size(headline) <= _LONGEST_HEADLINE else _SHORTENED


def _banner(leg: Leg) -> str:
    return f"*What was here is of the older commit {leg.head[:7]}; the newest is not measured yet.*"


def _folded(leg: Leg) -> str:
    """Return a leg under a line that says of which commit it is, and its headline, where that is one of words."""
    headline = leg.body.split("\n", 1)[0].removeprefix("###").strip()
    said = f": {headline}" if headline and len(headline) <= _LONGEST_LINE and not _MARKUP.search(headline) else ""
    banner = f"Of the older commit <code>{leg.head[:7]}</code>, the newest is not measured yet{said}"
    return f"<details><summary>{banner}</summary>\n\n{leg.body}\n\n</details>"


def _framed(leg: Leg) -> str:
    name = _written(leg.name)
    stale = f" {leg.stale}" if leg.stale is not None else ""
    return f"{MARK}leg {name} {leg.head} {leg.rank}{stale} -->\n\n{leg.body}\n\n{MARK}end {name} -->"


def _written(name: str) -> str:
    """Return a name that neither ends an HTML comment nor has a space in it."""
    return quote(name, safe="/", errors="replace").replace("--", "-%2D") or "%20"
