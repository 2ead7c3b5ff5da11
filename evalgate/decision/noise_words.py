"""What a decision says of the noise that was known before it."""

from __future__ import annotations

from evalgate.decision.evidence import SuiteEvidence
from evalgate.decision.number_words import points


def warnings(suite: SuiteEvidence) -> tuple[str, ...]:
    """Return a sentence where whole runs of the baseline shift their examples together; none where they do not."""
    shifts = {
        check.name: (check.noise.shift, check.noise.source)
        for check in suite.checks
        if check.noise is not None and check.noise.shift is not None and check.check.gating and check.check.compares
    }
    if not shifts:
        return ()
    source = next(source for _, source in shifts.values())
    sizes = ", ".join(f"{name} by about {points(shift)}" for name, (shift, _) in sorted(shifts.items()))
    sentence = (
        f"By {source}, whole runs shift all examples together ({sizes}): a candidate that changed nothing fails more"
        " often than is promised here. `evalgate noise --show` says how often."
    )
    return (sentence,)
