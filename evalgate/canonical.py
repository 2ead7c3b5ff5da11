"""One byte form for JSON values, so that equal content has one hash on every machine and for ever."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from evalgate.records import Json

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Json) -> bytes:
    """Return `value` as UTF-8 JSON with sorted keys and no spaces. NaN or an infinity raises ValueError."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def content_hash(value: Json) -> str:
    """Return the SHA-256 of the canonical form of `value`, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
