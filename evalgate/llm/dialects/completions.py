"""OpenAI's chat completions, which most endpoints speak: nothing is translated."""

from __future__ import annotations

from typing import Final

from evalgate.llm.dialects.dialect import Asked, Written
from evalgate.records import Json, JsonObject

ANSWER: Final = "chat completion"


def write(asked: Asked) -> Written:
    """Return the request."""
    body: dict[str, Json] = {"model": asked.model, "messages": list(asked.messages)}
    optional = {
        "tools": list(asked.tools),
        "tool_choice": asked.tool_choice,
        "response_format": asked.response_format,
    }
    body.update({key: value for key, value in optional.items() if value})
    body.update(asked.parameters)
    return Written(path="/chat/completions", body=body)


def read(document: JsonObject) -> JsonObject | None:
    """Return the answer as it came."""
    return document if isinstance(document.get("choices"), list) else None
