"""The name under which a run's calls of models and its spans are known, if its program passes it on."""

from __future__ import annotations

import secrets

from evalgate.trace_ids import traceparent_of


def new_traceparent() -> str:
    """Return a W3C `traceparent` of its own trace."""
    return traceparent_of(secrets.token_hex(16))
