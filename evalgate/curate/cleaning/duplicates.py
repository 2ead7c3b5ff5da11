"""Which candidates say what another one says, or what is golden already: wholly, or nearly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalgate.curate.cleaning.findings import STAND_IN
from evalgate.curate.cleaning.quality import Reason
from evalgate.curate.likeness import NEAR, Likenesses, signature
from evalgate.curate.wording import content_key, said
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
        # Whose name it was makes no difference, nor by which key it was hidden.
        own = (
            signature(STAND_IN.sub(lambda found: found[0].partition("_")[0], said(value)))
            if self._at_least is not None
            else None
        )
        near = self._near.near_signature(own) if own is not None and not always else []
        if near:
            of, likeness = near[0]
            reason = Reason.NEAR_GOLDEN if of in self._golden else Reason.NEAR_DUPLICATE
            return Double(reason=reason, of=of, likeness=likeness)
        self._exact[key] = (identity, golden)
        if golden:
            self._golden.add(identity)
        if own is not None:
            self._near.add_signature(identity, own)
        return None
