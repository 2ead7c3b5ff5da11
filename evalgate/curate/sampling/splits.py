"""Which split an example goes to: by a hash, so that neither time nor a seed ever moves it. Pure."""

from __future__ import annotations

import hashlib

from evalgate.curate.candidates import Candidate

REGRESSION = "regression"
HOLDOUT = "holdout"


def split_of(candidate: Candidate, *, holdout: float) -> str | None:
    """Return the split of a candidate: the one that it has, or one of two by a share; None where there are no splits.

    What belongs to one conversation, or to one trace, goes to one split: its turns repeat one another.
    """
    if candidate.split is not None or holdout <= 0:
        return candidate.split
    together = (candidate.source.get("session"), candidate.source.get("trace"), candidate.id)
    whose = next(each for each in together if isinstance(each, str) and each)
    digest = hashlib.blake2b(f"split:{whose}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return HOLDOUT if int.from_bytes(digest, "big") / 2**64 < holdout else REGRESSION
