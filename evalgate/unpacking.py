"""The body of an answer, unpacked only as far as it may be long: a few kilobytes can hold gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Final

ACCEPTED: Final = "gzip"
"""What is asked for as Accept-Encoding."""
_PACKED: Final = frozenset({"gzip", "x-gzip"})
_PLAIN: Final = frozenset({"", "identity"})


class TooLongError(ValueError):
    """A body is longer than it may be."""


async def unpacked_body(parts: AsyncIterator[bytes], encoding: str, *, most: int) -> bytes:
    """Return the body whose bytes come as `parts`, packed as Content-Encoding says, `most` bytes of it at the most.

    Raises TooLongError, and ValueError for what is packed otherwise, twice, or badly.
    """
    packed = encoding.strip().lower()
    if packed not in _PACKED | _PLAIN:
        raise ValueError("it is packed in a way that nobody asked for")
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed in _PACKED else None
    body = bytearray()
    async for part in parts:
        try:
            body += part if unpacking is None else unpacking.decompress(part, most + 1 - len(body))
        except zlib.error:
            raise ValueError("it is packed badly") from None
        if len(body) > most:
            raise TooLongError(f"an answer of more than {most / 1024**2:g} MB")
    return bytes(body)
