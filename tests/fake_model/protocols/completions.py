"""OpenAI's chat completions."""

from __future__ import annotations

from typing import Any

from tests.fake_model.streams import chat_stream

CONTENT_TYPE = "text/event-stream; charset=utf-8"


def chat(body: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the request as it is."""
    return body


def answer(whole: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the completion as it is."""
    return whole


def stream(body: dict[str, Any], answered: dict[str, Any]) -> list[bytes]:
    """Return the chunks."""
    return chat_stream(body, answered)


def error(status: int, message: str, code: Any) -> dict[str, Any]:
    """Return an error's body."""
    return {"error": {"message": message, "type": "fake", "param": None, "code": code}}
