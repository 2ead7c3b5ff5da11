"""The result as JUnit XML, for every CI that shows tests: one testsuite per suite, one testcase per check.

FAIL is a `failure` and UNMEASURABLE an `error`, whatever the policy lets through: a test report is no gate, and green
is earned. INCONCLUSIVE passes with its reason in `system-out`, unless the policy blocks on it (exit 3): then it is a
`failure`. What decides nothing (`report_only`, and every check of a sample) is `skipped`.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.report.answers import answer
from evalgate.report.escaping import for_xml, shortened
from evalgate.report.model import BuildReport, SuiteReport
from evalgate.report.reasons import suite_reasons
from evalgate.report.rows import flip_words, suite_rows

_EXAMPLES = 20  # of one check; the JSON report has all of them
_ANSWER = 500  # characters of one answer
_BLOCKED_BY_INCONCLUSIVE = 3


def render_junit(report: BuildReport) -> str:
    """Return the report as an XML document. Its root counts tests, failures, errors and skipped as its parts do."""
    root = ET.Element("testsuites", {"name": "evalgate", "time": f"{report.build.seconds:.3f}"})
    for suite, shown in report.each_suite():
        root.append(_suite(report, suite, shown))
    if not report.suites:
        empty = ET.SubElement(root, "testsuite", {"name": "evalgate"})
        testcase = ET.SubElement(empty, "testcase", {"classname": "evalgate", "name": "build", "time": "0"})
        _result(testcase, "error", report.decision.reason, kind=report.decision.verdict.value)
    _count(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: BuildReport, suite: SuiteDecision, shown: SuiteReport) -> ET.Element:
    element = ET.Element(
        "testsuite",
        {"name": for_xml(suite.name), "timestamp": for_xml(report.build.created_at), "time": "0"},
    )
    properties = ET.SubElement(element, "properties")
    for name, value in _properties(report, suite, shown):
        ET.SubElement(properties, "property", {"name": name, "value": for_xml(value)})
    for check in suite.checks:
        element.append(_check(report, suite, shown, check))
    if not any(check.verdict is suite.verdict for check in suite.checks if check.gating):
        element.append(_suite_itself(report, suite))
    return element


def _properties(report: BuildReport, suite: SuiteDecision, shown: SuiteReport) -> Iterator[tuple[str, str]]:
    yield "verdict", "none" if report.sample else suite.verdict.value
    yield "examples", str(suite.examples)
    yield "candidate", shown.candidate_label
    yield "baseline", shown.baseline_label or "none"
    yield "dataset", f"{shown.dataset} {shown.dataset_version}"
    for warning in suite.warnings:
        yield "warning", warning
    for note in shown.notes:
        yield "note", note
    if shown.phoenix is not None:
        yield from (("phoenix", text) for text in (shown.phoenix.compare, shown.phoenix.lacking) if text)


def _check(report: BuildReport, suite: SuiteDecision, shown: SuiteReport, check: CheckDecision) -> ET.Element:
    element = _testcase(suite, check.name)
    reasons = [rule.reason for rule in check.rules if rule.verdict is check.verdict] or [suite.reason]
    message = " ".join(reasons)
    if report.sample or not check.gating:
        why = f"a sample has no verdict ({report.build.partial})" if report.sample else "shown only, decides nothing"
        ET.SubElement(element, "skipped", {"message": for_xml(why)})
    elif check.verdict is Verdict.UNMEASURABLE:
        _result(element, "error", message, kind=check.verdict.value, body=_steps(check))
    elif check.verdict is Verdict.FAIL or _blocked(report, check.verdict):
        _result(element, "failure", message, kind=check.verdict.value, body=_body(suite, shown, check))
    if check.verdict is not Verdict.FAIL:
        numbers = next(row for row in suite_rows(suite, shown, sample=True) if row.check == check.name)
        means = f"{numbers.baseline} → {numbers.candidate}"
        said = [f"{check.name}: {means}, change {numbers.change}, could really be {numbers.between}"]
        if check.gating and not report.sample:
            said.append(f"{check.verdict.value}: {message}")
        ET.SubElement(element, "system-out").text = for_xml("\n".join(said))
    return element


def _suite_itself(report: BuildReport, suite: SuiteDecision) -> ET.Element:
    """Return a testcase for what is wrong with a suite as a whole, so that it is never shown by its checks alone."""
    element = _testcase(suite, "suite")
    if report.sample:
        ET.SubElement(element, "skipped", {"message": for_xml(f"a sample has no verdict ({report.build.partial})")})
    elif suite.verdict is Verdict.UNMEASURABLE:
        _result(element, "error", suite.reason, kind=suite.verdict.value, body=_next(suite.next_step))
    elif suite.verdict is Verdict.FAIL or _blocked(report, suite.verdict):
        _result(element, "failure", suite.reason, kind=suite.verdict.value, body=_next(suite.next_step))
    return element


def _blocked(report: BuildReport, verdict: Verdict) -> bool:
    return verdict is Verdict.INCONCLUSIVE and report.build.exit_code == _BLOCKED_BY_INCONCLUSIVE


def _testcase(suite: SuiteDecision, name: str) -> ET.Element:
    return ET.Element("testcase", {"classname": for_xml(suite.name), "name": for_xml(name), "time": "0"})


def _result(element: ET.Element, tag: str, message: str, *, kind: str, body: str | None = None) -> None:
    result = ET.SubElement(element, tag, {"type": kind, "message": for_xml(shortened(message, _ANSWER))})
    result.text = for_xml("\n".join(filter(None, (message, body))))


def _steps(check: CheckDecision) -> str:
    return "\n".join(_next(rule.next_step) for rule in check.rules if rule.next_step)


def _next(step: str | None) -> str:
    return f"next: {step}" if step else ""


def _body(suite: SuiteDecision, shown: SuiteReport, check: CheckDecision) -> str:
    """Say which slices and examples failed, with both answers."""
    lines = [
        f"{reason.about}: {reason.text}"
        for reason in suite_reasons(suite)
        if reason.about.startswith(f"{check.name}, ")
    ]
    named = dict.fromkeys(name for rule in check.rules for name in rule.example_ids)
    words = {
        flip.example_id: " → ".join(flip_words(flip, check, shown.units.get(check.name))) for flip in check.regressed
    }
    examples = list(dict.fromkeys((*named, *words)))
    for name in examples[:_EXAMPLES]:
        lines.append(f"{name}: {words.get(name, 'fails')}")
        view = shown.examples.get(name)
        if view is not None:
            lines.append(f"  before: {shortened(answer(view.baseline), _ANSWER)}" if view.baseline else "")
            lines.append(f"  after:  {shortened(answer(view.candidate), _ANSWER)}")
    if len(examples) > _EXAMPLES:
        lines.append(f"… {len(examples) - _EXAMPLES:,} more examples")
    return "\n".join([*filter(None, lines), *filter(None, [_steps(check)])])


def _count(root: ET.Element) -> None:
    """Write the totals that readers of JUnit expect on every level."""
    for element in (*root, root):
        cases = list(element.iter("testcase"))
        totals = {"tests": len(cases)}
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            totals[name] = sum(testcase.find(tag) is not None for testcase in cases)
        for name, total in totals.items():
            if not (element is root and name == "skipped"):
                element.set(name, str(total))
