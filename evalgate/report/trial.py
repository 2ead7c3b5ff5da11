"""Evaluators tried on reference answers and on broken twins, as text for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evalgate.report.console import Console, Tone
from evalgate.report.formatting import count
from evalgate.report.page import Page, Part

Tried = Mapping[str, Any]
"""One trial as JSON values: the fields of `gate.trials.Trial`, and whether it is sound and blind."""


def render_trials(trials: Sequence[Tried], console: Console) -> str:
    """Return the trials as text."""
    page = Page(console=console)
    for suite in dict.fromkeys(trial["suite"] for trial in trials):
        page.blank()
        page.line(Part(text=suite, tone=Tone.STRONG))
        for trial in trials:
            if trial["suite"] == suite:
                _trial(page, trial)
    page.blank()
    page.prose(_next(trials), lead=Part(text="next:", tone=Tone.STRONG), hanging=6)
    return page.text()


def render_trials_json(trials: Sequence[Tried]) -> str:
    """Return the trials as indented ASCII JSON."""
    return json.dumps({"sound": all(trial["sound"] for trial in trials), "trials": list(trials)}, indent=2) + "\n"


def _trial(page: Page, trial: Tried) -> None:
    if trial["untried"]:
        page.prose(f"not tried: {trial['untried']}.", lead=Part(text=f"{trial['name']}:"), indent=2, hanging=4)
        return
    tone = Tone.GOOD if trial["sound"] else Tone.BAD
    passed = trial["references"] - len(trial["failed"])
    text = f"{passed:,} of {count(trial['references'], 'reference answer')} pass."
    seen = ", ".join(f"{each['kind']} {each['noticed']} of {each['tried']}" for each in trial["twins"])
    text += " It passes whatever it is given:" if trial["blind"] else " Of broken twins it does not pass:"
    page.prose(f"{text} {seen}.", lead=Part(text=f"{trial['name']}:", tone=tone), indent=2, hanging=4)
    for each in trial["failed"][:5]:
        page.prose(each["reason"], lead=Part(text=f"{each['example_id']}:"), indent=4, hanging=6)


def _next(trials: Sequence[Tried]) -> str:
    wrong = [trial["name"] for trial in trials if not trial["sound"]]
    if not wrong:
        return "evalgate run"
    names = ", ".join(dict.fromkeys(wrong))
    return f"mend {names}, or the reference answers that fail, then evalgate judge try"
