"""What goes wrong on demand, and for which requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

BEFORE: Final = frozenset(
    {
        "status",  # `status`, with GitHub's error body or `body`
        "primary_limit",  # 403 (or `status`), x-ratelimit-remaining: 0, x-ratelimit-reset in `seconds`
        "secondary_limit",  # 403 (or `status`), retry-after: `seconds`; with seconds < 0 the documented message alone
        "cut",  # the connection ends without an answer, nothing was done
        "hang",  # no answer until the server ends
        "redirect",  # `status` (default 307) to `location`
        "html",  # a page of a proxy, 200
        "truncated",  # half of a JSON document
        "nested",  # JSON without an end
        "huge",  # `size` bytes of JSON
        "echo_token",  # `status` (default 400), and the message repeats the credentials
    }
)
AFTER: Final = frozenset(
    {
        "slow",  # the answer comes after `seconds`; what was asked is done first
        "cut_after",  # it is done, and the connection ends without an answer
        "status_after",  # it is done, and the answer is `status` all the same
        "stale_list",  # an answer that is a list lacks its newest entry
    }
)


@dataclass(kw_only=True)
class Fault:
    """One thing that goes wrong: for requests whose method and path fit, `times` times, after `skip` that pass."""

    kind: str
    method: str | None = None
    path: str = ""
    """A regular expression, found anywhere in the path below the base."""
    times: int = 1
    skip: int = 0
    status: int = 0
    seconds: float = 0.0
    body: str | None = None
    location: str = ""
    size: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    used: int = 0

    def __post_init__(self) -> None:
        assert self.kind in BEFORE | AFTER, self.kind

    def takes(self, method: str, path: str) -> bool:
        """Return whether this request is hit, and count it."""
        if self.method not in (None, method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.used >= self.times:
            return False
        self.used += 1
        return True
