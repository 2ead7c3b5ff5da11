"""Where evaluators that ask models find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evalgate.llm.call import Sender
from evalgate.suite.config import Endpoint


def _nobody() -> Sender:
    raise RuntimeError("these evaluators were built to be looked at, not to be started")


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """The endpoints of the config, and what calls to them go through (made when the first judge starts)."""

    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    sender: Callable[[], Sender] = _nobody
