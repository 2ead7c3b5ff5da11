"""What the server is told to do: the first rule that fits a request settles its answer, its latency and its fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

FAULTS: Mapping[str, str] = {
    "status": "answers `status` with an error body (429, 500, 503, 401, 404 …) and `headers`",
    "quota": "429 with the code insufficient_quota",
    "hang": "accepts the request and says nothing",
    "reset": "drops the connection before answering",
    "reset_mid_body": "drops the connection in the middle of the body",
    "cut_stream": "an event stream that stops half-way",
    "truncated_json": "a whole response whose JSON stops half-way",
    "wrong_content_type": "an HTML page with status 200",
    "empty_choices": "a completion without a choice",
    "null_content": "a choice whose content is null",
    "refusal": "a choice with a refusal",
    "content_filter": "a choice stopped by the content filter",
    "filtered_prompt": "400 with the code content_filter",
    "error_in_200": "status 200 with an error object of code `status`",
    "huge": "a body of `size` bytes",
    "redirect": "a redirect to `location` with `status` (default 307)",
    "echo_key": "401 whose message repeats the key",
    "echo_headers": "`status` with a message that repeats every header of the request",
}


@dataclass(kw_only=True)
class Throttle:
    """A limit that the server keeps: `requests` at once and as many again every `seconds`, refilled steadily.

    `told` says which of its headers it sends: retry-after with a 429, x-ratelimit-* with every answer.
    """

    requests: int
    seconds: float
    told: tuple[str, ...] = ("retry-after", "x-ratelimit")
    level: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.level = float(self.requests)

    def admit(self, now: float) -> tuple[bool, dict[str, str]]:
        """Return whether a request that comes now is served, and the headers of its answer."""
        rate = self.requests / self.seconds
        if self.at is not None:
            self.level = min(float(self.requests), self.level + (now - self.at) * rate)
        self.at = now
        served = self.level >= 1
        self.level -= served
        headers = {}
        if "x-ratelimit" in self.told:
            headers = {
                "x-ratelimit-limit-requests": str(self.requests),
                "x-ratelimit-remaining-requests": str(int(self.level)),
                "x-ratelimit-reset-requests": f"{(self.requests - self.level) / rate * 1000:.0f}ms",
            }
        if not served and "retry-after" in self.told:
            headers["retry-after-ms"] = f"{(1 - self.level) / rate * 1000:.0f}"
        return served, headers


@dataclass(kw_only=True)
class Rule:
    """`when` is a substring of the last user message, `model` a model's name, `has` a key of the body; None fits all.

    It applies `times` times (None: always), and to a seeded `share` of the calls that fit. `reply` is echo, random,
    judge (a gullible one), reader (one that reads), headers (those of the request) or any other text as it stands.
    `thinking` is what the model says that it thought. `finish_reason`, `tool_calls` and `usage` override what would
    be computed, `message` what an error of `status` says.
    """

    when: str | None = None
    model: str | None = None
    has: str | None = None
    times: int | None = None
    share: float = 1.0
    reply: str | None = None
    thinking: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    latency: float = 0.0
    fault: str | None = None
    status: int = 500
    message: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    location: str = "/"
    size: int = 17 * 1024 * 1024
    used: int = 0

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"{self.fault!r} is no fault: {', '.join(FAULTS)}")

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Rule:
        """Read a rule that came as JSON; unknown keys are errors."""
        unknown = set(data) - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        return cls(**data)

    def fits(self, body: Mapping[str, Any], *, text: str, call: int, seed: int) -> bool:
        """Return whether this rule applies to the server's `call`-th call."""
        if self.times is not None and self.used >= self.times:
            return False
        if self.model not in {None, body.get("model", "")} or (self.when is not None and self.when not in text):
            return False
        if self.has is not None and self.has not in body:
            return False
        return self.share >= 1.0 or _fraction(f"{seed}:{call}") < self.share


def _fraction(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big") / 2**56
