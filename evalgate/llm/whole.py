"""The JSON object that a whole answer is, whatever the protocol, or the failure in its place."""

from __future__ import annotations

from collections.abc import Mapping

from evalgate.jsontext import strict_json
from evalgate.llm.call import Response
from evalgate.llm.failures import Garbled
from evalgate.llm.statuses import failure_of_error, failure_of_status
from evalgate.records import JsonObject


def whole_document(response: Response) -> JsonObject:
    """Return what a response holds. Raises CallFailed, retryable where another attempt may be whole."""
    if not response.good:
        raise failure_of_status(response)
    try:
        document = strict_json(response.body)
    except ValueError:
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise Garbled(f"the answer ({kind}) is not JSON: {response.excerpt(120)}", retry=True) from None
    if not isinstance(document, Mapping):
        raise Garbled(f"the answer is not a JSON object: {response.excerpt(120)}", retry=True)
    if document.get("error"):
        raise failure_of_error(response, document["error"])
    return document
