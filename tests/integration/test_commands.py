"""Commands that read what a run left: show, journal, decide."""

import json
import os
import sys

import pytest
from click.testing import CliRunner

from evalgate.cli.root import root
from evalgate.errors import ConfigurationError
from tests.e2e.project import Project

OUTPUTS = {"--report-json": "r.json", "--junit": "r.xml", "--markdown": "r.md"}
PRICED = "def answer(input):\n    return {'answer': input['q'] * 2, 'price': PRICE + input['q'] % 3 / 100}\n"
HALF_WRONG = "def answer(input):\n    return {'answer': input['q'] * 2 + (input['q'] % 2)}\n"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder in which half of the examples got worse, and after that five of them were run again as a sample."""
    project = Project(tmp_path_factory.mktemp("recorded"), examples=20)
    project.write("v2/app.py", HALF_WRONG)
    first = project.prepare().run()
    assert first.code == 1, first.text
    second = project.run("--limit", "5")
    assert second.code == 4, second.text
    return project.folder


@pytest.fixture
def typed(recorded, monkeypatch):
    """Type a command into that folder, outside of any workflow."""
    monkeypatch.chdir(recorded)
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "EVALGATE_"))]:
        monkeypatch.delenv(name)

    def type_(*arguments):
        return CliRunner().invoke(root, [str(argument) for argument in arguments], standalone_mode=False)

    return type_


def test_show_prints_every_example_that_got_worse(typed):
    """Ten changed; each is named once with what both sides answered."""
    result = typed("show", "--build", "1")
    assert result.return_value == 0, result.exception
    for number in range(20):
        assert (f"e{number}\n" in result.output or f"e{number} " in result.output) == (number % 2 == 1)
    assert '"answer": 7' in result.output


def test_show_takes_examples_by_name(typed):
    """One that did not change is shown as well where it is asked for; the latest build is the default."""
    result = typed("show", "e2")
    assert result.return_value == 0, result.exception
    assert "e2" in result.output
    assert "e3" not in result.output


def test_show_without_a_baseline_shows_what_failed_the_check(tmp_path):
    """A threshold that is missed sends people to `evalgate show`, where nothing got worse: the worst come first."""
    project = Project(tmp_path, {"baseline": None, "checks": {"exact_match": {"at_least": 0.9}}}, examples=20)
    task = HALF_WRONG.replace("    return", "    assert input['q'] != 4\n    return")
    project.write("v2/app.py", task)
    ended = project.prepare().run()
    assert (ended.code, "look at the examples: `evalgate show`" in ended.out) == (1, True), ended.text

    shown = project.evalgate("show")

    assert shown.code == 0, shown.text
    named = [line.split()[1] for line in shown.out.splitlines() if line.startswith("doubling  ")]
    assert named == ["e4", *(f"e{number}" for number in range(1, 20, 2))]
    assert "AssertionError" in shown.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing-like-this",), "has no example nothing-like-this"),
        (("--suite", "another"), "has no suite another"),
        (("--build", "77"), "there is no build 77"),
        (("--build", "absent.db"), "there is no journal at absent.db"),
    ],
)
def test_show_of_nothing_says_so(typed, arguments, said):
    """Exit 2, and the command that comes next."""
    error = typed("show", *arguments).exception
    assert isinstance(error, ConfigurationError)
    assert said in error.message
    assert error.next_step


def test_the_list_of_builds_tells_a_sample_from_a_whole_one(typed):
    """The latest first, with its state, commit and config."""
    lines = typed("journal", "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert "--limit 5" in lines[0]
    assert "complete" in lines[1]
    assert all("no comm" in line and line.endswith("evalgate.yaml") for line in lines)


def test_an_exported_build_decides_elsewhere_as_it_did_here(typed, tmp_path):
    """The same decision from the file alone; a name that is taken is refused."""
    target = tmp_path / "kept.db"
    assert typed("journal", "export", "1", "--to", target).return_value == 0
    here = json.loads(typed("decide", "1", "--json").output)
    result = typed("decide", target, "--json")
    assert result.return_value == 1
    assert json.loads(result.output) == here
    refused = typed("journal", "export", "1", "--to", target).exception
    assert isinstance(refused, ConfigurationError)
    assert "exists already" in refused.message


def test_an_empty_journal_says_what_comes_first(typed, tmp_path):
    """Nothing is made by looking: no journal is an error, an empty one a hint."""
    absent = tmp_path / "absent.db"
    assert isinstance(typed("journal", "list", "--journal", absent).exception, ConfigurationError)
    assert not absent.exists()
    error = typed("run", "--journal", absent, "--resume").exception
    assert isinstance(error, ConfigurationError)
    assert typed("journal", "list", "--journal", absent).output == "no builds yet; next: evalgate run\n"


def test_every_file_that_was_asked_for_is_written_before_the_result_is_printed(typed, tmp_path):
    """JSON, JUnit and Markdown, and the exit code is that of the verdict; --no-gate lets it through."""
    files = {flag: tmp_path / name for flag, name in OUTPUTS.items()}
    result = typed("decide", "1", *(part for flag, path in files.items() for part in (flag, path)))
    assert result.return_value == 1
    assert json.loads(files["--report-json"].read_text())["verdict"] == "FAIL"
    assert 'failures="' in files["--junit"].read_text()
    assert "FAIL" in files["--markdown"].read_text()
    assert typed("decide", "1", "--no-gate").return_value == 0


@pytest.mark.parametrize(("price", "code"), [("0.3", 0), ("0.7", 1)])
def test_cheaper_and_as_good_is_a_policy_of_two_lines(tmp_path, price, code):
    """30 points cheaper with less than 5 points of quality either way: PASS; not cheap enough: FAIL and why."""
    project = Project(tmp_path, examples=60)
    project.write("v1/app.py", PRICED.replace("PRICE", "0.8"))
    project.write("v2/app.py", PRICED.replace("PRICE", price))
    project.write("evals.py", "def price(output):\n    return output['price']\n")
    project.suite = {
        "evaluators": [
            {"exact_match": {"path": "answer"}},
            {"python": "evals.py:price", "direction": "minimize", "interpreter": sys.executable},
        ],
        "checks": {"price": {"improves": 0.3}, "exact_match": {"equivalent": 0.05}},
    }
    ended = project.prepare().run("--report-json", "r.json")
    assert ended.code == code, ended.text
    (suite,) = json.loads((tmp_path / "r.json").read_text())["suites"]
    checks = {check["name"]: check for check in suite["checks"]}
    assert checks["exact_match"]["rules"][0]["reason"].startswith("Within 5 points of v1/app.py:answer either way: ")
    reason = checks["price"]["rules"][0]["reason"]
    if code:
        assert reason.startswith(
            "An improvement of more than 30 points over v1/app.py:answer is ruled out: the change is 10"
        )
        assert "FAIL: not better enough" in ended.out
    else:
        assert reason.startswith("Better than on v1/app.py:answer by 50 points (")
        assert "stand outside of the false-alarm promise" in " ".join(ended.out.split())
