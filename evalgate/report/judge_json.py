"""A judge held to human labels, for machines: one JSON object, published in docs/validation.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from evalgate.decision.validation import Validation
from evalgate.report.rounding import rounded
from evalgate.stats.agreement import Rate
from evalgate.stats.judging import Leaning

VALIDATION_VERSION: Final = 1


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
            "cost": rounded(info.cost),
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
            "value": rounded(examined.kappa),
            "low": rounded(examined.kappa_low),
            "high": rounded(examined.kappa_high),
            "weighted": examined.weighted,
        },
        "ac1": rounded(examined.ac1),
        "people_alpha": rounded(found.people_alpha),
        "sensitivity": _rate(examined.sensitivity),
        "specificity": _rate(examined.specificity),
        "steady": _rate(examined.steady),
        "flip": rounded(examined.flip),
        "lean": _lean(examined.lean),
        "position": {"lean": _lean(examined.position), "changed": _rate(examined.moved)},
        "length": {"lean": _lean(examined.length), "longer_than": rounded(examined.longer_than)},
        "gate": {"slope": rounded(examined.slope), **_gate(found)},
        "disagreements": [asdict(each) for each in found.disagreements],
    }


def _gate(found: Validation) -> dict[str, Any]:
    caught = found.caught
    if caught is None:
        return {"examples": None, "people": None, "judge": None}
    return {"examples": caught.examples, "people": rounded(caught.people), "judge": rounded(caught.judge)}


def _rate(rate: Rate | None) -> Mapping[str, Any] | None:
    if rate is None:
        return None
    return {
        "share": rounded(rate.share),
        "low": rounded(rate.low),
        "high": rounded(rate.high),
        "answers": rate.subjects,
    }


def _lean(lean: Leaning | None) -> Mapping[str, Any] | None:
    if lean is None:
        return None
    return {
        "mean": rounded(lean.mean),
        "low": rounded(lean.low),
        "high": rounded(lean.high),
        "certain": lean.certain,
        "answers": lean.items,
    }
