"""A regression that is meant: accepted by a file that is reviewed, of exactly what was measured, for a while."""

import json
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo
from tests.e2e.test_history import in_pull_request
from tests.e2e.test_moving import history, push

SCHEMA = json.loads((REPOSITORY / "docs" / "report.schema.json").read_text("utf-8"))
OWNED = "* @org/all\n/.evalgate/ @org/leads\n"
ACCEPT = ("accept", "doubling/exact_match", "--reason", "shorter answers are wanted", "--expires", "30d")


@pytest.fixture
def repo(tmp_path):
    """A change that breaks 20 of 40 examples, in a repository whose exceptions have an owner."""
    repo = Repo(tmp_path / "repo").begin()
    repo.git("config", "user.name", "Jo Doe")
    repo.git("config", "user.email", "jo@example.com")
    repo.write(".github/CODEOWNERS", OWNED)
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(25)
    repo.commit()
    return repo


def report(repo, *arguments, **env):
    ended = repo.run("--json", *arguments, **{**in_pull_request(repo, 12), **env})
    assert ended.out, ended.err
    found = json.loads(ended.out)
    Draft202012Validator(SCHEMA).validate(found)
    return ended.code, found


def accepted_file(repo):
    return repo.folder / ".evalgate" / "accepted" / "doubling-exact_match.yaml"


def accept(repo, *more):
    ended = repo.evalgate(*ACCEPT, *more)
    assert ended.code == 0, ended.err
    repo.calls()
    return ended


def told(found):
    (suite,) = found["suites"]
    (check,) = suite["checks"]
    return check["acceptance"] and check["acceptance"]["told"]


def test_an_accepted_regression_is_a_fail_that_blocks_nothing(repo):
    failed = repo.run()
    assert failed.code == 1
    assert failed.out.rstrip().endswith(
        'if it is meant: `evalgate accept doubling/exact_match --reason "…" --expires 30d`'
    )
    repo.calls()
    said = accept(repo).out
    assert re.fullmatch(
        r"\.evalgate/accepted/doubling-exact_match\.yaml accepts doubling/exact_match down to \d\d\.\d points until"
        r" 20\d\d-\d\d-\d\d\.\nnext: commit it with the change; it counts once it is reviewed \(git add"
        r" \.evalgate/accepted/doubling-exact_match\.yaml\)\n",
        said,
    )
    written = yaml.safe_load(accepted_file(repo).read_text())
    assert {key: written[key] for key in ("check", "reason", "author")} == {
        "check": "doubling/exact_match",
        "reason": "shorter answers are wanted",
        "author": "Jo Doe <jo@example.com>",
    }
    assert written["covers"] == [{"rules": ["no_regression"], "drop": 0.5, "down_to": pytest.approx(0.65, abs=0.1)}]
    assert written["examples"] == sorted(f"e{number}" for number in range(5, 25))

    repo.commit("with the acceptance")
    ended = repo.run(**in_pull_request(repo, 12))
    assert (ended.code, repo.calls()) == (0, {}), ended.text
    text = " ".join(ended.out.split())
    assert (
        "FAIL, accepted by Jo Doe: this is meant. doubling/exact_match failed. Nothing is blocked:"
        " what failed was accepted (exit 0)."
    ) in text
    assert "exact_match: Accepted by Jo Doe until 20" in text
    assert "shorter answers are wanted" in text
    assert "if it is meant" not in text
    assert "jo@example.com" not in text, "an address is nothing for a comment"

    code, found = report(repo)
    assert (code, found["verdict"], found["accepted"], found["exit_code"]) == (0, "FAIL", True, 0)
    # What was accepted is in the journal: deciding the build later needs no file.
    accepted_file(repo).unlink()
    again = repo.evalgate("decide", "--json")
    assert (again.code, json.loads(again.out)) == (0, found)
    assert report(repo)[0] == 1


def test_what_failed_elsewhere_is_accepted_from_its_file(repo, tmp_path):
    """A build of a workflow comes as an artifact: nobody pays for it once more to accept it."""
    repo.run()
    assert repo.evalgate("journal", "export", "--to", str(tmp_path / "build.db")).code == 0
    here = accept(repo).out
    by_the_journal = accepted_file(repo).read_text()
    (repo.folder / ".evalgate" / "journal.db").unlink()
    assert accept(repo, "--build", str(tmp_path / "build.db")).out == here
    assert accepted_file(repo).read_text() == by_the_journal


def test_any_other_change_voids_it(repo):
    repo.run()
    accept(repo)
    repo.task(25, comment="# another\n")
    repo.commit()
    code, found = report(repo)
    assert (code, found["accepted"]) == (1, False)
    assert told(found).endswith("and that is void: the candidate is not what it was measured with.")

    repo.task(25)
    repo.commit()
    assert report(repo)[0] == 0
    repo.git("checkout", "-q", "main")
    repo.write("golden.jsonl", (repo.folder / "golden.jsonl").read_text().replace('"even"', '"pair"'))
    repo.commit()
    repo.git("checkout", "-q", "change")
    repo.git("merge", "-q", "main")
    code, found = report(repo)
    assert (code, found["accepted"]) == (1, False)
    assert told(found).endswith("and that is void: the candidate and the baseline are not what it was measured with.")


def test_one_that_is_over_counts_no_more(repo):
    repo.run()
    accept(repo)
    path = accepted_file(repo)
    path.write_text(re.sub(r'expires: "[^"]*"', 'expires: "2020-01-31"', path.read_text()))
    code, found = report(repo)
    assert code == 1
    assert told(found).endswith("accepted this until 2020-01-31, and that is void: its last day was 2020-01-31.")


@pytest.mark.parametrize(
    ("accepted", "expires", "said"),
    [
        ("2999-01-01", "2999-01-31", "It does not count: it was accepted on 2999-01-01, which is a day to come."),
        ("2020-01-01", "2999-12-31", "It does not count: it is to last 357,937 days, and 366 are the most."),
    ],
)
def test_days_that_no_command_writes_do_not_count(repo, accepted, expires, said):
    repo.run()
    accept(repo)
    path = accepted_file(repo)
    text = re.sub(r'accepted: "[^"]*"', f'accepted: "{accepted}"', path.read_text())
    path.write_text(re.sub(r'expires: "[^"]*"', f'expires: "{expires}"', text))
    code, found = report(repo)
    assert (code, found["accepted"]) == (1, False)
    assert told(found).endswith(said)


def test_another_check_that_fails_is_not_accepted_with_it(repo):
    both = [{"exact_match": {"path": "answer"}}, {"exact_match": {"path": "answer"}, "name": "answered"}]
    rule = {"no_regression": {"rule_out_drop": 0.15}}
    repo.git("checkout", "-q", "main")
    repo.config(evaluators=both, checks={"exact_match": rule, "answered": rule})
    repo.commit()
    repo.git("checkout", "-q", "-B", "change")
    repo.task(25)
    repo.commit()
    repo.run()
    accept(repo)
    code, found = report(repo)
    assert (code, found["accepted"]) == (1, False)
    (suite,) = found["suites"]
    assert [bool(check["acceptance"]) for check in suite["checks"]] == [True, False]


def test_one_of_a_suite_or_a_check_that_is_another_accepts_nothing(repo):
    repo.run()
    accept(repo)
    path = accepted_file(repo)
    text = path.read_text()
    for address in ("tripling/exact_match", "doubling/another"):
        path.write_text(text.replace("doubling/exact_match", address))
        code, found = report(repo)
        assert (code, told(found)) == (1, None)


def test_it_is_kept_in_the_history_of_what_main_became(repo):
    """Merged, it lets main through; what was lost stays in the history, and in the figure of the ratchet."""
    first = repo.git("rev-parse", "main")
    repo.run()
    accept(repo)
    repo.commit("with the acceptance")
    repo.git("checkout", "-q", "main")
    assert repo.run(**push(repo, first)).code == 0
    repo.git("merge", "-q", "--no-ff", "-m", "merged", "change")
    assert repo.run(**push(repo, first)).code == 0
    kept = history(repo)
    (accepted,) = kept["baselines"][0]["accepted"]
    assert accepted == {
        "check": "doubling/exact_match",
        "drop": pytest.approx(0.5),
        "author": "Jo Doe",
        "reason": "shorter answers are wanted",
    }
    assert [each["drop"] for each in kept["drift"]] == [pytest.approx(0.5)]


def test_it_covers_no_larger_drop(repo):
    repo.run()
    accept(repo)
    path = accepted_file(repo)
    path.write_text(re.sub(r"down_to: [\d.]+", "down_to: 0.2", path.read_text()))
    code, found = report(repo)
    assert code == 1
    assert told(found).endswith("that is void: the drop is 50 points now, and up to 20 points was accepted.")


@pytest.mark.parametrize(
    ("owners", "policy", "code", "said"),
    [
        ("", {}, 1, "The CODEOWNERS of main@"),
        ("/.evalgate/ @org/leads\n/.evalgate/accepted/\n", {}, 1, "names no owner of .evalgate/accepted/"),
        ("docs/ @org/docs\n", {}, 1, "names no owner of .evalgate/accepted/"),
        (".evalgate @org/leads\n", {}, 0, "Accepted by"),
        ("", {"accept_without_owner": True}, 0, "Accepted by"),
    ],
)
def test_it_counts_where_the_base_says_who_owns_it(tmp_path, owners, policy, code, said):
    """What the change itself writes into CODEOWNERS or its policy is no answer."""
    repo = Repo(tmp_path / "repo", policy=policy).begin()
    repo.git("config", "user.name", "Jo Doe")
    repo.git("config", "user.email", "jo@example.com")
    repo.write("CODEOWNERS", owners)
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(25)
    repo.write("CODEOWNERS", OWNED)
    repo.commit()
    repo.run()
    accept(repo)
    ended, found = report(repo)
    assert ended == code
    assert said.lower() in told(found).lower()


def test_outside_of_a_pull_request_it_says_what_would_count(repo):
    repo.run()
    accept(repo)
    ended = repo.run()
    assert ended.code == 1
    assert (
        "Here it changes nothing: in a pull request it would count, once @org/leads (CODEOWNERS) approved"
        " .evalgate/accepted/doubling-exact_match.yaml."
    ) in " ".join(ended.out.split())


def test_a_slice_is_accepted_by_its_name_and_nothing_else_is(repo):
    rule = {"rule_out_drop": 0.15, "slices": ["metadata.parity"]}
    repo.git("checkout", "-q", "main")
    repo.config(checks={"exact_match": {"no_regression": rule}})
    repo.commit()
    repo.git("checkout", "-q", "-B", "change")
    repo.task(25)
    repo.commit()
    assert repo.run().code == 1
    accept(repo, "--slice", "metadata.parity=odd")
    code, found = report(repo)
    assert code == 1
    assert told(found).endswith("that is void: all examples together fail too, which nobody accepted.")
    accept(repo)
    assert report(repo)[0] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("check: ", "chek: "), "unknown key `chek`: did you mean `check`?"),
        (('author: "Jo', 'author: 7 #"Jo'), "author should be text; it is a number: write it in quotes"),
        (("doubling/exact_match", "doubling"), "'doubling' names no check: write SUITE/CHECK"),
        (("candidate: ", "candidate: nothing # "), "candidate should be text that matches"),
        (("covers:", "covers: *nobody\nx:"), "*nobody stands for nothing"),
        (("drop: 0.5", 'drop: "0.5"'), "covers[0].drop should be a number; it is '0.5'"),
        (("drop: 0.5", "drop: .inf"), "covers[0].drop should be a finite number"),
        (("covers:\n", "covers:\n  - {rules: [at_least]}\n"), "is covered twice"),
    ],
)
def test_a_file_in_error_ends_the_run_with_its_place(repo, change, said):
    repo.run()
    accept(repo)
    path = accepted_file(repo)
    path.write_text(path.read_text().replace(*change))
    ended = repo.run()
    assert (ended.code, repo.calls()) == (2, {})
    assert re.search(r"\.evalgate/accepted/doubling-exact_match\.yaml:\d+:\d+: ", ended.err), ended.err
    assert said in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("doubling/exact_mach",), 2, "doubling/exact_mach is no check in build 1: there is nothing to accept"),
        (("doubling/exact_match", "--slice", "metadata.parity=odd"), 2, "the slice metadata.parity=odd of"),
        (("doubling/exact_match", "--expires", "2d2"), 2, "--expires 2d2: write days like 30d, or a day"),
        (("doubling/exact_match", "--expires", "400d"), 2, "--expires 400d: from today to 366 days from now"),
        (("doubling/exact_match", "--expires", "2020-01-31"), 2, "--expires 2020-01-31: from today to"),
        (("doubling/exact_match", "--reason", " "), 2, "--reason says nothing"),
        (("doubling/exact_match", "--reason", "x" * 2001), 2, "--reason has 2,001 characters: 2,000 have to do"),
        (("doubling/exact_match", "--reason", "\udcff"), 2, "--reason is not UTF-8"),
        (("doubling/exact_match", "--build", "7"), 2, "there is no build 7"),
        (("doubling/exact_match", "--build", "9" * 20), 2, "there is no journal at 9999"),
        (("doubling/exact_match", "--build", "golden.jsonl"), 4, "golden.jsonl is no journal, or a damaged one"),
    ],
)
def test_what_cannot_be_accepted_is_said(repo, arguments, code, said):
    repo.run()
    ended = repo.evalgate("accept", "--reason", "x", "--expires", "30d", *arguments)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert not accepted_file(repo).exists()


def test_nothing_that_passed_is_accepted(repo):
    repo.task(4)
    repo.run()
    ended = repo.evalgate(*ACCEPT)
    assert (ended.code, "did not fail in build 1" in ended.err) == (2, True)


@pytest.mark.parametrize("linked", ["accepted", "accepted/doubling-exact_match.yaml"])
def test_a_link_is_no_place_for_an_acceptance(repo, linked):
    """Who owns a link does not own what it leads to."""
    repo.run()
    accept(repo)
    path = repo.folder / ".evalgate" / linked
    path.rename(repo.folder / "elsewhere")
    path.symlink_to(repo.folder / "elsewhere")
    ended = repo.run()
    assert (ended.code, "link" in ended.err) == (2, True), ended.text
