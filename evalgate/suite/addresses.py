"""What the address of a service must be, and that no secret is part of it: configs are recorded and shown."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"https?://(?P<credentials>[^/?#\s]*@)?(?:\[[0-9a-f:.]+\]|[^\s/?#@:\[\]\x00-\x1f]+)(?::(?P<port>\d{1,5}))?"
    r"(?:/[^\s?#]*)?(?:\?(?P<query>[^\s#]*))?(?:#\S*)?",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(r"(?:^|[?&;])([^=&;]*(?:key|token|secret|password|signature|sig|auth))=", re.IGNORECASE)
_GITHUB_TOKEN: Final = "EVALGATE_GITHUB_TOKEN"


def wrong_with(url: str) -> tuple[str, str] | None:
    """Return what is wrong with an address, in words that do not repeat it, and what to do; None where nothing is."""
    found = _ADDRESS.fullmatch(url)
    if found is None or not 0 < int(found["port"] or 1) < 65_536:
        return "is not an http(s) address", "write it like https://host/v1"
    if found["credentials"]:
        return "has credentials in it", "take them out and name the environment variable that holds them instead"
    named = _SECRET.search(found["query"] or "")
    if named is not None:
        return (
            f"has what looks like a key in it (`{named[1][:40]}`)",
            "take it out and name the environment variable that holds it: api_key_env, with api_key_header",
        )
    return None


def for_services(variable: str) -> str:
    """Return a variable's name, for the key of a service. Raises ValueError for GitHub's token, which goes to no other.

    A config may come with a pull request, and name any address beside it.
    """
    if variable.upper() == _GITHUB_TOKEN:
        raise ValueError(f"{_GITHUB_TOKEN} is for GitHub alone: name the variable of this service's own key")
    return variable


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
