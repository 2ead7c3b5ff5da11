"""Which candidates say what another one says, or what is golden already: wholly, or nearly.

A conversation that went on has most of its words in common with itself one turn before, and asks something else: near
is what is near as a whole and in what was asked last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalgate.curate.cleaning.findings import STAND_IN
from evalgate.curate.cleaning.quality import Reason
from evalgate.curate.texts.likeness import NEAR, Likenesses, Signature, signature
from evalgate.curate.texts.wording import asked_last, content_key, said
from evalgate.records import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Double:
    """What an input is too much like: `of` which id, and how much, 0 to 1."""

    reason: Reason
    of: str
    likeness: float


class Inputs:
    """Inputs that there are, and whether another one is among them. About 3 kB of memory for each."""

    def __init__(self, *, at_least: float | None = NEAR) -> None:
        self._at_least = at_least
        self._exact: dict[bytes, tuple[str, bool]] = {}
        self._near = Likenesses(at_least=at_least or 1.0)
        self._last: dict[str, Signature] = {}
        self._golden: set[str] = set()

    def add(self, identity: str, value: Mapping[str, Json], *, golden: bool = False) -> None:
        """Take an input, golden or not."""
        self.double(identity, value, golden=golden, always=True)

    def double(
        self, identity: str, value: Mapping[str, Json], *, golden: bool = False, always: bool = False
    ) -> Double | None:
        """Return what an input is like; where that is nothing, or `always`, it is taken itself."""
        key = content_key(value)
        there = self._exact.get(key)
        if there is not None:
            return Double(reason=Reason.GOLDEN if there[1] else Reason.DUPLICATE, of=there[0], likeness=1.0)
        own = last = None
        if self._at_least is not None:
            whole, asked = said(value), asked_last(value)
            own = _signature(whole)
            last = own if asked == whole else _signature(asked)
            near = None if always else self._nearest(own, last)
            if near is not None:
                reason = Reason.NEAR_GOLDEN if near[0] in self._golden else Reason.NEAR_DUPLICATE
                return Double(reason=reason, of=near[0], likeness=near[1])
        self._exact[key] = (identity, golden)
        if golden:
            self._golden.add(identity)
        if own is not None and last is not None:
            self._near.add_signature(identity, own)
            # One turn is its own last one, and kept once.
            self._last.update({} if (own == last).all() else {identity: last})
        return None

    def _nearest(self, own: Signature, last: Signature) -> tuple[str, float] | None:
        for of, likeness in self._near.near_signature(own):
            theirs = self._last.get(of)
            if theirs is None or float((theirs == last).mean()) >= (self._at_least or 1.0):
                return of, likeness
        return None


def _signature(text: str) -> Signature:
    """Return a text's signature; whose name is in it makes no difference, nor by which key it was hidden."""
    return signature(STAND_IN.sub(lambda found: found[0].partition("_")[0], text))
