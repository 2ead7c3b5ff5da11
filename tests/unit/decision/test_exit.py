"""Exit codes: the README's table under every policy."""

from __future__ import annotations

import pytest

from evalgate.decision import decide, exit_code
from evalgate.decision.evidence import Problem
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import build, check, flips, suite

FAILING = suite(check(*flips(60, 20, 0)), name="failing")
PASSING = suite(check(*flips(60, 0, 0)), name="passing")
INCONCLUSIVE = suite(check(*flips(12, 0, 0)), name="inconclusive")
NO_BASELINE = suite(check([1.0] * 60), name="no baseline")
INTERRUPTED = suite(
    name="interrupted", problems=[Problem(kind=Unmeasurable.INCOMPLETE, message="Stopped.", next_step="go on")]
)


@pytest.mark.parametrize(
    ("parts", "policy", "code"),
    [
        ([PASSING], {}, 0),
        ([FAILING], {}, 1),
        ([FAILING, NO_BASELINE, INCONCLUSIVE], {}, 1),
        ([FAILING], {"on_inconclusive": "warn", "on_unmeasurable": "warn"}, 1),
        ([INCONCLUSIVE], {}, 0),
        ([INCONCLUSIVE], {"on_inconclusive": "fail"}, 3),
        ([NO_BASELINE], {}, 4),
        ([NO_BASELINE], {"on_unmeasurable": "warn"}, 0),
        ([NO_BASELINE], {"on_unmeasurable": {"baseline": "warn"}}, 0),
        ([NO_BASELINE], {"on_unmeasurable": {"errors": "warn"}}, 4),
        ([NO_BASELINE, INTERRUPTED], {"on_unmeasurable": {"baseline": "warn"}}, 4),
        ([NO_BASELINE, INTERRUPTED], {"on_unmeasurable": {"baseline": "warn", "incomplete": "warn"}}, 0),
        ([NO_BASELINE, INCONCLUSIVE], {"on_unmeasurable": "warn", "on_inconclusive": "fail"}, 3),
        ([], {}, 4),
        ([], {"on_unmeasurable": {"nothing": "warn"}}, 0),
        ([FAILING, NO_BASELINE], {"mode": "observe"}, 0),
    ],
)
def test_the_table(parts, policy, code):
    evidence = build(*parts, **policy)
    assert exit_code(decide(evidence), evidence.policy) == code


def test_what_does_not_gate_blocks_nothing():
    shown = check([1.0] * 60, name="shown", rules={"no_regression": {}, "report_only": True})
    evidence = build(suite(check(*flips(60, 0, 0)), shown), on_inconclusive="fail")
    assert exit_code(decide(evidence), evidence.policy) == 0
