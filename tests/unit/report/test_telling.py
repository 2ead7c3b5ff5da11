"""What a channel is told."""

from dataclasses import replace

from evalgate.report.telling import lines, occasions
from evalgate.suite.checks import Unmeasurable
from tests.unit.report import builds


def test_what_a_build_is_an_occasion_of():
    assert occasions(builds.failing_one_of_many()) == {"fail"}
    assert occasions(builds.passing()) == {"pass"}
    assert occasions(builds.undecided()) == {"inconclusive"}
    assert occasions(builds.sampled()) == frozenset()
    report = builds.unmeasurable()
    first, *others = report.decision.suites
    spent = replace(first, unmeasurable=Unmeasurable.BUDGET)
    report = replace(report, decision=replace(report.decision, suites=(spent, *others)))
    assert occasions(report) == {"unmeasurable", "budget"}


def test_the_words():
    report = builds.failing_one_of_many()
    told = lines(report, repository="shop/support")
    assert told[0].startswith("❌ FAIL: do not merge.")
    assert told[1].startswith("shop/support · ")
    assert all("\n" not in line for line in told)
