"""Which candidates say what another one says, or what is golden already: wholly, or nearly.

A conversation that went on has most of its words in common with itself one turn before, and asks something else: near
is what is near as a whole and in what was asked last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What is compared of an input: a key of all that it says, and the signatures of it and of what was asked last.

    Without signatures only the same is found. `last` is None where it is all that was said.
    """

    key: bytes
    whole: Signature | None = None
    last: Signature | None = None


def said_in(value: Mapping[str, Json], *, near: bool = True) -> Said:
    """Return what is compared of an input, with signatures where what is `near` is looked for."""
    if not near:
        return Said(key=content_key(value))
    whole, last = said(value), asked_last(value)
    own = _signature(whole)
    theirs = None if last == whole else _signature(last)
    same = theirs is None or bool((own == theirs).all())
    return Said(key=content_key(value), whole=own, last=None if same else theirs)


class Inputs:
    """Inputs that there are, and whether another one is among them. About 3 kB of memory for each."""

    def __init__(self, *, at_least: float | None = NEAR) -> None:
        self._at_least = at_least
        self._exact: dict[bytes, tuple[str, bool]] = {}
        self._near = Likenesses(at_least=at_least or 1.0)
        self.near: Final = at_least is not None
        self._last: dict[str, Signature] = {}
        self._golden: set[str] = set()

    def add(self, identity: str, said: Said, *, golden: bool = False) -> None:
        """Take an input, golden or not."""
        self.double(identity, said, golden=golden, always=True)

    def double(self, identity: str, said: Said, *, golden: bool = False, always: bool = False) -> Double | None:
        """Return what an input is like; where that is nothing, or `always`, it is taken itself."""
        there = self._exact.get(said.key)
        if there is not None:
            return Double(reason=Reason.GOLDEN if there[1] else Reason.DUPLICATE, of=there[0], likeness=1.0)
        if said.whole is not None and not always:
            near = self._nearest(said.whole, said.whole if said.last is None else said.last)
            if near is not None:
                reason = Reason.NEAR_GOLDEN if near[0] in self._golden else Reason.NEAR_DUPLICATE
                return Double(reason=reason, of=near[0], likeness=near[1])
        self._exact[said.key] = (identity, golden)
        if golden:
            self._golden.add(identity)
        if said.whole is not None:
            self._near.add_signature(identity, said.whole)
            # One turn is its own last one, and kept once.
            self._last.update({} if said.last is None else {identity: said.last})
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
