"""What an error response is: by its status, the provider's code, and its words where nothing else tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from evalgate.jsontext import strict_json
from evalgate.llm.call import Response
from evalgate.llm.failures import BadRequest, CallFailed, ContentFiltered, RateLimited, Refused, ServerFault
from evalgate.llm.retry import requested_delay
from evalgate.llm.wording import one_line
from evalgate.records import Json

MESSAGE_LIMIT: Final = 500
"""Characters of a provider's message that are kept."""

_NO_MORE: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"})
_NOT_THE_REQUEST: Final = (
    "credit balance is too low",
    "api key not valid",
    "api key expired",
    "location is not supported",
)
"""What a provider says under a 400 though nothing is wrong with the request."""
_STATUS: Final[Mapping[str, int]] = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "throttlingException": 429,
    "invalid_request_error": 400,
    "validationException": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "overloaded_error": 529,
}
"""The status that an error which came under another one (in a stream) would have had by itself."""


def failure_of_status(response: Response) -> CallFailed:
    """Return the failure that a response outside 2xx is, with the provider's own message."""
    status = response.status
    code, said, delay = _provider_message(response)
    message = f"answered {status}: {said}"
    wait = requested_delay(response.headers)
    after = delay if wait is None else wait
    if status == 429 and (code in _NO_MORE or response.headers.get("x-should-retry") == "false"):
        return Refused(message, status=status)
    if status == 429:
        return RateLimited(message, status=status, retry=True, retry_after=after)
    # 424 is Bedrock's word for a model that failed.
    if status in {408, 409, 424} or status >= 500:
        return ServerFault(message, status=status, retry=True, retry_after=after)
    if status in {401, 402, 403, 404} or code in _NO_MORE or any(each in said.lower() for each in _NOT_THE_REQUEST):
        return Refused(message, status=status)
    if code == "content_filter":
        return ContentFiltered(message, status=status)
    return BadRequest(message, status=status)


def failure_of_error(response: Response, error: Json) -> CallFailed:
    """Class an error that came under a 200: by its own code or type where that tells, else as the server's fault."""
    found = error if isinstance(error, Mapping) else {}
    status = next((known for key in ("code", "type") if (known := _status(found.get(key))) is not None), 500)
    inner = replace(response, status=status, cost=None, from_cache=False)
    return failure_of_status(inner).reworded(lambda message: f"{message} (inside a 200)")


def _status(code: Json) -> int | None:
    if isinstance(code, str) and code in _STATUS:
        return _STATUS[code]
    found = re.fullmatch("[45][0-9][0-9]", str(code)) if isinstance(code, int | str) else None
    return int(found[0]) if found else None


def _provider_message(response: Response) -> tuple[str | None, str, float | None]:
    """Return the provider's error code, its message and the delay that it asks for, from any of the shapes in use."""
    try:
        document = strict_json(response.body)
    except ValueError:
        return None, response.excerpt() or "no message", None
    error = document.get("error", document) if isinstance(document, Mapping) else document
    if not isinstance(error, Mapping):
        return None, one_line(str(error), MESSAGE_LIMIT), None
    code = next((value for key in ("code", "type") if isinstance(value := error.get(key), str)), None)
    said = next((value for key in ("message", "detail", "Message") if isinstance(value := error.get(key), str)), None)
    words = one_line(said, MESSAGE_LIMIT) if said else response.excerpt() or "no message"
    return code, words, _retry_delay(error.get("details"))


def _retry_delay(details: Json) -> float | None:
    """Return the seconds that Google asks to wait, which it says in the body: {"retryDelay": "34s"}."""
    for detail in details if isinstance(details, list) else ():
        asked = detail.get("retryDelay") if isinstance(detail, Mapping) else None
        if not isinstance(asked, str):
            continue
        try:
            return max(0.0, float(asked.removesuffix("s")))
        except ValueError:
            continue
    return None
