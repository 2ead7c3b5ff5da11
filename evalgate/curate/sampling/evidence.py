"""What candidates' marks say of them: how unsure judges are, and whether something went wrong. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.gated.neighbours import NEIGHBOUR
from evalgate.curate.pulling.remarks import remarks_of

_THRESHOLD: Final = 0.5
_CLOSE: Final = 0.25
"""As far from its threshold a score says neither yes nor no."""
_BAD: Final = frozenset(
    {
        "incorrect",
        "wrong",
        "fail",
        "failed",
        "failure",
        "bad",
        "poor",
        "thumbs_down",
        "thumbs-down",
        "thumbs down",
        "👎",
    }
    | {"hallucinated", "unfaithful", "irrelevant", "unrelated", "unhelpful", "toxic", "unsafe", "incomplete"}
)
"""Labels that speak of a failure whatever they are of; `no` does not, of `toxicity`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """How much speaks for looking at a candidate, more than 0 and at most 1, and why in words."""

    weight: float
    why: str


def uncertainty(candidate: Candidate, thresholds: Mapping[str, float]) -> Evidence | None:
    """Return how unsure those are who annotated its span: they differ, or a score is close to its threshold.

    None where nobody said anything, or everybody is sure.
    """
    found = [
        each
        for name, said in _annotations(candidate).items()
        for each in (_differing(name, said, thresholds), _close(name, said, thresholds))
        if each is not None
    ]
    return max(found, key=lambda each: each.weight, default=None)


def failure(candidate: Candidate, thresholds: Mapping[str, float]) -> Evidence | None:
    """Return why something went wrong: its span failed, an annotation says so by its label or a low score, or it asks
    what a gate found worse.
    """
    if candidate.source.get("status") == "ERROR":
        return Evidence(weight=1.0, why="its span failed")
    for name, said in _annotations(candidate).items():
        for each in said:
            if _is_bad(each, name, thresholds):
                shown = each["label"] if each["label"] is not None else f"{each['score']:g}"
                return Evidence(weight=1.0 if each["annotator"] == "HUMAN" else 0.9, why=f"{name} is {shown}")
    like = candidate.marks.get(NEIGHBOUR)
    if isinstance(like, dict) and isinstance(like.get("likeness"), float):
        return Evidence(weight=like["likeness"], why=f"it asks what {like.get('example')} does, which got worse")
    return None


def _annotations(candidate: Candidate) -> dict[str, list[dict[str, Any]]]:
    """Return what was said of its span by name, each with a label that is a text and a score that is a number."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in remarks_of(candidate):
        if isinstance(name := each.get("name"), str):
            label, score = each.get("label"), each.get("score")
            found[name].append(
                {
                    "label": label if isinstance(label, str) and label else None,
                    "score": float(score) if type(score) in {int, float} else None,  # type: ignore[arg-type]  # is one
                    "annotator": each.get("annotator"),
                }
            )
    return found


def _differing(name: str, said: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float]) -> Evidence | None:
    labels = Counter(each["label"].casefold() for each in said if each["label"] is not None)
    if len(labels) > 1:
        share = max(labels.values()) / labels.total()
        return Evidence(weight=min(1.0, 2 * (1 - share)), why=f"{labels.total()} who judged {name} differ")
    scores = [each["score"] for each in said if each["score"] is not None]
    limit = _limit(name, scores, thresholds)
    if limit is not None and min(scores) < limit <= max(scores):
        return Evidence(weight=1.0, why=f"scores of {name} lie on both sides of {limit:g}")
    return None


def _close(name: str, said: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float]) -> Evidence | None:
    scores = [each["score"] for each in said if each["score"] is not None]
    limit = _limit(name, scores, thresholds)
    if limit is None:
        return None
    mean = sum(scores) / len(scores)
    if abs(mean - limit) > _CLOSE:
        return None
    return Evidence(
        weight=1 - abs(mean - limit) / (2 * _CLOSE), why=f"{name} is {mean:.2g}, close to its threshold {limit:g}"
    )


def _limit(name: str, scores: Sequence[float], thresholds: Mapping[str, float]) -> float | None:
    """Return the threshold of scores; None where there is no score, or on a scale of which nothing is known."""
    if not scores:
        return None
    if name in thresholds:
        return thresholds[name]
    return _THRESHOLD if all(0 <= each <= 1 for each in scores) else None


def _is_bad(said: Mapping[str, Any], name: str, thresholds: Mapping[str, float]) -> bool:
    if said["label"] is not None and name not in thresholds:
        return said["label"].strip().casefold() in _BAD
    limit = None if said["score"] is None else _limit(name, [said["score"]], thresholds)
    return limit is not None and said["score"] < limit
