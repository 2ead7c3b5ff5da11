"""The one comment of a workflow under a pull request: found by its mark and author, and kept by several jobs at once.

GitHub has no conditional write: of two jobs that read, add their part and write, the second would drop the first's. So
who writes looks again after a while that is longer than anybody takes from reading to writing, and puts back what it
misses. Of several comments the oldest is the one; the others are merged into it and deleted.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.github.client import Client, backoff
from evalgate.github.errors import GitHubError
from evalgate.github.legs import Leg, composed, overtaken, read, with_own, within
from evalgate.github.pulls import read_pull
from evalgate.records import Verdict

NEEDS: Final = "pull-requests: write"
_DOING: Final = "the comment could not be written"
_SETTLE_S: Final = 1.5
"""Seconds after which a write of somebody who read before ours has come, or never comes."""
_STALE_READS: Final = 2
"""How often what was read too slowly is read again, before it is used all the same."""
_ROUNDS: Final = 25


@dataclass(frozen=True, kw_only=True)
class Published:
    """What came of a comment.

    `url` is None where there is none; `changed` says whether this job wrote. `superseded`: the pull request has a
    newer head, and what this job measured is no news. `doubt`: it was written, and could not be read again.
    """

    url: str | None
    changed: bool
    superseded: bool = False
    doubt: GitHubError | None = None


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment of this workflow as it stands."""

    id: int
    url: str
    text: str
    legs: tuple[Leg, ...]


async def publish(
    client: Client,
    number: int,
    *,
    key: str,
    leg: str,
    head: str,
    render: Callable[[int], str],
    verdict: Verdict | None,
    settle: float = _SETTLE_S,
) -> Published:
    """Put the part `leg` into the comment of the workflow `key` under pull request `number`, and see that it stays.

    `head` is the commit that was measured: the pull request's, or this is superseded and nothing is written.
    `render` returns the part in at most as many characters as it is given; `verdict` is None while there is none yet.
    Raises GitHubError; a part that forges a mark or is too long is one too.
    """
    own = Leg(name=leg, head=head, rank=0 if verdict is None else verdict.rank + 1, body="")
    keeper = _Keeper(client, number, key, await client.viewer(doing=_DOING))
    if (await read_pull(client, number, doing=_DOING, needs=NEEDS)).head != head:
        standing = await keeper.found()
        return Published(url=standing[0].url if standing else None, changed=False, superseded=True)
    return await keeper.keep(head, lambda others: _with_own(key, others, own, render), settle=settle)


async def mark_stale(client: Client, number: int, *, key: str, head: str, settle: float = _SETTLE_S) -> Published:
    """Fold what the comment says of older commits than `head`, the pull request's. Without a comment, nothing."""
    keeper = _Keeper(client, number, key, await client.viewer(doing=_DOING))
    standing = await keeper.found()
    if not standing or all(head in (leg.stale, leg.head) for each in standing for leg in each.legs):
        return Published(url=standing[0].url if standing else None, changed=False)
    return await keeper.keep(head, lambda others: within(key, others), settle=settle)


async def standing_comment(client: Client, number: int, key: str) -> Comment | None:
    """Return the comment of a workflow as it stands, the oldest where there are several. Raises GitHubError."""
    keeper = _Keeper(client, number, key, await client.viewer(doing="the comments could not be read"))
    found = await keeper.found()
    return found[0] if found else None


def _with_own(key: str, others: Sequence[Leg], own: Leg, render: Callable[[int], str]) -> list[Leg]:
    try:
        return with_own(key, others, own, render)
    except ValueError as error:
        raise GitHubError(f"{_DOING}: {error}", status=422) from None


class _Keeper:
    """Writes one comment, and keeps in it what it wrote."""

    def __init__(self, client: Client, number: int, key: str, viewer: str) -> None:
        self._client = client
        self._number = number
        self._key = key
        self._authors = {viewer.casefold(), f"{viewer.casefold()}[bot]"}
        self._made: int | None = None
        self._seen: dict[str, Leg] = {}
        self._settle = _SETTLE_S
        self._wrote = False
        self._last: tuple[str, str] | None = None
        """What was written last, and what was there before."""
        self._url: str | None = None

    async def found(self) -> list[Comment]:
        """Return the comments of this workflow and author, over all pages, the oldest first."""
        path = f"issues/{self._number}/comments"
        entries = await self._client.pages(path, doing=_DOING, needs=NEEDS)
        if self._made is not None and all(each.get("id") != self._made for each in entries):
            entries += await self._missing(self._made)  # a list may lag behind
        comments = [found for each in entries if (found := self._read(each)) is not None]
        return sorted(comments, key=lambda each: each.id)

    async def keep(self, head: str, arrange: Callable[[Sequence[Leg]], Sequence[Leg]], *, settle: float) -> Published:
        """Bring the comment to what `arrange` makes of the legs that are there, and see that it stays."""
        self._settle = settle
        for attempt in range(_ROUNDS):
            try:
                if (done := await self._round(head, arrange, patient=attempt < _STALE_READS)) is not None:
                    return done
                wait = self._settle * (1 + random.random() * attempt / 4)  # noqa: S311 jobs get out of step
            except GitHubError as error:
                wait = max(backoff(attempt), self._settle) if error.wait is None else error.wait
                if not error.passing or wait >= self._client.left:
                    if self._url is None:
                        raise
                    return Published(url=self._url, changed=True, doubt=error)
            if wait >= self._client.left:
                break
            await asyncio.sleep(wait)
        if self._url is None:
            raise GitHubError(f"{_DOING} in the time that there is for it", next_step="run the job again")
        return Published(url=self._url, changed=True, doubt=GitHubError("the comment was not seen to stay"))

    async def _round(
        self, head: str, arrange: Callable[[Sequence[Leg]], Sequence[Leg]], *, patient: bool
    ) -> Published | None:
        """Read, and write what is missing; return what came of it once nothing is, None where it has to be seen.

        Where reading took so long that what was read may be gone, it is read again first, if `patient`.
        """
        begun = self._client.left
        standing = await self.found()
        if await self._is_superseded(standing, head):
            return Published(url=standing[0].url, changed=self._wrote, superseded=True)
        legs = arrange(self._together(standing, head))
        text = composed(self._key, legs)
        if len(standing) == 1 and (_same(standing[0].text, text) or self._in_another_form(standing[0], legs, text)):
            return Published(url=standing[0].url, changed=self._wrote)
        if (took := begun - self._client.left) > self._settle / 2:
            self._settle = 2 * took  # others are as slow
            if patient:
                return await self._round(head, arrange, patient=False)
        self._seen = {leg.name: leg for leg in legs if leg.head == head and leg.stale is None}
        self._last = (text, standing[0].text) if standing else None
        self._wrote = True
        self._url = await self._write(standing, text) or self._url
        return None

    async def _is_superseded(self, standing: Sequence[Comment], head: str) -> bool:
        """Return whether what would be folded here is of a newer head than `head`, and this job the late one."""
        stale = [leg.stale or leg.head for each in standing for leg in each.legs]
        if all(each == head for each in stale):
            return False
        return (await read_pull(self._client, self._number, doing=_DOING, needs=NEEDS)).head != head

    def _in_another_form(self, comment: Comment, legs: Sequence[Leg], text: str) -> bool:
        """Return whether what was written last came back otherwise twice: GitHub keeps it so, no other job did it."""
        same = {(leg.name, leg.head) for leg in comment.legs} == {(leg.name, leg.head) for leg in legs}
        return same and self._last == (text, comment.text)

    def _together(self, standing: Sequence[Comment], head: str) -> list[Leg]:
        """Return every leg once: as the oldest comment has it, then as others do, then as this job last wrote it."""
        legs: dict[str, Leg] = {}
        for comment in standing:
            for leg in comment.legs:
                if leg.name not in legs or (legs[leg.name].head != head and leg.head == head):
                    legs[leg.name] = leg
        for name, leg in self._seen.items():
            if name not in legs or legs[name].head != head:
                legs[name] = leg
        return overtaken(legs.values(), head)

    async def _write(self, standing: Sequence[Comment], text: str) -> str | None:
        """Create or change the oldest comment, then delete the others; return its address.

        One that somebody deleted in between is no failure: the next round finds what is there.
        """
        if not standing:
            path = f"issues/{self._number}/comments"
            made = await self._client.send("POST", path, doing=_DOING, needs=NEEDS, body={"body": text})
            comment = self._read(made) if isinstance(made, dict) else None
            self._made = comment.id if comment is not None else None
            return comment.url if comment is not None else None
        first, *others = standing
        url: str | None = first.url
        try:
            if not _same(first.text, text):
                path = f"issues/comments/{first.id}"
                await self._client.send("PATCH", path, doing=_DOING, needs=NEEDS, body={"body": text})
            for each in others:
                await self._client.send("DELETE", f"issues/comments/{each.id}", doing=_DOING, needs=NEEDS)
        except GitHubError as error:
            if error.status != 404:
                raise
            self._made = None
        return url

    async def _missing(self, made: int) -> list[dict[str, Any]]:
        try:
            comment = await self._client.get(f"issues/comments/{made}", doing=_DOING, needs=NEEDS)
        except GitHubError as error:
            if error.status != 404:
                raise
            self._made = None
            return []
        return [comment] if isinstance(comment, dict) else []

    def _read(self, value: dict[str, Any]) -> Comment | None:
        """Return a comment of this workflow; None for another's: anybody can write our mark."""
        user, text, id_, url = (value.get(name) for name in ("user", "body", "id", "html_url"))
        login = user.get("login") if isinstance(user, dict) else None
        if not isinstance(login, str) or login.casefold() not in self._authors:
            return None
        if not isinstance(text, str) or not isinstance(id_, int) or not isinstance(url, str):
            return None
        legs = read(text, self._key)
        return None if legs is None else Comment(id=id_, url=url, text=text, legs=tuple(legs))


def _same(one: str, other: str) -> bool:
    """Return whether two texts are one: GitHub may keep other line ends, and drops what is blank at the end."""
    return one.replace("\r\n", "\n").rstrip() == other.rstrip()
