"""Curation on a Phoenix that asks for keys, and on one below a path: a right key, a wrong one, one that may look."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys

import pytest
import yaml

from tests.e2e.project import Ended, environment
from tests.fake_model import Rule
from tests.fake_model.apart import served
from tests.integration.team import Team
from tests.integration.test_curate_pull import call
from tests.integration.test_curate_push import KILLED

QUESTIONS = ("how long is the way to the moon?", "which trains run in Berlin?", "what is a kofta?", "who cooks best?")
LABEL = json.dumps({"explanation": "it is one", "label": "Search"})
CONFIG = {
    "suites": {
        "s": {
            "dataset": "some.jsonl",
            "task": {"python": "a.py:b"},
            "evaluators": ["exact_match"],
            "checks": {"exact_match": {"at_least": 1.0}},
        }
    }
}


class Shop:
    """A folder with candidates, on one server, with one key at a time; all that was ever printed is kept."""

    def __init__(self, folder, server, model) -> None:
        self.folder, self.server, self.team, self.model = folder, server, Team(server), model
        self.project, self.golden = server.unique("shop"), server.unique("golden")
        self.key = server.api_key
        self.printed = ""
        label = {"model": "fake/m", "taxonomy": "mine.yaml", "answers": False}
        profile = {"project": self.project, "dataset": "some.jsonl", "label": label}
        config = {**CONFIG, "endpoints": {"fake": {"base_url": model.base_url}}, "curate": {"profiles": {"p": profile}}}
        (folder / "evalgate.yaml").write_text(yaml.safe_dump(config))
        (folder / "mine.yaml").write_text("name: state\nquestion: Where?\nlabels: {Search: s, Fine: f}\nfine: [Fine]\n")

    async def spans(self, *questions):
        """Let spans come in, and return their ids."""
        made = [call(each, "an answer ☃") for each in questions]
        await self.team.spans(self.project, made)
        return [each["context"]["span_id"] for each in made]

    async def __call__(self, *arguments, code=0, key=None):
        """Run a command, with the shop's key or another one; returns what was printed."""
        said = await asyncio.to_thread(self._run, arguments, key or self.key)
        self.printed += said.text
        assert said.code == code, (arguments, said.text)
        assert "Traceback" not in said.text
        return said.err if code else said.out

    async def killed(self, module, name):
        program = KILLED.format(module=module, name=name, dataset=self.golden)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program), cwd=self.folder, env=self._env(self.key), stdout=-3, stderr=-3
        )
        assert await process.wait() == -signal.SIGKILL

    def _run(self, arguments, key):
        command = [sys.executable, "-m", "evalgate", *arguments]
        ended = subprocess.run(
            command, cwd=self.folder, env=self._env(key), capture_output=True, text=True, check=False, timeout=180
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def _env(self, key):
        named = {"PHOENIX_API_KEY": key} if key else {}
        return environment(PHOENIX_ENDPOINT=self.server.base_url, **named)

    def kept(self):
        """Return what the folder holds, but for how far a pull came and the cache."""
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        own = {str(path.relative_to(self.folder)): data for path, data in files.items()}
        return {name: data for name, data in own.items() if not name.startswith(".")}

    def states(self):
        path = self.folder / "some.candidates.jsonl"
        return [json.loads(line)["state"] for line in path.read_text().splitlines()]

    def nowhere(self, *keys):
        """Hold that no key was printed, or is in any file, hidden ones and stores included."""
        for key in keys:
            assert key not in self.printed
            assert [
                path for path in self.folder.rglob("*") if path.is_file() and key.encode() in path.read_bytes()
            ] == []


@pytest.fixture
def shop(tmp_path, request):
    with served(Rule(reply=LABEL)) as model:
        yield Shop(tmp_path, request.getfixturevalue(request.param), model)


PULL = ("curate", "pull", "--profile", "p", "--settle", "0s")
SAMPLE = ("curate", "sample", "--profile", "p", "--by", "random")
LABELLED = ("curate", "label", "--profile", "p", "--annotate")
REVIEW = ("curate", "review", "--profile", "p", "--annotations", "review")


@pytest.mark.parametrize("shop", ["phoenix_auth", "phoenix_prefix"], indirect=True)
async def test_the_whole_way(shop):
    """Into a new dataset by a push that is killed, then into the same one, with each example's life at the end."""
    ids = await shop.spans(*QUESTIONS[:2])
    await shop(*PULL)
    await shop(*SAMPLE)
    assert json.loads(await shop(*LABELLED, "--json"))["annotated"] == 2
    query = "&".join(f"span_ids={each}" for each in ids)
    said = (await shop.team.ask(f"projects/{shop.project}/span_annotations?{query}", "GET"))["data"]
    assert {(each["span_id"], each["result"]["label"]) for each in said} == {(each, "Search") for each in ids}
    await shop.team.say("review", dict.fromkeys(ids, "accept"), by="ann")
    assert json.loads(await shop(*REVIEW, "--json"))["decided"] == 2

    push = ("curate", "push", "--profile", "p", "--phoenix", shop.golden, "--yes", "--json")
    await shop.killed("phoenix.datasets.pushing", "upload_linked")
    first = json.loads(await shop(*push))
    assert shop.states() == ["golden", "golden"]
    assert first["phoenix"]["unlinked"] == []
    again = json.loads(await shop(*push))
    assert again["phoenix"]["version"] == first["phoenix"]["version"]

    (more,) = await shop.spans(QUESTIONS[2])
    await shop(*PULL)
    await shop(*SAMPLE)
    await shop.team.say("review", {more: "accept"}, by="bob")
    await shop(*REVIEW)
    await shop.killed("phoenix.datasets.pushing", "patch_examples")
    await shop(*push)
    listed = json.loads(await shop("dataset", "history", shop.golden, "--json"))
    assert max(each["examples"] for each in listed["versions"]) == 3
    life = await shop("dataset", "history", shop.golden, more)
    assert "bob" in life
    assert shop.project in life
    if shop.key:
        shop.nowhere(shop.key)


@pytest.mark.parametrize("shop", ["phoenix_auth"], indirect=True)
async def test_a_wrong_key_and_one_that_may_look(shop):
    """One error with what to do next, nothing lost or half done, and the key nowhere; the right key goes on."""
    wrong, viewer, push = "wrong-key-of-nobody", shop.server.viewer_key, ("curate", "push", "--profile", "p", "--yes")
    ids = await shop.spans(*QUESTIONS)
    assert refused(await shop(*PULL, code=4, key=wrong), "refused the key (401)")
    await shop(*PULL, key=viewer)
    await shop(*SAMPLE, key=viewer)

    assert refused(await shop(*LABELLED, code=4, key=wrong), "refused the key (401)")
    assert shop.model.calls == 0
    assert refused(await shop(*LABELLED, code=4, key=viewer), "Viewers cannot perform this action")
    assert json.loads(await shop(*LABELLED, "--json"))["annotated"] == 4
    assert shop.model.calls == 4

    await shop.team.say("review", dict.fromkeys(ids, "accept"), by="ann")
    before = shop.kept()
    assert refused(await shop(*REVIEW, code=4, key=wrong), "refused the key (401)")
    assert shop.kept() == before
    assert json.loads(await shop(*REVIEW, "--json", key=viewer))["decided"] == 4

    before = shop.kept()
    for key, said in ((wrong, "refused the key (401)"), (viewer, "Viewers cannot perform this action")):
        assert refused(await shop(*push, "--phoenix", shop.golden, code=4, key=key), said)
        now = shop.kept()
        assert {name: now[name] for name in before if name != "some.jsonl"} == {
            name: data for name, data in before.items() if name != "some.jsonl"
        }
    await shop(*push, "--phoenix", shop.golden)
    assert shop.states() == ["golden"] * 4
    history = ("dataset", "history", shop.golden, ids[0])
    assert refused(await shop(*history, code=4, key=wrong), "refused the key (401)")
    assert "ann" in await shop(*history, key=viewer)
    shop.nowhere(wrong, viewer, shop.key)


def refused(said: str, why: str) -> bool:
    """Return whether that is all there is to it: one error, and what to do about it."""
    return why in said and said.count("evalgate: ") == 1 and "\n  next: set PHOENIX_API_KEY to a key " in said
