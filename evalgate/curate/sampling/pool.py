"""What there is to choose from, and what the dataset has: of each candidate and example only what choosing takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.cleaning.quality import Reason
from evalgate.curate.labelling.proposals import proposal_of
from evalgate.curate.sampling.evidence import failure, uncertainty
from evalgate.curate.sampling.vectors import READ
from evalgate.curate.texts.wording import asked, content_key
from evalgate.golden.curated import pulled_as
from evalgate.records import Example, JsonObject
from evalgate.suite.curate_sample import Sample

NONE: Final = "(none)"
"""The group of those that lack what groups are made by."""
_LONGEST: Final = 60
_KEPT: Final = frozenset({State.CHOSEN, State.ACCEPTED})
_COPIES: Final = frozenset({Reason.DUPLICATE, Reason.NEAR_DUPLICATE, Reason.GOLDEN, Reason.NEAR_GOLDEN})
_EVIDENCE: Final = {"uncertainty": uncertainty, "failure": failure}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooled:
    """One of production or of the dataset: what was asked, and the groups that it is in without clusters.

    `state` is None for an example of the dataset. `weight` and `why` are what speaks for looking at it; the weight is
    None where it must not be chosen for lack of that.
    """

    id: str
    text: str
    key: bytes
    groups: tuple[str, ...]
    state: State | None = None
    produced: bool = True
    """Whether it is one of production: an example is where it was a candidate."""
    weight: float | None = 0.0
    why: str = ""

    @property
    def kept(self) -> bool:
        """Return whether it is in the dataset, or on its way there."""
        return self.state is None or self.state in _KEPT


def pool(candidates: Iterable[Candidate], golden: Iterable[Example], sample: Sample) -> list[Pooled]:
    """Return the examples of the dataset, then the candidates that people asked, in their order.

    A candidate that is golden already is there once, as the example.
    """
    found = [_of_example(each, sample) for each in golden]
    there = {each.id: number for number, each in enumerate(found)}
    for each in candidates:
        number = there.get(each.id)
        if number is not None:
            found[number] = replace(found[number], produced=True)
        elif is_asked(each):
            found.append(_of_candidate(each, sample))
    return found


def is_asked(candidate: Candidate) -> bool:
    """Return whether it counts as production: all but what is no good; copies of others are asked no less for that."""
    if candidate.state is not State.OUT:
        return True
    why = next((each.why for each in reversed(candidate.history) if each.what == "out"), "")
    return why.partition(":")[0] in _COPIES


def _of_example(example: Example, sample: Sample) -> Pooled:
    value: dict[str, Any] = {"input": example.input, "metadata": example.metadata, "source": {}}
    return Pooled(
        id=pulled_as(example),
        text=asked(example.input)[:READ],
        key=content_key(example.input),
        groups=_groups(value, sample),
        produced=False,
    )


def _of_candidate(candidate: Candidate, sample: Sample) -> Pooled:
    weight, why = _evidence(candidate, sample)
    value: dict[str, Any] = {"input": candidate.input, "metadata": candidate.metadata, "source": candidate.source}
    return Pooled(
        id=candidate.id,
        text=asked(candidate.input)[:READ],
        key=content_key(candidate.input),
        groups=_groups({**value, "label": _label(candidate)}, sample),
        state=State.ACCEPTED if candidate.state is State.GOLDEN else candidate.state,
        weight=weight,
        why=why,
    )


def _evidence(candidate: Candidate, sample: Sample) -> tuple[float | None, str]:
    wanted = [_EVIDENCE[each] for each in sample.by if each in _EVIDENCE]
    if not wanted:
        return 0.0, ""
    found = [each for look in wanted if (each := look(candidate, sample.thresholds)) is not None]
    if not found:
        return None, ""
    return sum(each.weight for each in found), "; ".join(each.why for each in found)


def _label(candidate: Candidate) -> Any:
    labels = proposal_of(candidate).get("labels")
    return labels[0] if isinstance(labels, list) and labels else None


def _groups(value: JsonObject, sample: Sample) -> tuple[str, ...]:
    """Return the value of each field that groups are made by, as a text."""
    return tuple(
        _shown(_at(value, each)) for each in sample.by if each not in ("random", "cluster", "uncertainty", "failure")
    )


def _at(value: Any, path: str) -> Any:
    """Return what lies at a path; a key that has dots itself, as those of span attributes do, is found too."""
    if not isinstance(value, dict) or path in value:
        return value.get(path) if isinstance(value, dict) else None
    head, dot, rest = path.partition(".")
    return _at(value.get(head), rest) if dot else None


def _shown(value: Any) -> str:
    if value is None or isinstance(value, dict | list) or value == "":
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(str(value).split())[:_LONGEST] or NONE
