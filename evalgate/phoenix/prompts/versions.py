"""Prompts in Phoenix: their versions, which one a reference means, and the tags that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from evalgate.encoding import printable
from evalgate.errors import CandidateError
from evalgate.phoenix.answers import Page, pages
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.suite.hub_prompt import HubPrompt, content_of
from evalgate.suite.model import closest
from evalgate.suite.prompt_ref import LATEST, PromptRef

_PAGE: Final = 100
_LISTED: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class TagMove:
    """A tag that was moved, as it is recorded: `before` is the version that it was on, None for a tag that is new."""

    name: str
    tag: str
    before: HubPrompt | None
    after: HubPrompt

    @property
    def words(self) -> str:
        """Return it as people say it."""
        was = f"version {self.before.number}" if self.before is not None else "no version"
        return f"the tag {self.tag} of {self.name} moved from {was} to version {self.after.number}"


class _Listed(Page):
    data: tuple[Any, ...]


async def versions_of(connection: Connection, name: str) -> list[HubPrompt]:
    """Return every version of a prompt, oldest first; none for a prompt that is not there. Raises PhoenixError."""
    doing = f"the prompt {name} could not be read"
    raw = await _all(connection, f"v1/prompts/{quote(name, safe='')}/versions", doing)
    total = len(raw)
    found = []
    for index, version in enumerate(raw):
        if not isinstance(version, dict) or not isinstance(version.get("id"), str):
            raise PhoenixError(f"{doing}: {connection.address.shown} lists a version that is none", status=200)
        found.append(HubPrompt(name=name, number=total - index, id=version["id"], content=content_of(version)))
    return found[::-1]


async def find_prompt(connection: Connection, ref: PromptRef) -> HubPrompt:
    """Return the version that a reference means.

    Raises CandidateError for a prompt, a version or a tag that is not there, PhoenixError for the server's part.
    """
    versions = await versions_of(connection, ref.phoenix)
    if not versions:
        raise await _unknown(connection, ref.phoenix)
    if ref.tag is not None:
        found = await tagged(connection, ref.phoenix, ref.tag, versions)
        if found is None:
            raise CandidateError(
                f"no version of {ref.phoenix} has the tag {ref.tag} at {connection.address.shown}",
                next_step=f"tag one: evalgate prompt tag {ref.phoenix} {versions[-1].number} {ref.tag}",
            )
        return found
    if ref.version in (None, LATEST):
        return versions[-1]
    for version in versions:
        if ref.version in (version.number, version.id):
            return version
    raise CandidateError(
        f"{ref.phoenix} has no version {ref.version} at {connection.address.shown}: it has 1 to {len(versions)}",
        next_step=f"name one of them, or its id as Phoenix shows it: version {len(versions)} is {versions[-1].id}",
    )


async def tagged(
    connection: Connection, name: str, tag: str, versions: Sequence[HubPrompt] | None = None
) -> HubPrompt | None:
    """Return the version of a prompt that has a tag; None where none has. `versions` spares asking for them.

    Raises PhoenixError.
    """
    path = f"v1/prompts/{quote(name, safe='')}/tags/{quote(tag, safe='')}"
    try:
        answer = await connection.rest("GET", path, doing=f"the tag {tag} of {name} could not be read")
    except PhoenixError as error:
        if error.status == 404:
            return None
        raise
    data = answer.get("data") if isinstance(answer, dict) else None
    wanted = data.get("id") if isinstance(data, dict) else None
    known = versions if versions is not None else await versions_of(connection, name)
    found = next((version for version in known if version.id == wanted), None)
    if found is None:  # it was tagged while the versions were listed
        found = next((each for each in await versions_of(connection, name) if each.id == wanted), None)
    if found is None:
        raise PhoenixError(
            f"the tag {tag} of {name} is on a version that {connection.address.shown} does not list", status=200
        )
    return found


async def move_tag(
    connection: Connection, tag: str, to: HubPrompt, *, expected: HubPrompt | None, description: str
) -> TagMove:
    """Move a tag to a version, and see that it is there.

    `expected` is the version that a verdict compared with, None for a tag that is to be new: where the tag is on
    another by now, somebody moved it meanwhile, and it stays. `description` is kept with the tag, for people. Moving it
    to where it is changes nothing. Raises PhoenixError.
    """
    before = await tagged(connection, to.name, tag)
    if before == to:
        return TagMove(name=to.name, tag=tag, before=before, after=to)
    if before != expected:
        now = f"version {before.number}" if before is not None else "no version"
        was = f"version {expected.number}" if expected is not None else "no version"
        raise PhoenixError(
            f"the tag {tag} of {to.name} is on {now} by now, and {was} was compared with: it is left where it is",
            status=409,
            next_step="evalgate run once more, then move it",
        )
    doing = f"the tag {tag} of {to.name} could not be moved to version {to.number}"
    body = {"name": tag, "description": description}
    await connection.rest("POST", f"v1/prompt_versions/{quote(to.id, safe='')}/tags", doing=doing, body=body)
    after = await tagged(connection, to.name, tag)
    if after != to:
        now = f"version {after.number}" if after is not None else "no version"
        raise PhoenixError(f"{doing}: it is on {now} right after", status=409, next_step="look who else moves it")
    return TagMove(name=to.name, tag=tag, before=before, after=to)


async def _all(connection: Connection, path: str, doing: str) -> list[Any]:
    """Return everything that a listing has."""
    listed = pages(_Listed, connection, path, doing=doing, query={"limit": _PAGE})
    return [each async for page in listed for each in page.data]


async def _unknown(connection: Connection, name: str) -> CandidateError:
    """Return the error for a prompt that is not there, with what is."""
    listed = await _all(connection, "v1/prompts", "the prompts could not be listed")
    names = [str(each.get("name")) for each in listed if isinstance(each, dict)]
    close = closest(name, names)
    known = ", ".join(map(printable, sorted(names)[:_LISTED])) + (", …" if len(names) > _LISTED else "")
    hint = f": did you mean `{printable(close)}`?" if close else f": it has {known}" if names else ": it has none"
    return CandidateError(
        f"there is no prompt {name} at {connection.address.shown}{hint}",
        next_step="correct `prompt: {phoenix: …}` of the task, or write it there: evalgate prompt push FILE --to "
        + name,
    )
