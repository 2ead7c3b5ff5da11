"""Outputs of a step: words and paths, each within its own delimiters."""

from __future__ import annotations

import pytest

from evalgate.errors import ConfigurationError
from evalgate.report.github_files import OUTPUTS, error_outputs, output_text, outputs
from tests.unit.report import builds

_DELIMITER = "ghd_0123456789abcdef"


def test_the_outputs_of_a_failing_build() -> None:
    values = outputs(
        builds.failing_in_a_slice(), report_json="out/report.json", report_html="out/report.html", journal="journal.db"
    )
    assert tuple(values) == OUTPUTS
    assert values == {
        "verdict": "FAIL",
        "accepted": "false",
        "exit-code": "1",
        "report-json": "out/report.json",
        "report-html": "out/report.html",
        "journal": "journal.db",
        "comment-url": "",
        "experiment-url": "",
    }


def test_a_sample_has_no_verdict_and_what_was_not_written_has_no_path() -> None:
    values = outputs(builds.sampled(), report_json=None, report_html=None, journal="j.db")
    assert (values["verdict"], values["report-json"], values["report-html"]) == ("", "", "")


def test_an_error_before_any_verdict_has_its_exit_code_and_nothing_else() -> None:
    values = error_outputs(ConfigurationError("no"))
    assert values == dict.fromkeys(OUTPUTS, "") | {"exit-code": "2"}
    assert tuple(values) == OUTPUTS


def test_each_value_stands_between_the_random_delimiters() -> None:
    text = output_text({"verdict": "FAIL", "journal": "a\nb<<EOF\nverdict=PASS"}, delimiter=_DELIMITER)
    assert text == (
        f"verdict<<{_DELIMITER}\nFAIL\n{_DELIMITER}\njournal<<{_DELIMITER}\na\nb<<EOF\nverdict=PASS\n{_DELIMITER}\n"
    )


@pytest.mark.parametrize(
    ("values", "delimiter"),
    [
        ({"verdict": f"x\n{_DELIMITER}\nverdict<<y"}, _DELIMITER),
        ({"two\nnames": "x"}, _DELIMITER),
        ({"": "x"}, _DELIMITER),
        ({"verdict": "x"}, "EOF"),
        ({"verdict": "x"}, "a delimiter with spaces in it"),
    ],
)
def test_what_would_break_the_file_is_refused(values: dict[str, str], delimiter: str) -> None:
    with pytest.raises(ValueError, match=r"must be random|breaks the file"):
        output_text(values, delimiter=delimiter)
