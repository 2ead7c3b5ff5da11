"""One message to one webhook: tried again for a while, and over in time whatever becomes of it."""

from __future__ import annotations

import time
from typing import Final

from evalgate.errors import ConfigurationError, MeasurementError

_TRIES: Final = 3
_TRY_S: Final = 5.0
_WAIT_S: Final = 1.0
_RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})


def send(address: str, body: bytes, *, variable: str) -> None:
    """Send a message in JSON; at most about 20 seconds. `variable` is where the address, a secret, comes from.

    Raises ConfigurationError for an address that is none, MeasurementError where nobody took the message.
    """
    import httpx

    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, TypeError, ValueError):
        url = httpx.URL()
    if url.scheme not in ("https", "http") or not url.host:
        raise ConfigurationError(
            f"{variable} holds no address", next_step=f"set {variable} to the webhook's, https://…"
        )
    said = ""
    # What a redirect leads to is nothing that anybody configured.
    with httpx.Client(timeout=_TRY_S, follow_redirects=False) as client:
        for number in range(_TRIES):
            if number:
                time.sleep(_WAIT_S * number)
            try:
                with client.stream("POST", url, content=body, headers={"Content-Type": "application/json"}) as answer:
                    status = answer.status_code
            except httpx.HTTPError as error:
                said = type(error).__name__  # its text may have the address
                continue
            if 200 <= status < 300:
                return
            said = f"HTTP {status}"
            if status not in _RETRIED:
                break
    raise MeasurementError(f"the webhook of {variable} did not take the message ({said})")
