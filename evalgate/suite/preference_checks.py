"""What is wrong with a judge of pairs for what surrounds it: it says nothing of one side alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from evalgate.errors import EvalgateError
from evalgate.suite.config import Suite
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.judge_file import load_judge
from evalgate.suite.judges import JUDGES
from evalgate.suite.shape import Path
from evalgate.suite.wording import Complaint

_ABSOLUTE = ("at_least", "at_most", "zero_tolerance")


def of_preferences(suite: Suite, base: Path, root: FilePath) -> Iterator[Complaint]:
    """Yield what keeps judges of pairs from saying anything: no baseline, or rules about the candidate alone."""
    for index, evaluator in enumerate(suite.evaluators):
        if not _pairwise(evaluator, root):
            continue
        name, check = evaluator.label, suite.checks.get(evaluator.label)
        if suite.baseline is None:
            yield Complaint(
                (*base, "evaluators", index, "judge"),
                f"`{evaluator.judge}` compares the candidate's answers with the baseline's, and the suite has no"
                " baseline: set `baseline:`, or use another judge",
            )
        for rule in _ABSOLUTE if check is not None else ():
            if getattr(check, rule) is not None:
                yield Complaint(
                    (*base, "checks", name, rule),
                    f"{rule} asks about the candidate alone, and `{name}` says only which of two answers is better: use"
                    " no_regression, improves or equivalent",
                    on_key=True,
                )


def _pairwise(evaluator: Evaluator, root: FilePath) -> bool:
    named = JUDGES.get(evaluator.judge or "")
    if named is not None:
        return named.pairwise
    if evaluator.judge_file is None:
        return False
    try:
        return load_judge(root, evaluator.judge_file).judge.pairwise
    except (EvalgateError, OSError):  # what is wrong with the file is said where it is read
        return False
