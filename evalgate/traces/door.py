"""A process's way to send its spans here: what it must see of the environment, and which runs it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from evalgate.records import TaskOutcome
from evalgate.traces.runs import Key, Runs, TracedRun

TOKEN_HEADER: Final = "x-evalgate-program"
LINGER: Final = 5.0
"""Seconds after its end in which what a process sent is still read."""
_DELAY_MS: Final = "100"
_DIRECT: Final = "127.0.0.1,localhost"
_OTLP: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PHOENIX: Final = ("PHOENIX_COLLECTOR_ENDPOINT",)


def surroundings(port: int, token: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which OpenTelemetry's and Phoenix's libraries send spans to `port` of this machine.

    What a program's `own` environment says of where they go stands, whole.
    """
    address = f"http://127.0.0.1:{port}"
    found = {"NO_PROXY": _DIRECT, "no_proxy": _DIRECT, "OTEL_BSP_SCHEDULE_DELAY": _DELAY_MS}
    if not any(name in own for name in _OTLP):
        found |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{address}/{token}",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{address}/{token}/v1/traces",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
        }
    if not any(name in own for name in _PHOENIX):
        # Its library takes no longer path than this for OTLP over HTTP, so the token goes into a header.
        found |= {
            "OTEL_EXPORTER_OTLP_HEADERS": f"{TOKEN_HEADER}={token}",
            "PHOENIX_COLLECTOR_ENDPOINT": f"{address}/v1/traces",
            "PHOENIX_GRPC_PORT": str(port),
            "PHOENIX_DISCOVER_CONFIG": "false",
        }
    return found


@dataclass(kw_only=True, slots=True, eq=False)
class TraceDoor:
    """One process, as `workers` sees its door. `defaults` hold where its own environment does not say otherwise."""

    token: str = field(repr=False)
    runs: Runs
    now: Callable[[], float]
    defaults: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = field(default=(), repr=False)
    """What must not be told of: its own token, and those of other doors of the process."""
    closed_at: float | None = None
    _held: dict[Key, TracedRun] = field(default_factory=dict, repr=False)

    @property
    def process(self) -> int:
        """Return the number that runs know the process by."""
        return int(self.token, 16)

    def without_tokens(self, body: bytes) -> bytes:
        """Return what it sent without the tokens, which spans of HTTP clients have in addresses. It stays as long."""
        for token in self.hidden:
            body = body.replace(token.encode(), b"*" * len(token))
        return body

    def enter(self, key: Key, trace: str | None) -> None:
        """The process begins a run, which was given this `traceparent`."""
        run = self.runs.begin(self.process, trace or "")
        if run is not None:
            self._held[key] = run

    def settle(self, key: Key, outcome: TaskOutcome) -> TaskOutcome:
        """The run ended; what its spans say is read later, so that the process is free."""
        run = self._held.pop(key, None)
        if run is not None:
            run.ended = self.now()
        return outcome

    def close(self) -> None:
        """The process is gone; what it sent with its last breath may be on its way."""
        self.closed_at = self.now()

    @property
    def over(self) -> bool:
        """Whether nothing that it sent can be on its way any more."""
        return self.closed_at is not None and self.now() >= self.closed_at + LINGER
