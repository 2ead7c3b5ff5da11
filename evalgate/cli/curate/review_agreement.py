"""How well reviewers agree, and the candidates on which they differ, as lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evalgate.cli.curate.reviewed import Ended

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.reviewing.agreement import Agreement, Disagreement, Pair


def show_agreement(target: Target) -> Ended:
    """Return how people's decisions on a file's candidates agree."""
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.reviewing.agreement import agreement
    from evalgate.curate.reviewing.reviews import read_reviews

    found = agreement(read_candidates(target.candidates), read_reviews(target.candidates))
    return Ended(lines=tuple(_lines(found)), said=_said(found))


def _lines(found: Agreement) -> list[str]:
    who = ", ".join(f"{name} ({count:,})" for name, count in found.reviewers.items())
    if not found.reviewers:
        return ["nobody decided anything yet"]
    lines = [f"decided by {who}; {found.several:,} candidates by two or more"]
    if not found.several:
        lines.append("for agreement somebody else reviews the same with --second")
    lines += [_pair(each) for each in found.pairs]
    if len(found.reviewers) > 2 and not math.isnan(found.alpha):
        lines.append(f"all of them: Krippendorff's alpha {found.alpha:.2f}")
    for each in found.disagreements:
        lines += _disagreement(each)
    return lines


def _pair(pair: Pair) -> str:
    kappa = (
        "kappa cannot be told: all decisions are the same"
        if math.isnan(pair.kappa)
        else f"kappa {pair.kappa:.2f} (95 % interval {pair.low:.2f} to {pair.high:.2f})"
    )
    return f"{pair.first} and {pair.second}: {100 * pair.alike:.0f} % of {pair.both:,} alike, {kappa}"


def _disagreement(found: Disagreement) -> list[str]:
    what = "accepted with different answers" if found.answers else "decided differently"
    how = {"own": "", "proposed": " with the proposed answer", "edited": " with an answer of their own"}
    lines = [f"  {found.candidate.id}: {what}"]
    for each in found.reviews:
        answer = how[each.answer] if each.decision == "accepted" else ""
        reason = f": {' '.join(each.reason.split())}" if each.reason else ""
        lines.append(f"    {each.who} {each.decision}{answer}{reason}")
    return lines


def _said(found: Agreement) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return None if math.isnan(value) else value

    return {
        "reviewers": dict(found.reviewers),
        "several": found.several,
        "alpha": number(found.alpha),
        "pairs": [
            {
                "reviewers": [each.first, each.second],
                "both": each.both,
                "alike": each.alike,
                "kappa": number(each.kappa),
                "interval": [each.low, each.high],
            }
            for each in found.pairs
        ],
        "disagreements": [
            {
                "id": each.candidate.id,
                "answers": each.answers,
                "reviews": [
                    {"who": one.who, "decision": one.decision, "answer": one.answer, "reason": one.reason}
                    for one in each.reviews
                ],
            }
            for each in found.disagreements
        ],
    }
