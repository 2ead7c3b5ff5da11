"""What a Phoenix server answers, page by page, read into models: of another shape, one error in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.listing import Listing

_PAGES: Final = 1_000
"""A server that gives more pages than this of one listing gives pages without end."""


class Answer(BaseModel):
    """A part of an answer; what it holds beside what is declared is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Page(Answer):
    """A page of a listing by REST."""

    data: tuple[Any, ...]
    next_cursor: str | None = None

    def things(self) -> Iterator[str]:
        """Yield what tells each thing on it from all others."""
        return map(repr, self.data)


class PageInfo(Answer):
    """Where a page of a listing by GraphQL ends."""

    hasNextPage: bool  # noqa: N815  # as GraphQL names it
    endCursor: str | None = None  # noqa: N815


_Read = TypeVar("_Read", bound=Answer)
_Paged = TypeVar("_Paged", bound=Page)


def read_answer(model: type[_Read], answer: Any, connection: Connection, *, doing: str) -> _Read:
    """Return an answer as `model`. Raises PhoenixError that says what it was for and which part is not as expected."""
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        raise PhoenixError(
            f"{doing}: {connection.address.shown} gave no usable answer: {where}: {first['msg']}{connection.outdated}",
            status=200,
            next_step="upgrade that server"
            if connection.outdated
            else "check that the address is that of a Phoenix server",
        ) from None


async def pages(
    model: type[_Paged], connection: Connection, path: str, *, doing: str, query: Mapping[str, Any]
) -> AsyncIterator[_Paged]:
    """Yield a listing by REST page by page. Raises PhoenixError, also for one that has no end."""
    listing = Listing(connection, doing=doing)
    cursor: str | None = None
    for _ in range(_PAGES):
        asked = {**query, **({} if cursor is None else {"cursor": cursor})}
        page = read_answer(model, await connection.rest("GET", path, doing=doing, query=asked), connection, doing=doing)
        yield page
        cursor = listing.following(page.things(), page.next_cursor, more=bool(page.next_cursor))
        if cursor is None:
            return
    raise PhoenixError(f"{doing}: {connection.address.shown} lists pages without an end", status=200)
