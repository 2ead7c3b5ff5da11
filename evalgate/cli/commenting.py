"""The comment under the pull request that a workflow runs for: as the run begins, while it goes on, and with its end.

Nothing that goes wrong here changes a verdict or an exit code: it is one line, in the log and in the job's summary.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, TypeVar

from evalgate.cli.labels import Labels, read_labels
from evalgate.cli.options import Outputs
from evalgate.cli.telling import run_link
from evalgate.errors import ConfigurationError, EvalgateError, Interrupted
from evalgate.github.event import Event, Outside
from evalgate.records import Verdict
from evalgate.report.speaking import Comments, Speech

if TYPE_CHECKING:
    from evalgate.github.access import Access
    from evalgate.github.client import Client
    from evalgate.github.comments import Published
    from evalgate.report.comment import Links
    from evalgate.report.progress import HowFar

_SECONDS: Final = 60.0
"""How long the comment may keep a build from its end."""
_BEGINNING_S: Final = 20.0
_LIVE_S: Final = 15.0
"""Between two updates of a comment that is live."""
_WHOLE: Final = "all"
"""The part of a run of every suite."""

Render = Callable[[int], str]
"""Gives the part of this job in at most as many characters."""
_Done = TypeVar("_Done")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a job speaks: its part (`leg`) of the comment of its workflow (`key`), about the commit `head`."""

    access: Access
    number: int
    key: str
    leg: str
    head: str

    async def begin(self) -> None:
        """Mark what was said of an earlier commit as that, where something was."""
        from evalgate.github.comments import mark_stale

        await self._within(_BEGINNING_S, lambda client: mark_stale(client, self.number, key=self.key, head=self.head))

    async def stands(self) -> bool:
        """Return whether this job said something that may be wrong by now."""
        from evalgate.github.comments import standing_comment

        found = await self._within(_SECONDS / 3, lambda client: standing_comment(client, self.number, self.key))
        return found is not None and any(leg.name == self.leg for leg in found.legs)

    async def publish(self, render: Render, verdict: Verdict | None, *, seconds: float | None = None) -> Published:
        """Write this job's part, within `seconds` where that is less than there is."""
        from evalgate.github.comments import publish

        return await self._within(
            seconds or _SECONDS * 2 / 3,
            lambda client: publish(
                client, self.number, key=self.key, leg=self.leg, head=self.head, render=render, verdict=verdict
            ),
        )

    async def _within(self, seconds: float, ask: Callable[[Client], Awaitable[_Done]]) -> _Done:
        """Ask GitHub for at most so many seconds."""
        from evalgate.github.client import connect

        async with asyncio.timeout(seconds + 1.0), connect(self.access, seconds=seconds) as client:
            return await ask(client)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What came of speaking: the comment's address, and what did not work, as sentences."""

    url: str | None = None
    troubles: tuple[str, ...] = ()


class Commenter:
    """Speaks for one job. `place` is None where there is nothing to speak under, or nobody wants to be spoken to."""

    def __init__(
        self,
        place: Place | None,
        event: Event,
        mode: Comments,
        *,
        labels: Labels,
        links: Links | None = None,
        drafts: bool = True,
        ends: bool = True,
        trouble: str | None = None,
    ) -> None:
        """`ends`: the job gives a verdict. One that only records leaves it to another to speak of that."""
        self.place = place
        self.labels = labels
        self.links = links
        self._event = event
        self._mode = mode
        self._drafts = drafts
        self._ends = ends
        self._trouble = trouble
        self.corrects_alone = False
        """Nothing is said but what puts right an earlier comment."""

    @property
    def live(self) -> bool:
        """Whether it speaks while a build runs."""
        speaks = self.place is not None and self._ends and self._speech(matters=True) is Speech.SPEAK
        return speaks and self._mode is Comments.LIVE

    @asynccontextmanager
    async def beside(self, progress: Callable[[], HowFar]) -> AsyncIterator[None]:
        """Mark what is stale, and be live, beside a build. What is still going on at its end is given up."""
        if self.place is None:
            yield
            return
        task = asyncio.create_task(self._speaking(self.place, progress))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _speaking(self, place: Place, progress: Callable[[], HowFar]) -> None:
        from evalgate.report.unfinished import SuiteUnderway, Underway, render_underway

        with suppress(Exception):  # what is in the way is said at the end
            await place.begin()
        while self.live:
            with suppress(Exception):
                far = progress()
                suite = SuiteUnderway(name=place.leg, done=far.done, planned=far.planned, errors=far.errors)
                run = Underway(suites=[suite], commit=place.head, seconds=far.seconds)
                await place.publish(_always(render_underway(run, links=self.links)), None, seconds=_LIVE_S)
            await asyncio.sleep(_LIVE_S)

    @contextmanager
    def corrected(self) -> Iterator[None]:
        """Put right what was said before where a command ends without a verdict."""
        try:
            yield
        except Interrupted:
            raise  # it goes on, or is run again
        except EvalgateError as error:
            from evalgate.report.unfinished import render_failed_run

            commit = None if self.place is None else self.place.head
            text = render_failed_run(error, commit=commit, links=self.links)
            self.say(_always(text), Verdict.UNMEASURABLE, matters=False)
            raise

    def say(self, render: Render, verdict: Verdict | None, *, matters: bool) -> Said:
        """Say how it ended, or put right what was said before. Returns within about a minute, whatever happens."""
        if not self._ends:
            return Said()
        if self._trouble is not None:
            return Said(troubles=(self._trouble,))
        speech = self._speech(matters=matters)
        if self.place is None or speech is Speech.SILENT:
            return Said()
        try:
            published = asyncio.run(self._said(self.place, render, verdict, speech))
        except Exception as error:  # noqa: BLE001 a template of the user's, or a bug of ours: the verdict stands
            return Said(troubles=(self._told(error),))
        if published is None:
            return Said()
        return Said(url=published.url, troubles=tuple(self._doubts(published)))

    async def _said(self, place: Place, render: Render, verdict: Verdict | None, speech: Speech) -> Published | None:
        if speech is Speech.CORRECT and not await place.stands():
            return None
        return await place.publish(render, verdict)

    def _speech(self, *, matters: bool) -> Speech:
        from evalgate.report.speaking import speech

        pull = self._event.pull
        draft = pull is not None and pull.draft
        said = speech(self._mode, matters=matters, draft=draft, drafts=self._drafts)
        return Speech.CORRECT if self.corrects_alone and said is Speech.SPEAK else said

    def _doubts(self, published: Published) -> Iterator[str]:
        if published.superseded:
            yield "No comment: the pull request has a newer commit, which is measured by itself."
        if published.doubt is not None:
            yield f"The comment may lack a part: {published.doubt.message}."

    def _told(self, error: Exception) -> str:
        status = getattr(error, "status", None)
        if self._event.outside is Outside.FORK and status in (403, 404):
            return (
                "No comment: the token of a pull request from a fork only reads. The report is in this summary; a"
                " second workflow on workflow_run shows it under the pull request (docs/forks.md)."
            )
        if self._event.outside is Outside.DEPENDABOT and status in (403, 404):
            return (
                "No comment: the token of a run that Dependabot set off only reads. The report is in this summary; give"
                " the job `pull-requests: write` under `permissions:`."
            )
        if isinstance(error, EvalgateError):
            following = f" Next: {error.next_step}." if error.next_step else ""
            return f"No comment: {error.message}.{following}"
        if isinstance(error, TimeoutError):
            return f"No comment: GitHub took longer than {_SECONDS:.0f} s."
        return f"No comment: it could not be rendered ({type(error).__name__})."


def _always(text: str) -> Render:
    return lambda _: text


def commenter(
    outputs: Outputs,
    environ: Mapping[str, str],
    leg: str = _WHOLE,
    *,
    event: Event | None = None,
    ends: bool = True,
    honours: bool = True,
) -> Commenter:
    """Return who speaks for this job; `leg` names its part. Nobody where there is no token or no pull request.

    `event` is what the job runs for, where more is known of it than its environment says. `ends`: it gives a verdict,
    and does not only record. `honours`: labels count for it; a release goes by none.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return Commenter(None, Event(), Comments(outputs.comment), labels=Labels())
    from evalgate.cli.target import read_event
    from evalgate.github.access import access

    event, mode = event or read_event(environ), Comments(outputs.comment)
    head = event.pull.head if event.pull is not None else None
    if event.number is None or head is None:
        return Commenter(None, event, mode, labels=Labels())
    try:
        found = access(environ)
    except ConfigurationError as error:
        trouble = None if mode is Comments.NEVER else f"No comment: {error.message}. Next: {error.next_step}."
        return Commenter(None, event, mode, labels=Labels(), trouble=trouble)
    if found is None:
        return Commenter(None, event, mode, labels=Labels())
    place = Place(access=found, number=event.number, key=key_of(environ), leg=leg, head=head)
    return Commenter(
        None if mode is Comments.NEVER else place,
        event,
        mode,
        labels=read_labels(found, event) if honours else Labels(),
        links=_links(environ),
        drafts=outputs.comment_drafts,
        ends=ends,
    )


def _links(environ: Mapping[str, str]) -> Links:
    """Return where more is to be read: the run, and on its page the artifact with the report, where one is uploaded."""
    from evalgate.report.comment import Links

    run = run_link(environ)
    kept = run is not None and environ.get("EVALGATE_GITHUB_REPORT") == "true"
    return Links(run=run, report=f"{run}#artifacts" if kept else None)


def key_of(environ: Mapping[str, str]) -> str:
    """Return what a workflow's comment is known by: its file, whatever it is called; else its name."""
    file = PurePosixPath(environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]).name
    return (file or environ.get("GITHUB_WORKFLOW", ""))[:200] or "evalgate"


def leg_of(suites: tuple[str, ...], config: str) -> str:
    """Return what the part of a job is called: its suites, and its config where that is none of the usual name."""
    named = "+".join(sorted(suites)) if suites else _WHOLE
    place = "" if config == "evalgate.yaml" else f"{config}:"
    return f"{place}{named}"[:200]
