"""One version of a prompt in Phoenix: its name, its number, and what it says, as the server has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from evalgate.canonical import content_hash
from evalgate.records import JsonObject

_CONTENT: Final = (
    "model_provider",
    "model_name",
    "template",
    "template_type",
    "template_format",
    "invocation_parameters",
    "tools",
    "response_format",
)
"""What of a version its answers depend on: not its id, and not what people say about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubPrompt:
    """One version. `number` counts the versions of its prompt from 1, as the UI does; `id` is what the server calls it.

    `content` is the version as REST has it, without id, description and metadata. `copied` says that Phoenix was not
    reached, and this is the copy of before.
    """

    name: str
    number: int
    id: str
    content: JsonObject = field(repr=False)
    copied: bool = field(default=False, compare=False)

    @property
    def shown(self) -> str:
        """Return what people call it."""
        return f"{self.name} version {self.number}"

    @property
    def record(self) -> str:
        """Return which version it is as a build records it; `recorded_id` reads its id from that."""
        return f"version {self.number} {self.id} {self.digest}"

    @property
    def digest(self) -> str:
        """Return the SHA-256 of its content: two versions that say the same have one."""
        return content_hash(self.content)

    @property
    def provider(self) -> str:
        """Return whose model it is meant for, as Phoenix writes it: OPENAI."""
        return str(self.content.get("model_provider", ""))

    @property
    def model(self) -> str:
        """Return the name of that model, without an endpoint."""
        return str(self.content.get("model_name", ""))


def recorded_id(record: str) -> str | None:
    """Return the id in what a build recorded of a version; None in anything else."""
    words = record.split(" ")
    return words[2] if len(words) == 4 and words[0] == "version" else None


def content_of(version: Mapping[str, Any]) -> JsonObject:
    """Return the content of a version as REST has it. What is null is not there, as the server itself leaves it out."""
    return {key: version[key] for key in _CONTENT if version.get(key) is not None}
