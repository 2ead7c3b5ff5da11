"""What people read of a release: of its build, and of a verdict that is verified."""

import json
from dataclasses import replace

import pytest

from evalgate.report.console import Console
from evalgate.report.model import BuildReport, TriedPrompt
from evalgate.report.release import VerdictSeen, render_answer, render_answer_json
from evalgate.report.terminal import render_terminal
from tests.unit.report.decided import identical, one_among_many, report

SEEN = VerdictSeen(
    commit="a" * 40,
    tag="production",
    verdict="PASS",
    suites=["support"],
    decided_at="2026-11-21T10:00:00.000+00:00",
    by="Jo \x1b[2J",
    signed=False,
    proven=False,
)


def shown(evidence, **build) -> str:
    found = report(evidence())
    changed = BuildReport(
        decision=found.decision, build=replace(found.build, **build), suites=found.suites, gate=found.gate
    )
    return render_terminal(changed, Console())


def test_a_release_is_called_one_and_nothing_of_it_is_to_be_accepted():
    assert "fine to release" in shown(identical, release="production")
    failed = shown(one_among_many, release="production")
    assert "do not release" in failed
    assert "merge" not in failed.partition("\n")[0]
    assert "evalgate accept" not in failed
    assert "evalgate accept" in shown(one_among_many)


@pytest.mark.parametrize(("before", "flag"), [(13, " --expect 13"), (None, "")])
def test_a_version_that_was_tried_and_passed_is_tagged_next(before, flag):
    tried = (TriedPrompt(name="answers", version=14, tag="production", before=before),)
    assert f"next: evalgate prompt tag answers 14 production{flag}\n" in shown(identical, tried=tried)
    failed = shown(one_among_many, tried=tried)
    assert "prompt tag" not in failed
    assert "evalgate accept" not in failed


def test_an_answer_says_yes_or_no_and_what_nobody_looked_at():
    yes = render_answer((), SEEN)
    assert yes.startswith("yes\n")
    assert "\x1b" not in yes
    assert "Nobody signed it" in yes
    assert "Its signature was not looked at" in render_answer((), replace(SEEN, signed=True))
    assert "sign" not in render_answer((), replace(SEEN, signed=True, proven=True))
    no = render_answer(("It is FAIL.",), None)
    assert no.splitlines()[:2] == ["no", "  It is FAIL."]
    assert "next:" in no
    said = json.loads(render_answer_json(("x",), SEEN))
    assert (said["yes"], said["reasons"], said["verdict"]["verdict"]) == (False, ["x"], "PASS")
