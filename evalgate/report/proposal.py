"""Examples that differ between equal runs, as entries of a quarantine file that somebody has to fill in."""

from __future__ import annotations

import json

from evalgate.decision.study import Study
from evalgate.report.noise import scores_of
from evalgate.report.noise_words import proposed


def render_proposal(study: Study, study_id: int) -> str:
    """Return YAML to paste. Without owners and last days: it is refused until somebody has filled them in."""
    lines = [
        f"# Proposed by noise study {study_id}: examples that differ between equal runs, those nearest to a toss first."
    ]
    lines.append(
        "# Nothing is set aside by itself: fill in an owner, a last day, and why, or mend the example instead."
    )
    for suite in study.suites:
        found = list(proposed(suite))
        lines += [
            "",
            f"# {json.dumps(suite.name)}" + ("" if found else ": nothing to propose"),
            *(["examples:"] if found else []),
        ]
        for check, flaky in found:
            why = f"{scores_of(flaky, check)} in equal runs (noise study {study_id})"
            lines += [
                f"  - id: {json.dumps(flaky.example_id)}",
                f"    check: {json.dumps(check.name)}",
                '    owner: ""',
                f"    reason: {json.dumps(why)}",
                '    expires: ""',
            ]
    return "\n".join(lines) + "\n"
