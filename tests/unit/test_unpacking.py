"""A body that holds more than it may: known before it is in the memory."""

import gzip
import resource
import zlib

import pytest

from evalgate.unpacking import TooLongError, unpacked_body


async def parts(content: bytes, size: int = 65_536):
    for start in range(0, len(content), size):
        yield content[start : start + size]


def zeros(megabytes: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packing.compress(bytes(2**20)) for _ in range(megabytes))
    return packed + packing.flush()


@pytest.mark.parametrize("size", [1, 7, 65_536])
async def test_what_is_short_enough_is_whole(size):
    body = b"0123456789" * 100
    assert await unpacked_body(parts(body, size), "", most=1_000) == body
    assert await unpacked_body(parts(gzip.compress(body), size), " GZIP ", most=1_000) == body
    with pytest.raises(TooLongError, match="more than"):
        await unpacked_body(parts(gzip.compress(body), size), "gzip", most=999)
    with pytest.raises(TooLongError, match="more than"):
        await unpacked_body(parts(body, size), "identity", most=999)


async def test_a_bomb_is_never_unpacked():
    """Half a megabyte that holds half a gigabyte, and what is packed twice."""
    bomb = zeros(512)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TooLongError, match="more than 8 MB"):
        await unpacked_body(parts(bomb), "gzip", most=8 * 2**20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
    for encoding in ("gzip, gzip", "deflate", "br", "zstd"):
        with pytest.raises(ValueError, match="nobody asked for"):
            await unpacked_body(parts(gzip.compress(bomb)), encoding, most=8 * 2**20)
    with pytest.raises(ValueError, match="packed badly"):
        await unpacked_body(parts(b"no gzip"), "gzip", most=1_000)
