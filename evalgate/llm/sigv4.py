"""Signature Version 4, by which AWS knows who calls: pure, from keys, a request and the time.

botocore has it too, in 14 MB that the action's locked environment would carry for this one function; the tests hold
this one to botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

SERVICE: Final = "bedrock"
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsKeys:
    """Credentials for one region; none of them shows in a repr."""

    access: str = field(repr=False)
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    region: str


def signed_headers(keys: AwsKeys, *, method: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that sign a request; `url` must go over the wire as it stands, `now` is in UTC.

    The host, the time and the token are signed, and the body: no other header is, as one on the way may change it.
    """
    parts = urlsplit(url)
    at = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-amz-date": at}
    if keys.token is not None:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe="/-_.~"),  # what is encoded already once more: AWS wants it so, but of S3
            _query(parts.query),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{at[:8]}/{keys.region}/{SERVICE}/aws4_request"
    text = "\n".join((_ALGORITHM, at, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_signing_key(keys, at[:8]), text.encode(), hashlib.sha256).hexdigest()
    del headers["host"]
    credential = f"{keys.access}/{scope}"
    told = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": told}


def _query(query: str) -> str:
    pairs = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _signing_key(keys: AwsKeys, day: str) -> bytes:
    key = f"AWS4{keys.secret}".encode()
    for part in (day, keys.region, SERVICE, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
