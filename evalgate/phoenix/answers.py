"""What a Phoenix server answers, read into models: of a shape that was not expected, one error in plain words."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from evalgate.phoenix.connection import Connection, PhoenixError


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
