"""Whose turn it is: the order in which the sides of a suite ask.

Whoever asks an endpoint first waits a little less or more for it: connections are opened, answers are read one after
another. So the sides take one example at a time, and lots are drawn for who goes first in each. Then two equal sides
could trade any example without a change, which is what the comparison of latencies goes by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from evalgate.engine.work import Draw, Work


def in_turn(works: Sequence[Work], seed: str) -> Iterator[tuple[int, Draw]]:
    """Yield (place in `works`, draw) of all that they have to draw: the next of each in an order by lot, and again.

    One seed gives one order. Draws are read as they are needed.
    """
    streams = [(place, iter(work.draws)) for place, work in enumerate(works)]
    while streams:
        heads = [(place, draws, next(draws, None)) for place, draws in streams]
        streams = [(place, draws) for place, draws, head in heads if head is not None]
        together = [(place, head) for place, _, head in heads if head is not None]
        yield from sorted(together, key=lambda turn: _lot(works[turn[0]], turn[1], seed))


def _lot(work: Work, draw: Draw, seed: str) -> bytes:
    drawn = json.dumps([seed, work.suite, work.side.value, draw.example.id, draw.sample])
    return hashlib.blake2b(drawn.encode(), digest_size=8).digest()
