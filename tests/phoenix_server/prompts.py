"""Prompts written to a real server for a test, as an application or a person there would."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from tests.phoenix_server import PhoenixServer


def asked(server: PhoenixServer, method: str, path: str, body: Any = None) -> Any:
    """Return the JSON of an answer; None for an empty one."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **server.headers}
    with urlopen(Request(f"{server.base_url}/{path}", data=data, headers=headers, method=method)) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def version_of(text: str, **more: Any) -> dict[str, Any]:
    """Return a version whose only message is the user's."""
    return {
        "model_provider": "OPENAI",
        "model_name": "small",
        "template": {"type": "chat", "messages": [{"role": "user", "content": text}]},
        "template_type": "CHAT",
        "template_format": "MUSTACHE",
        "invocation_parameters": {"type": "openai", "openai": {"temperature": 0.7}},
        **more,
    }


def write(server: PhoenixServer, name: str, *versions: dict[str, Any] | str) -> list[str]:
    """Write versions of a prompt, by their text or whole, and return their ids."""
    ids = []
    for each in versions:
        version = version_of(each) if isinstance(each, str) else each
        answer = asked(server, "POST", "v1/prompts", {"prompt": {"name": name}, "version": version})
        ids.append(answer["data"]["id"])
    return ids


def tag(server: PhoenixServer, version: str, name: str) -> None:
    """Put a tag on a version."""
    asked(server, "POST", f"v1/prompt_versions/{version}/tags", {"name": name})
