"""The name under which a run's calls of models are known, if its program passes it on: a W3C trace context."""

from __future__ import annotations

import secrets


def new_traceparent() -> str:
    """Return a `traceparent` of its own trace; it says "sampled", so that it silences nobody's tracing."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
