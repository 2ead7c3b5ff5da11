"""A judge held to human labels, for machines: one JSON object, published in docs/validation.schema.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from evalgate.decision.validation import Validation
from evalgate.stats.agreement import Rate
from evalgate.stats.judging import Leaning

VALIDATION_VERSION: Final = 1
_DECIMALS: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationInfo:
    """Whose validation it is and where it comes from."""

    name: str
    suite: str
    judge: str
    """Its name, or its file."""
    models: tuple[str, ...]
    repetitions: int
    pairwise: bool
    """Whether it is shown two answers."""
    fingerprint: str
    file: str
    created_at: str
    evalgate_version: str
    calls: int
    from_cache: int
    input_tokens: int
    output_tokens: int
    cost: float | None


def validation_json(found: Validation, info: ValidationInfo) -> dict[str, Any]:
    """Return it as JSON values. Scores and leanings are shares of the score's range, + is better."""
    examined = found.examined
    return {
        "evalgate": {"validation": VALIDATION_VERSION, "version": info.evalgate_version},
        "judge": {
            "name": info.name,
            "suite": info.suite,
            "judge": info.judge,
            "models": list(info.models),
            "repetitions": info.repetitions,
            "pairwise": info.pairwise,
            "fingerprint": info.fingerprint,
        },
        "file": info.file,
        "created_at": info.created_at,
        "spent": {
            "calls": info.calls,
            "from_cache": info.from_cache,
            "input_tokens": info.input_tokens,
            "output_tokens": info.output_tokens,
            "cost": _number(info.cost),
        },
        "measured": found.measured,
        "trusted": found.trusted,
        "min_kappa": found.min_kappa,
        "answers": found.answers,
        "split": found.split,
        "missing": examined.missing,
        "failures": list(found.failures),
        "draws": found.draws,
        "labels": list(found.labels),
        "good": list(found.good),
        "table": [[int(count) for count in row] for row in examined.table.tolist()],
        "agreement": _rate(examined.agreement),
        "kappa": {
            "value": _number(examined.kappa),
            "low": _number(examined.kappa_low),
            "high": _number(examined.kappa_high),
            "weighted": examined.weighted,
        },
        "ac1": _number(examined.ac1),
        "people_alpha": _number(found.people_alpha),
        "sensitivity": _rate(examined.sensitivity),
        "specificity": _rate(examined.specificity),
        "steady": _rate(examined.steady),
        "flip": _number(examined.flip),
        "lean": _lean(examined.lean),
        "position": {"lean": _lean(examined.position), "changed": _rate(examined.moved)},
        "length": {"lean": _lean(examined.length), "longer_than": _number(examined.longer_than)},
        "gate": {"slope": _number(examined.slope), **_gate(found)},
        "disagreements": [asdict(each) for each in found.disagreements],
    }


def _gate(found: Validation) -> dict[str, Any]:
    caught = found.caught
    if caught is None:
        return {"examples": None, "people": None, "judge": None}
    return {"examples": caught.examples, "people": _number(caught.people), "judge": _number(caught.judge)}


def _rate(rate: Rate | None) -> Mapping[str, Any] | None:
    if rate is None:
        return None
    return {
        "share": _number(rate.share),
        "low": _number(rate.low),
        "high": _number(rate.high),
        "answers": rate.subjects,
    }


def _lean(lean: Leaning | None) -> Mapping[str, Any] | None:
    if lean is None:
        return None
    return {
        "mean": _number(lean.mean),
        "low": _number(lean.low),
        "high": _number(lean.high),
        "certain": lean.certain,
        "answers": lean.items,
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, _DECIMALS)
