"""PNG files made small: 256 colours, which is all that a page of text and a few marks needs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256


def small(png: bytes) -> bytes:
    """Return a picture of true colours (8 bits, not interlaced) as one of a palette."""
    pixels = _pixels(png)
    colours, places, counts = np.unique(
        pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )  # fmt: skip
    palette = colours[np.argsort(-counts)[:_COLOURS]].astype(int)
    nearest = np.abs(colours[:, None, :].astype(int) - palette[None, :, :]).sum(axis=2).argmin(axis=1)
    height, width = pixels.shape[:2]
    lines = nearest[places].astype(np.uint8).reshape(height, width)
    data = np.hstack([np.zeros((height, 1), np.uint8), lines]).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette.astype(np.uint8).tobytes()), (b"IDAT", zlib.compress(data, 9)))
    return SIGNATURE + b"".join(chunk(*each) for each in (*chunks, (b"IEND", b"")))


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one part of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert png.startswith(SIGNATURE)
    at = len(SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size


def _pixels(png: bytes) -> np.ndarray:
    parts = list(_chunks(png))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    assert (depth, interlaced) == (8, 0)
    channels = {2: 3, 6: 4}[colour]
    data = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    lines = np.frombuffer(data, np.uint8).reshape(height, 1 + width * channels)
    above = np.zeros(width * channels, np.uint8)
    rows = []
    for line in lines:
        above = _unfiltered(int(line[0]), line[1:], above, channels)
        rows.append(above)
    return np.array(rows).reshape(height, width, channels)[:, :, :3]


def _unfiltered(kind: int, line: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    if kind == 0:
        return line
    if kind == 1:
        return line.reshape(-1, step).cumsum(axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    found, up = line.tolist(), above.tolist()
    for at, value in enumerate(found):
        left = found[at - step] if at >= step else 0
        corner = up[at - step] if at >= step else 0
        found[at] = (value + ((left + up[at]) // 2 if kind == 3 else _paeth(left, up[at], corner))) % 256
    return np.array(found, np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
