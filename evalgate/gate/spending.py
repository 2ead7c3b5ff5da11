"""What the calls of models in a build took: in all, by side and by evaluator, and for which examples the most."""

from __future__ import annotations

from evalgate.journal.store import Journal
from evalgate.llm.budget import Spent


def spent(journal: Journal, build_id: int | None) -> Spent:
    """Return what a build that is gone on with has paid for; nothing for a new one."""
    if build_id is None:
        return Spent()
    usd, tokens, calls = 0.0, 0, 0
    for experiment in journal.experiments(build_id):
        if experiment.stored:
            continue
        for *_, usage in journal.usages(experiment.id):
            for part in usage or ():
                if not part.from_cache:
                    usd += part.cost or 0.0
                    tokens += part.input_tokens + part.output_tokens
                    calls += part.calls
    return Spent(usd=usd, tokens=tokens, calls=calls, seconds=journal.build(build_id).seconds)
