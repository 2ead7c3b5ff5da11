"""Whether a Phoenix server is there, which version it is, and whether it takes the key: one read."""

from __future__ import annotations

from dataclasses import dataclass

from evalgate.phoenix.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """What a server said of itself. `version` is None where it did not say it; `old` where it is one of before."""

    version: str | None
    old: str


async def greet(connection: Connection) -> Greeting:
    """Read what takes the key. Raises PhoenixError."""
    await connection.rest("GET", "v1/projects", doing="whether it takes the key", query={"limit": 1})
    found = connection.version
    return Greeting(version=None if found is None else ".".join(map(str, found)), old=connection.outdated)
