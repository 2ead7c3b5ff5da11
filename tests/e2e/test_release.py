"""Releases on a real repository: decided by a stricter policy, written down, and held to a commit elsewhere."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import yaml

from tests.e2e.project import Ended, environment
from tests.e2e.repository import Repo
from tests.e2e.test_moving import push

VERDICT = ".evalgate/evalgate-verdict.json"


class Shop(Repo):
    """A repository whose main is measured as it is pushed, with one version that was tagged."""

    def release(self, *arguments: str, **env: str) -> Ended:
        return self.evalgate("release", *arguments, **{"XDG_CACHE_HOME": str(self.folder.parent / "cache"), **env})

    def say(self, **keys: object) -> None:
        """Write keys of the config beside the suite's."""
        config = yaml.safe_load((self.folder / "evalgate.yaml").read_text()) | keys
        self.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))

    def shipped(self, share: int = 5, **suite: object) -> str:
        self.ship(share, **suite)
        self.git("tag", "v1.0")
        return self.git("rev-parse", "HEAD")

    def change(self, share: int) -> str:
        self.task(share)
        return self.commit(f"share {share}")

    @property
    def verdict(self) -> dict:
        return json.loads((self.folder / VERDICT).read_text())["body"]


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path / "repo").begin()
    shop.git("config", "user.name", "Jo Doe")
    shop.git("config", "user.email", "jo@example.com")
    return shop


def age(journal, *, days: int) -> None:
    """Let everything that a journal has be recorded so many days before."""
    with closing(sqlite3.connect(journal)) as db, db:
        for table, column in (("build", "created_at"), ("run", "started_at")):
            db.execute(
                f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%f', {column}, ?) || '+00:00'",
                (f"-{days} days",),
            )


def verify(folder, file, commit: str, *arguments: str) -> Ended:
    """Verify in a folder that has nothing."""
    folder.mkdir(exist_ok=True)
    ended = subprocess.run(
        [sys.executable, "-m", "evalgate", "release", "verify", str(file), "--commit", commit, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_what_main_has_just_measured_is_released_without_a_call_and_verified_anywhere(shop, tmp_path):
    first = shop.shipped(5)
    second = shop.change(4)
    pushed = shop.run(**push(shop, first))
    assert pushed.code == 0, pushed.text
    assert shop.evalgate("baseline", "set", "v1.0").code == 0
    shop.calls()

    ended = shop.release()

    assert ended.code == 0, ended.text
    assert shop.calls() == {}, ended.text
    said = " ".join(ended.out.split())
    assert f"What is shipped: {first[:7]} (v1.0)" in said
    body = shop.verdict
    assert (body["commit"], body["decision"]["verdict"], body["moves"]) == (second, "PASS", [])
    assert body["suites"][0]["baseline"]["commit"] == first
    assert body["policy"]["policy"]["on_inconclusive"] == "fail"
    elsewhere = tmp_path / "deploy"
    yes = verify(elsewhere, shop.folder / VERDICT, second, "--suite", "doubling", "--max-age", "1d")
    assert (yes.code, yes.out.splitlines()[0]) == (0, "yes"), yes.text
    assert "Nobody signed it" in yes.out
    no = verify(elsewhere, shop.folder / VERDICT, first)
    assert (no.code, no.out.splitlines()[0]) == (1, "no"), no.text
    assert f"It is of the commit {second}" in no.out

    again = shop.release()
    assert (again.code, shop.calls()) == (0, {}), again.text
    assert "was released before" in again.err

    third = shop.change(3)
    assert shop.release().code == 0
    assert shop.verdict["suites"][0]["baseline"]["commit"] == second, "what was released last, and no tag of git"
    assert shop.verdict["commit"] == third


def test_a_regression_and_doubt_release_nothing_and_say_so_in_the_exit_code(shop, tmp_path):
    """Doubt blocks a release where it lets a merge through; what a merge observes, a release decides."""
    shop.policy = {"mode": "observe"}
    first = shop.shipped(5)
    worse = shop.change(60)
    ended = shop.release("--against", "git:v1.0")
    assert ended.code == 1, ended.text
    assert "do not release" in ended.out
    assert "evalgate accept" not in ended.out
    assert "nothing is released" in ended.err
    assert shop.verdict["decision"]["verdict"] == "FAIL"
    refused = verify(tmp_path / "deploy", shop.folder / VERDICT, worse)
    assert (refused.code, "It is FAIL" in refused.out) == (1, True), refused.text

    shop.git("reset", "-q", "--hard", first)
    shop.change(8)
    assert shop.run("--base", "v1.0").code == 0, "a merge lets doubt through"
    doubt = shop.release()
    assert (doubt.code, shop.verdict["decision"]["verdict"]) == (3, "INCONCLUSIVE"), doubt.text
    assert "The release is blocked" in " ".join(doubt.out.split())


def test_a_release_asks_for_more_than_a_merge_and_for_nothing_less(shop):
    shop.shipped(5)
    shop.change(4)
    shop.say(release={"checks": {"doubling": {"exact_match": {"at_least": 0.95}}}})
    shop.commit("a stricter release")
    ended = shop.release()
    assert (ended.code, shop.verdict["suites"][0]["checks"][0]["rules"]["at_least"]) == (1, "FAIL"), ended.text

    for wrong, words in (
        ({"checks": {"doubling": {"exact_match": {"rule_out_drop": 0.5}}}}, "a release asks for no less than a merge"),
        ({"checks": {"doubling": {"exact": {"at_least": 1}}}}, "did you mean `exact_match`?"),
        ({"checks": {"dubling": {"exact_match": {"at_least": 1}}}}, "there is no suite `dubling`"),
        ({"tag": "baseline"}, "no release moves it"),
        ({"max_age": "a week"}, "is no period"),
        ({"honor_accepted": True}, "honour_accepted"),
    ):
        shop.say(release=wrong)
        refused = shop.release()
        assert refused.code == 2, refused.text
        assert words in refused.err
        assert "evalgate.yaml:" in refused.err


def test_what_cannot_be_released_is_said_before_anything_is_run(shop):
    shop.ship(5)
    first = shop.git("rev-parse", "HEAD")
    nobody = shop.release()
    assert (nobody.code, "nobody knows what is shipped" in nobody.err) == (4, True), nobody.text
    bare = shop.release("--first")
    assert (bare.code, "has no rule about the candidate alone" in bare.err) == (2, True), bare.text
    same = shop.release("--against", "HEAD")
    assert (same.code, "is what has the tag production already" in same.err) == (2, True), same.text
    shop.git("tag", "v1.0")
    shop.change(4)
    shop.task(3)
    dirty = shop.release()
    assert (dirty.code, "app.py is not as it is committed" in dirty.err) == (2, True), dirty.text
    shop.git("checkout", "-q", "app.py")
    known = shop.release("--first")
    assert (known.code, f"{first[:7]} (v1.0) is shipped" in known.err) == (2, True), known.text
    event = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
    for arguments, env, words in (
        ((), event, "a pull request is not released"),
        (("--no-gate",), {}, "a release is a decision"),
        (("--suite", "nothing"), {}, "there is no suite nothing"),
        ((), {"EVALGATE_RUN_SUITES": "nothing"}, "there is no suite nothing"),
        ((), {"EVALGATE_RUN_GATE": "false"}, "a release is a decision"),
        (("--against", "git:v9"), {}, "evalgate release --against git:<tag or commit>"),
        (("--against", "merge-base"), {}, "merge-base"),
        (("--sign-key", "absent.pem"), {}, "absent.pem cannot be read"),
    ):
        refused = shop.release(*arguments, **env)
        assert refused.code in (2, 4), refused.text
        assert words in refused.err
        assert "next:" in refused.err or "Usage" in refused.err
    assert shop.calls() == {}


def test_a_first_release_is_held_to_the_rules_about_the_candidate_alone(shop):
    shop.ship(5, checks={"exact_match": {"no_regression": {"rule_out_drop": 0.15}, "at_least": 0.8}})
    ended = shop.release("--first")
    assert ended.code == 0, ended.text
    assert shop.verdict["suites"][0]["baseline"] is None
    assert list(shop.verdict["suites"][0]["checks"][0]["rules"]) == ["at_least"]


def test_an_accepted_regression_is_not_released_unless_the_config_says_so(shop):
    shop.policy = {"accept_without_owner": True}
    shop.shipped(5)
    shop.git("checkout", "-q", "-b", "change")
    shop.change(60)
    assert shop.run("--base", "v1.0").code == 1
    assert shop.evalgate("accept", "doubling/exact_match", "--reason", "cheaper", "--expires", "30d").code == 0
    shop.commit("accepted")
    assert shop.release().code == 1
    assert not shop.verdict["decision"]["accepted"]
    shop.say(release={"honour_accepted": True})
    shop.commit("released all the same")
    ended = shop.release()
    assert (ended.code, shop.verdict["decision"]["accepted"]) == (0, True), ended.text
    assert shop.verdict["decision"]["verdict"] == "FAIL"


def test_what_is_too_old_is_measured_anew(shop):
    first = shop.shipped(5)
    shop.change(4)
    assert shop.run(**push(shop, first)).code == 0
    assert shop.evalgate("baseline", "set", "v1.0").code == 0
    shop.calls()
    age(shop.folder / ".evalgate/journal.db", days=9)
    ended = shop.release()
    assert (ended.code, shop.calls()) == (0, {"4": 120, "5": 120}), ended.text
    assert shop.release().code == 0
    assert shop.calls() == {}, "a release is no second throw"
