"""The comment as whole texts (EVALGATE_WRITE_GOLDEN=1 writes them anew), on GitHub's page, in any size."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evalgate.decision.results import Flip
from evalgate.errors import ConfigurationError, Location, MeasurementError
from evalgate.records import Verdict
from evalgate.report import escaping
from evalgate.report.comment import LEAST, Links, render_comment
from evalgate.report.markdown import render_error, render_summary
from evalgate.report.model import BuildReport
from evalgate.report.unfinished import SuiteUnderway, Underway, render_failed_run, render_underway
from tests.github_markdown import Element, added_afterwards, page
from tests.unit.report import builds, comments, decided
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.hostile import HOSTILE

LINKS = Links(run="https://github.com/shop/app/actions/runs/4711", report="https://github.com/shop/app/artifacts/9")
LIMIT = 65_536
forms = pytest.mark.parametrize("name", comments.SCENARIOS)
OURS = frozenset(
    """
    h2 h3 h4 p ul li table thead tbody tr th td pre code strong sub span details summary br a
    """.split()  # noqa: SIM905 it is read so
)


def comment(report: BuildReport, limit: int = LIMIT) -> str:
    return render_comment(report, limit=limit, links=LINKS)


def is_ours(of: Element, *links: str) -> None:
    """Assert that nothing is on a page but what the templates write, and that GitHub adds nothing."""
    assert {each.tag for each in of.every()} <= OURS
    for each in of.every("a"):
        assert (each.attributes.get("href") or "").startswith(links)
    for each in of.every("details"):
        assert isinstance(each.children[0], Element)
        assert each.children[0].tag == "summary"
        assert len([child for child in each.children if isinstance(child, Element) and child.tag == "summary"]) == 1
    assert added_afterwards(of) == []


def as_read(of: Element) -> str:
    return re.sub(r"[\u200b\u2060]", "", of.text()).replace("\u00a0", " ")


@forms
def test_the_whole_text(name: str) -> None:
    assert_golden(f"comment_{name}.md", comment(comments.SCENARIOS[name]()))


@forms
def test_nothing_is_on_the_page_but_what_the_template_writes(name: str) -> None:
    is_ours(page(comment(comments.SCENARIOS[name]())), "https://github.com/shop/app/", "https://phoenix.shop.example/")


def first_screen(text: str) -> int:
    """Return how many lines are read before any table of checks or fold, where a line has 130 characters."""
    before = re.split(r"\n\| Check |\n<details>|\n#### |\n<a ", text)[0].split("\n")
    lines = [line for line in before if line and not line.startswith(("```", "|:"))]
    return sum(1 if line.startswith("|") else 1 + len(as_read(page(line)).strip()) // 130 for line in lines)


def test_rules_that_passed_hide_not_that_nothing_was_compared():
    """The first screen says why there is no baseline, and then what was looked at."""
    why = "Nothing that this suite runs has changed since main@1a2b3c4. Only the rules about the candidate alone ran."
    made = comments.no_baseline()
    text = comment(replace(made, suites=(replace(made.suites[0], notes=(why,)),), gate=None))
    first = text.partition("<details>")[0]
    assert "Nothing that this suite runs has changed" in first
    assert "rules about the candidate alone ran" in first
    assert text.count("Nothing that this suite runs has changed") == 1


@pytest.mark.parametrize("name", ["failing", "accepted", "observed", "edited_gate", "measured_again", "several"])
def test_a_failure_is_told_in_fewer_than_fifteen_lines(name: str) -> None:
    """A table of several suites stands beside that."""
    rows = 4 if name == "several" else 0
    assert first_screen(comment(comments.SCENARIOS[name]())) - rows < 15


@pytest.mark.parametrize("name", ["passing", "unchanged"])
def test_a_pass_is_told_in_three_paragraphs(name: str) -> None:
    text = comment(comments.SCENARIOS[name]()).split("\n<details>")[0].split("\n<a ")[0]
    assert len([part for part in text.split("\n\n") if part.strip()]) == 3


@forms
def test_the_first_line_is_the_verdict_in_words(name: str) -> None:
    report = comments.SCENARIOS[name]()
    first = page(comment(report)).every("h3")[0].text().replace("\u200b", "")
    assert re.fullmatch(rf"\S+ {re.escape(report.verdict_text)}: \w.*\.", first)


def test_a_failure_names_the_worst_example_and_the_commands() -> None:
    text = comment(comments.failing())
    for each in (
        "<strong>For example</strong> <code>e00004</code> pass → fail: Can I return a lamp",
        "- answer: Yes. Unused goods can be returned within 30 days of delivery.\n",
        "+ answer: No. Returns are possible within 14 days.\n",
        "correctness says: The answer says 14 days; the policy says 30.",
        "evalgate run --suite support -k e00004 ",
        "evalgate run --suite support --as-pull-request ",
        'evalgate accept support/correctness --reason "…" --expires 30d ',
        "<strong>Could it be noise?</strong> If this change did nothing",
        "1.18 for 480 calls",
    ):
        assert each in text, each


def test_what_is_undecided_says_what_would_decide_it_and_at_what_price() -> None:
    text = as_read(page(comment(comments.undecided())))
    assert "To decide: repetitions: 3, or about 70 more examples." in text
    assert "100 more examples like these cost about $3.00; 3 repetitions of these, about $3.50." in text


def test_what_could_not_be_measured_is_no_verdict_on_the_change() -> None:
    text = as_read(page(comment(comments.unmeasurable())))
    assert "This is not a verdict on your change. What was answered is kept." in text
    assert "run this job again: what was answered is not asked for again, and not paid for" in text
    assert "kept" not in as_read(page(comment(comments.no_answer())))


def test_what_was_accepted_is_not_offered_to_be_accepted() -> None:
    text = comment(comments.accepted())
    assert "evalgate accept" not in text
    assert "FAIL, accepted by ada" in text.splitlines()[0]


def test_the_worst_suite_is_said_first() -> None:
    headings = [each.text() for each in page(comment(comments.several())).every("h4")]
    assert headings[:1] == ["support ❌ FAIL"]
    assert [each for each in headings if "INCONCLUSIVE" in each] == ["triage 🟡 INCONCLUSIVE"]


def test_an_id_that_is_no_plain_word_is_in_no_command() -> None:
    report = builds.failing_one_of_many()
    (suite,), (shown,) = report.decision.suites, report.suites
    odd = "a'; rm -rf / #"
    check = replace(suite.checks[0], regressed=(Flip(example_id=odd, baseline=1.0, candidate=0.0),))
    suite = replace(suite, checks=(check, *suite.checks[1:]))
    shown = replace(shown, examples={odd: shown.examples["q-017"]})
    text = comment(replace(report, decision=replace(report.decision, suites=(suite,)), suites=(shown,)))
    assert " -k " in text
    view = replace(shown.examples[odd], example=replace(shown.examples[odd].example, id=odd))
    shown = replace(shown, examples={odd: view})
    text = comment(replace(report, decision=replace(report.decision, suites=(suite,)), suites=(shown,)))
    assert " -k " not in text
    assert "--suite sql --as-pull-request" in text


def test_a_config_of_another_name_is_in_the_commands() -> None:
    report = comments.failing()
    text = comment(replace(report, build=replace(report.build, config_file="llm/gate config.yaml")))
    assert "evalgate run --config 'llm/gate config.yaml' --suite support" in text


def test_a_text_that_is_too_long_is_rendered_with_less_and_never_cut() -> None:
    report = decided.report(decided.SCENARIOS["leans"]())
    told = {}
    for limit in (200_000, 65_536, 30_000, 20_000, 12_000, 9_000, 6_000, 3_000, 1_000, LEAST):
        text = comment(report, limit)
        assert len(text) <= limit
        is_ours(page(text), "https://github.com/")
        told[limit] = re.findall(r"holds no more: (.*?)\.", text)
    assert told[200_000] == []
    assert [said for limits in told.values() for said in limits if said] == sorted(
        [said for limits in told.values() for said in limits if said],
        key=["the examples that got better", "the examples and the figures", "all but the verdict"].index,
    )
    assert told[3_000] == ["all but the verdict"]


def test_the_least_comment_is_a_word_and_a_link_whatever_the_names_are() -> None:
    text = comment(builds.hostile(), 1_000)
    assert text.startswith("### ❌ FAIL\n\n<a href=")
    assert len(text) <= 1_000
    assert comment(builds.hostile(), LEAST) == "### ❌ FAIL\n"


def test_a_sample_has_no_comment() -> None:
    with pytest.raises(ValueError, match="no verdict"):
        comment(builds.sampled())


def test_what_others_say_of_it_stands_behind_the_verdict() -> None:
    text = render_comment(comments.failing(), limit=LIMIT, asides=["Reported by the fork's own run, *not* verified."])
    lines = [each for each in page(text).children if isinstance(each, Element)]
    assert lines[1].text() == "Reported by the fork's own run, *not* verified."


def hostile(text: str) -> BuildReport:
    """Say one thing in every place of a small report that fails."""
    report = builds.failing_one_of_many()
    (suite,), (shown,) = report.decision.suites, report.suites
    check = replace(
        suite.checks[0],
        regressed=(Flip(example_id=text, baseline=1.0, candidate=0.0),),
        rules=(replace(suite.checks[0].rules[0], reason=text, next_step=text),),
    )
    shown = replace(
        shown, examples={text: builds.everywhere(text)}, candidate_label=text, baseline_label=text, notes=(text,),
        errors=(replace(shown.errors[0], message=text, where=text),),
    )  # fmt: skip
    suite = replace(suite, checks=(check, *suite.checks[1:]), warnings=(text,))
    return replace(
        report,
        decision=replace(report.decision, suites=(suite,)),
        suites=(shown,),
        build=replace(report.build, branch=text),
    )


def readable(text: str) -> str:
    """Return the beginning of a text as a page shows it, white space aside."""
    return "".join(escaping.shown(text[:60], lines=True).split())[:30]


@pytest.mark.parametrize("render", [comment, render_summary], ids=["comment", "summary"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_text_on_the_page(text: str, render: Callable[[BuildReport], str]) -> None:
    source = render(hostile(text))
    assert "<!-- evalgate:" not in source
    assert len(source) <= LIMIT or render is render_summary
    of = page(source)
    is_ours(of, "https://github.com/shop/app/")
    columns = [len(row.every("th", "td")) for row in of.every("tr")]
    assert set(columns) <= {3, 6, 9}
    assert readable(text) in "".join(as_read(of).split())


def test_everything_hostile_at_once_keeps_the_page_whole() -> None:
    for source in (comment(builds.hostile()), render_summary(builds.hostile())):
        is_ours(page(source), "https://github.com/shop/app/")
        assert "<!-- evalgate:" not in source


fragments = st.sampled_from([text[:80] for text in HOSTILE if len(text) < 5_000])
signs = st.sampled_from("`|<>@#$*_[]()!:~\\\n\r\t&;-=+")
texts = st.lists(st.one_of(fragments, st.text(max_size=20), signs), max_size=6)


@given(texts)
@example(["1. first", " `code`"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_mixture_of_anything_becomes_markup(pieces: list[str]) -> None:
    report = hostile("".join(pieces))
    for source in (comment(report), render_summary(report)):
        of = page(source)
        is_ours(of, "https://github.com/shop/app/")
        assert "<!-- evalgate:" not in source


def test_a_run_under_way_looks_like_no_verdict() -> None:
    run = Underway(
        suites=[
            SuiteUnderway(name="support", done=96, planned=240),
            SuiteUnderway(name="a|b", done=0, planned=9, errors=2),
        ],
        commit="9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
        seconds=31,
        cost=0.214,
    )  # fmt: skip
    text = render_underway(run, links=LINKS)
    assert_golden("comment_underway.md", text)
    is_ours(page(text), "https://github.com/shop/app/")
    assert not re.search("PASS|FAIL|✅|❌", text)
    assert "0 %" in render_underway(Underway(suites=[], commit=None, seconds=0))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (
            "misconfigured",
            ConfigurationError(
                "`repetitons` is no key of a suite; the nearest one is `repetitions`",
                location=Location(file="evalgate.yaml", line=12, column=5),
                next_step="evalgate config show",
            ),
        ),
        (
            "not_measured",
            MeasurementError("openai does not answer: HTTP 401, the key is refused", next_step="set it"),
        ),
    ],
)  # fmt: skip
def test_a_run_that_ended_without_a_verdict_says_so(name: str, error: ConfigurationError | MeasurementError) -> None:
    text = render_failed_run(error, commit="9f8e7d6c5b4a39281706f5e4d3c2b1a098765432", links=LINKS)
    assert_golden(f"comment_{name}.md", text)
    is_ours(page(text), "https://github.com/shop/app/")
    assert ("What was answered is kept" in text) == isinstance(error, MeasurementError)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_error_is_text_on_the_page(text: str) -> None:
    error = MeasurementError(text, location=Location(file=text[:200], line=3), next_step=text)
    for source in (render_failed_run(error, links=LINKS), render_error(error)):
        is_ours(page(source), "https://github.com/shop/app/")
        assert "<!-- evalgate:" not in source


def test_an_error_of_many_lines_is_told_by_its_first() -> None:
    text = render_failed_run(ConfigurationError("\n".join(f"line {n} " + "x" * 9_999 for n in range(500))))
    assert len(text) < 25_000
    assert "480 more lines in the log" in text


def test_every_verdict_has_a_form() -> None:
    verdicts = {form().decision.verdict for form in comments.SCENARIOS.values()}
    assert verdicts == set(Verdict)
