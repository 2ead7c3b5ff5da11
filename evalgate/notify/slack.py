"""A message as Slack's incoming webhooks take it, in which nothing is a mention, a link or a command but ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

_LIMIT: Final = 2_000
"""Characters of one part; Slack cuts what is longer than 40,000 in all."""
_JOINER: Final = "\u2060"
"""Seen by nobody, and what it stands in is no address, no mention and no mark any more."""
_ACTIVE: Final = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=[@*_~`])|(?=[*_~`])", re.IGNORECASE)
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def message(lines: list[str], *, links: Mapping[str, str]) -> bytes:
    """Return the body of a message: `lines` as they stand, and `links` by their words.

    Raises ValueError for a link that could end its own mark-up.
    """
    shown = [literal(line) for line in lines]
    return json.dumps({"text": "\n".join([*shown, " · ".join(map(_link, links, links.values()))]).rstrip()}).encode()


def literal(text: str) -> str:
    """Return one line of mark-up that Slack shows as `text`."""
    line = "".join(each if each.isprintable() else " " for each in text)
    line = line if len(line) <= _LIMIT else f"{line[: _LIMIT - 1]}…"
    return _ACTIVE.sub(_JOINER, line.translate(_ESCAPED))


def _link(words: str, address: str) -> str:
    if re.search(r"[<>|\s]", address) or not address.startswith(("https://", "http://")):
        raise ValueError(f"the address of {words!r} is none that can be linked")
    return f"<{address}|{literal(words)}>"
