"""What is wrong with a check for what it is about: `allow_increase` belongs to cost, tokens and latency alone."""

from __future__ import annotations

from collections.abc import Iterator

from evalgate.suite.checks import Check
from evalgate.suite.resources import OF_RESOURCES, OF_SCORES, Resource
from evalgate.suite.shape import Path
from evalgate.suite.wording import Complaint

_UNITS = {Resource.COST: "dollars", Resource.TOKENS: "tokens", Resource.LATENCY: "seconds"}


def shadowed(name: str, resource: Resource, path: Path, evaluator: Path) -> Complaint:
    """Return the complaint about a check that two things answer to: an evaluator, and what every run takes."""
    return Complaint(
        path,
        f"the check `{name}` could mean the evaluator of that name or the {resource.value} that every run has by"
        " itself: give the evaluator a `name:` of its own, or take it out of `evaluators`",
        on_key=True,
        first=evaluator,
    )


def of_resource(name: str, check: Check, resource: Resource, path: Path) -> Iterator[Complaint]:
    """Yield what cannot be asked of what runs take."""
    if check.no_regression is not None:
        for key in sorted(OF_SCORES & check.no_regression.model_fields_set):
            yield Complaint(
                (*path, "no_regression", key),
                f"`{key}` is a share of a score's range, and {name} has none: say by how much it may rise with"
                " allow_increase, such as allow_increase: 0.10",
                on_key=True,
            )
    if check.at_least is not None:
        yield Complaint(
            (*path, "at_least"),
            f"of {name} less is better, and at_least would fail what is good: use at_most, in {_UNITS[resource]} for"
            " one answer",
            on_key=True,
        )
    if check.zero_tolerance is not None:
        yield Complaint(
            (*path, "zero_tolerance"),
            f"nothing that one answer takes of {name} is a failure by itself: use at_most, in {_UNITS[resource]} for"
            " one answer, or no_regression",
            on_key=True,
        )
    if check.at_most is not None and check.at_most.mode == "evidence":
        yield Complaint(
            (*path, "at_most", "mode"),
            f"{name} has no upper end, so these examples bound its mean in neither direction: leave `mode` out",
            on_key=True,
        )


def of_score(name: str, check: Check, path: Path) -> Iterator[Complaint]:
    """Yield what can be asked only of what runs take."""
    if check.no_regression is not None:
        for key in sorted(OF_RESOURCES & check.no_regression.model_fields_set):
            yield Complaint(
                (*path, "no_regression", key),
                f"`{key}` is for the checks cost, tokens and latency; {name} is a score: say how large a drop must be"
                " ruled out with rule_out_drop, such as rule_out_drop: 0.10",
                on_key=True,
            )


def stored_latency(rule: str, baseline: str, path: Path) -> Complaint:
    """Return the complaint about latencies that would be compared with those of another day and machine."""
    return Complaint(
        (*path, rule),
        f"{rule} of latency compares times of one build, and the baseline {baseline!r} is stored: set `baseline:` to"
        " {task: …}, or say report_only: true",
        on_key=True,
    )
