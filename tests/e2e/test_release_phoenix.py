"""Releases that move tags on a real server: of the experiment and of the prompt, once each, whatever ends them."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.project import Ended, environment
from tests.e2e.repository import Repo
from tests.e2e.test_phoenix_prompts import golden, tagged_now
from tests.e2e.test_release import VERDICT, verify
from tests.fake_model import FakeModel, Rule
from tests.phoenix_server.faults import Fault, FaultProxy
from tests.phoenix_server.prompts import asked, tag, write

RULES = [Rule(when="badly", reply='{"answer": 5}'), Rule(when="", reply='{"answer": 4}')]
CHECKS = {"exact_match": {"no_regression": {"rule_out_drop": 0.3}, "at_least": 0.5}}


class Shop(Repo):
    """A repository whose prompt and whose experiments are in Phoenix."""

    def begun(self, fake: FakeModel, phoenix) -> "Shop":
        self.fake, self.phoenix = fake, phoenix
        self.name = phoenix.unique("answers")
        self.ids = write(phoenix, self.name, "well {{q}}", "badly {{q}}", "as well {{q}}")
        fake.rules = RULES
        self.begin()
        self.git("config", "user.name", "Jo Doe")
        self.git("config", "user.email", "jo@example.com")
        self.write("golden.jsonl", golden(20))
        return self

    def pin(self, version: int, **release: object) -> str:
        """Commit a config whose prompt is this version."""
        suite = {
            "dataset": "golden.jsonl",
            "task": {
                "prompt": {"phoenix": self.name, "version": version},
                "variables": {"q": "input.q"},
                "temperature": 0,
                "output": "json",
            },
            "evaluators": [{"exact_match": {"path": "answer"}}],
            "checks": CHECKS,
        }
        config = {
            "suites": {"support": suite},
            "endpoints": {"openai": {"base_url": self.fake.base_url}},
            "phoenix": {"dataset": f"{{suite}} {self.name}"},
            "release": release,
        }
        self.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))
        return self.commit(f"version {version}")

    def environ(self, **env: str) -> dict[str, str]:
        cache = {"XDG_CACHE_HOME": str(self.folder.parent / "cache")}
        return {"PHOENIX_ENDPOINT": self.phoenix.base_url, **cache, **env}

    async def release(self, *arguments: str, **env: str) -> Ended:
        return await asyncio.to_thread(lambda: self.evalgate("release", *arguments, timeout=120, **self.environ(**env)))

    def asked(self) -> int:
        """How many calls of the model there were since this was asked last."""
        count = len(self.fake.requests)
        self.fake.requests.clear()
        return count

    def tags(self) -> dict[str, list[str]]:
        """Which commits' experiments have which tag, and which version of the prompt."""
        (dataset,) = asked(self.phoenix, "GET", f"v1/datasets?name=support%20{self.name}")["data"]
        found: dict[str, list[str]] = {}
        for each in asked(self.phoenix, "GET", f"v1/datasets/{dataset['id']}/experiments")["data"]:
            for one in asked(self.phoenix, "GET", f"v1/experiments/{each['id']}/tags")["data"]:
                side = each["metadata"]["side"]
                found.setdefault(one["name"], []).append(f"{side} {each['metadata']['commit']}")
        return found

    def prompt(self) -> int:
        """The number of the version that has the tag."""
        return self.ids.index(tagged_now(self.phoenix, self.name)) + 1

    @property
    def verdict(self) -> dict:
        return json.loads((self.folder / VERDICT).read_text())["body"]


@pytest.fixture
async def shop(tmp_path, phoenix):
    async with FakeModel() as fake:
        yield Shop(tmp_path / "repo").begun(fake, phoenix)


async def test_a_pass_moves_the_tags_of_the_experiment_and_of_the_prompt_and_nothing_else_does(shop, tmp_path):
    first = shop.pin(1)
    unasked = await shop.release("--first")
    assert (unasked.code, "--yes" in unasked.err, shop.asked()) == (2, True, 0), unasked.text
    released = await shop.release("--first", "--yes")
    assert released.code == 0, released.text
    assert (shop.tags(), shop.prompt()) == ({"production": [f"candidate {first}"]}, 1)
    shop.asked()

    shop.pin(2)
    worse = await shop.release("--yes")
    assert worse.code == 1, worse.text
    assert f"{first[:7]}, which has the tag production" in " ".join(worse.out.split())
    assert (shop.tags(), shop.prompt()) == ({"production": [f"candidate {first}"]}, 1)
    shop.asked()

    third = shop.pin(3)
    better = await shop.release("--yes")
    assert better.code == 0, better.text
    assert (shop.tags(), shop.prompt()) == ({"production": [f"candidate {third}"]}, 3)
    assert f"the tag production of {shop.name} moved from version 1 to version 3" in better.err
    body = shop.verdict
    assert [(move["kind"], move["done"]) for move in body["moves"]] == [("experiment", True), ("prompt", True)]
    assert body["suites"][0]["prompts"][0]["number"] == 3
    assert verify(tmp_path / "deploy", shop.folder / VERDICT, third).code == 0
    shop.asked()

    again = await shop.release("--yes")
    assert (again.code, shop.asked()) == (0, 0), again.text
    assert "was released before" in again.err


async def test_killed_between_the_verdict_and_a_tag_the_same_command_finishes_without_paying(shop, tmp_path):
    shop.pin(1)
    assert (await shop.release("--first", "--yes")).code == 0
    commit = shop.pin(3)
    shop.asked()
    hang = Fault(kind="hang", path=r"/v1/prompt_versions/.*/tags", method="POST")
    async with FaultProxy(shop.phoenix.base_url, hang) as proxy:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "evalgate", "release", "--yes"),
            cwd=shop.folder,
            env=environment(**shop.environ(PHOENIX_ENDPOINT=proxy.base_url)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        async with asyncio.timeout(90):
            while not proxy.count(r"/v1/prompt_versions/.*/tags", "POST"):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        assert (shop.tags()["production"], shop.prompt()) == ([f"candidate {commit}"], 1)
        unfinished = verify(tmp_path / "deploy", shop.folder / VERDICT, commit)
        assert (unfinished.code, "is not finished" in unfinished.out) == (1, True), unfinished.text
        assert shop.asked()

        proxy.faults.clear()
        ended = await shop.release("--yes", PHOENIX_ENDPOINT=proxy.base_url)
    assert (ended.code, shop.asked()) == (0, 0), ended.text
    assert "was decided before" in ended.err
    assert (shop.tags()["production"], shop.prompt()) == ([f"candidate {commit}"], 3)
    assert verify(tmp_path / "deploy", shop.folder / VERDICT, commit).code == 0


async def test_a_server_that_is_away_or_was_changed_meanwhile_ends_it_with_what_is_left(shop):
    shop.pin(1)
    away = await shop.release("--first", "--yes", PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert (away.code, shop.asked()) == (4, 0), away.text
    assert (await shop.release("--first", "--yes")).code == 0
    commit = shop.pin(3)
    refuse = Fault(kind="status", status=403, path=r"/v1/prompt_versions/.*/tags", method="POST")
    async with FaultProxy(shop.phoenix.base_url, refuse) as proxy:
        left = await shop.release("--yes", PHOENIX_ENDPOINT=proxy.base_url)
        assert left.code == 4, left.text
        assert "not all tags are moved yet" in left.err
        assert "next: once that is mended: evalgate release --yes" in left.err
        assert [move["done"] for move in shop.verdict["moves"]] == [True, False]
        shop.asked()
        tag(shop.phoenix, shop.ids[1], "production")
        proxy.faults.clear()
        moved = await shop.release("--yes", PHOENIX_ENDPOINT=proxy.base_url)
        assert (moved.code, "somebody moved the tag production" in moved.err) == (4, True), moved.text
    assert (shop.prompt(), shop.asked()) == (2, 0)
    assert shop.tags()["production"] == [f"candidate {commit}"]
    (step,) = re.findall(r"evalgate release (--against git:[0-9a-f]{40})$", moved.err, re.MULTILINE)
    decided = await shop.release(*step.split(), "--yes")
    assert (decided.code, shop.prompt()) == (0, 3), decided.text


def keys(folder: Path) -> tuple[str, Path, Path]:
    """Make two pairs; return the private key of the first, and the public key of each."""
    for name in ("release", "other"):
        private, public = folder / f"{name}.pem", folder / f"{name}.pub"
        made = (
            ["genpkey", "-algorithm", "ed25519", "-out", private],
            ["pkey", "-in", private, "-pubout", "-out", public],
        )
        for arguments in made:
            subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    return (folder / "release.pem").read_text(), folder / "release.pub", folder / "other.pub"


def files_with(folder: Path, text: str) -> list[Path]:
    """The files that evalgate wrote in which a text stands."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return [path for path in files if text.encode() in path.read_bytes()]


async def test_the_key_signs_and_is_nowhere_else(shop, tmp_path):
    secret, public, other = keys(tmp_path)
    commit = shop.pin(1, key_env="EVALGATE_RELEASE_KEY")
    lacking = await shop.release("--first", "--yes")
    assert (lacking.code, "EVALGATE_RELEASE_KEY is not set" in lacking.err) == (2, True), lacking.text
    wrong = await shop.release("--first", "--yes", EVALGATE_RELEASE_KEY="not a key at all")
    assert (wrong.code, "not a key at all" in wrong.text, shop.asked()) == (2, False, 0), wrong.text
    ended = await shop.release("--first", "--yes", EVALGATE_RELEASE_KEY=secret)
    assert ended.code == 0, ended.text
    told = secret.splitlines()[1]
    assert (told in ended.text, files_with(shop.folder, told)) == (False, [])
    elsewhere, file = tmp_path / "deploy", shop.folder / VERDICT
    assert verify(elsewhere, file, commit, "--key", str(public)).code == 0
    assert "not signed with this key" in verify(elsewhere, file, commit, "--key", str(other)).out


async def test_on_a_terminal_it_asks_and_no_is_no(shop):
    """Declined, the verdict stays and nothing has moved; asked again, the tags move and nothing is run again."""
    shop.pin(1)
    declined = await asyncio.to_thread(on_a_terminal, shop, "n\n")
    assert "PASS. Move the tag production of the experiment support and 1 more in Phoenix?" in declined
    assert shop.tags() == {}
    assert shop.asked()
    await asyncio.to_thread(on_a_terminal, shop, "y\n")
    assert (list(shop.tags()), shop.prompt(), shop.asked()) == (["production"], 1, 0)


def on_a_terminal(shop: Shop, typed: str) -> str:
    """Run a first release with a terminal as its input, answer, and return what it said."""
    ours, theirs = os.openpty()
    os.write(ours, typed.encode())
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "evalgate", "release", "--first"],
            cwd=shop.folder,
            env=environment(**shop.environ()),
            stdin=theirs,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert ended.returncode == 0, ended.stderr
    return ended.stderr
