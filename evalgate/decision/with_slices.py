"""What slices change of a check's verdict, and how its reason tells of them: for scores and what runs take alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalgate.decision import words
from evalgate.decision.number_words import count
from evalgate.decision.results import Comparison, SliceDecision
from evalgate.records import Verdict, worst

_TOLD = 3
"""So many slices are told in full; each has its own reason too."""


def with_slices(
    own: Verdict,
    told: words.Told,
    slices: Sequence[SliceDecision],
    slice_too: Callable[[str, str, int, Comparison], str],
) -> tuple[Verdict, words.Told]:
    """Return the verdict on all examples (`own`, as it is `told`) with FAILs of slices and required INCONCLUSIVEs.

    `slice_too` says the drop of a slice alone, where the check's own words stand before it.
    """
    counted = [part for part in slices if _counts(part)]
    verdict = worst([own, *(part.verdict for part in counted)])
    deciding = [part for part in counted if part.verdict is verdict]
    reasons = [told.reason] if own is verdict else []
    briefly = slice_too if reasons else None
    reasons += [_said(part, briefly) for part in deciding[:_TOLD]]
    if len(deciding) > _TOLD:
        reasons.append(f"So do {count(len(deciding) - _TOLD, 'more slice')}.")
    at_slice = words.LOOK_AT_SLICE if verdict is Verdict.FAIL else words.FEED_SLICE
    return verdict, words.Told(reason=" ".join(reasons), next_step=told.next_step if own is verdict else at_slice)


def _counts(part: SliceDecision) -> bool:
    """Return whether a slice changes its check's verdict."""
    return part.verdict is Verdict.FAIL or (part.required and part.verdict is Verdict.INCONCLUSIVE)


def _said(part: SliceDecision, briefly: Callable[[str, str, int, Comparison], str] | None) -> str:
    if briefly is not None and part.verdict is Verdict.FAIL and part.comparison is not None:
        return briefly(part.path, part.value, part.examples, part.comparison)
    return f"{words.slice_place(part.path, part.value, part.examples)}: {part.reason}"
