"""Releases on a real repository: decided by a stricter policy, written down, and held to a commit elsewhere."""

import json
import subprocess
import sys

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
