"""What a Phoenix server answers, read into models: of a shape that was not expected, one error in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from evalgate.phoenix.connection import Connection, PhoenixError

MOST_PAGES: Final = 1_000
"""A server that gives more pages than this gives pages without end."""


class Answer(BaseModel):
    """A part of an answer; what it holds beside what is declared is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


_Read = TypeVar("_Read", bound=Answer)


def read_answer(model: type[_Read], answer: Any, connection: Connection, *, doing: str) -> _Read:
    """Return an answer as `model`. Raises PhoenixError that says what it was for and which part is not as expected."""
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        raise PhoenixError(
            f"{doing}: {connection.address.shown} gave no usable answer: {where}: {first['msg']}",
            status=200,
            next_step="check that the address is that of a Phoenix server",
        ) from None


def listed(answer: Any, connection: Connection, *, doing: str) -> list[dict[str, Any]]:
    """Return what an answer lists under `data`. Raises PhoenixError: what is none is not taken for an empty one."""
    found = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise PhoenixError(f"{doing}: {connection.address.shown} gave no usable answer", status=200)
    return found


async def pages(connection: Connection, path: str, *, doing: str, limit: int) -> AsyncIterator[dict[str, Any]]:
    """Yield everything that a listing has, page by page. Raises PhoenixError, also for pages without end."""
    query: dict[str, Any] = {"limit": limit}
    for _ in range(MOST_PAGES):
        answer = await connection.rest("GET", path, doing=doing, query=query)
        for each in listed(answer, connection, doing=doing):
            yield each
        if not answer.get("next_cursor"):
            return
        query["cursor"] = answer["next_cursor"]
    raise endless(connection, doing)


def endless(connection: Connection, doing: str) -> PhoenixError:
    """Return the error for a server that gives pages without end."""
    return PhoenixError(f"{doing}: {connection.address.shown} lists pages without an end", status=200)
