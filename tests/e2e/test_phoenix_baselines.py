"""Baselines in Phoenix: what was measured on one machine is compared with on another, and decides the same."""

import asyncio
import json
import shutil
from dataclasses import dataclass, field

import httpx
import pytest
import yaml

from evalgate.decision import canonical, decide
from evalgate.gate.gather import Source, gathered
from evalgate.journal.store import Journal
from tests.e2e.repository import Repo
from tests.e2e.test_moving import push
from tests.phoenix_server.faults import Fault, FaultProxy


@dataclass
class Team(Repo):
    """A repository whose builds are mirrored on a server, and machines that share nothing but that."""

    server: object = None
    dataset: str = ""
    phoenix: dict = field(default_factory=dict)

    def config(self, **suite):
        super().config(**suite)
        config = yaml.safe_load((self.folder / "evalgate.yaml").read_text())
        config["phoenix"] = {"dataset": f"{{suite}} {self.dataset}", **self.phoenix}
        self.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))

    def run(self, *arguments, **env):
        return super().run(*arguments, **{"PHOENIX_ENDPOINT": self.server.base_url, **env})

    def evalgate(self, *arguments, **env):
        return super().evalgate(*arguments, **{"PHOENIX_ENDPOINT": self.server.base_url, **env})

    def fresh_machine(self):
        """Forget all that was measured here."""
        shutil.rmtree(self.folder / ".evalgate", ignore_errors=True)

    def get(self, path):
        answer = httpx.get(f"{self.server.base_url}/{path}", headers=self.server.headers, timeout=30)
        answer.raise_for_status()
        return answer.json()["data"]

    @property
    def dataset_id(self):
        return self.get(f"v1/datasets?name=doubling {self.dataset}")[0]["id"]

    @property
    def experiments(self):
        """The experiments of the suite, newest first."""
        return self.get(f"v1/datasets/{self.dataset_id}/experiments")

    def tagged(self, name="baseline"):
        return [
            each["id"]
            for each in self.experiments
            if name in [tag["name"] for tag in self.get(f"v1/experiments/{each['id']}/tags")]
        ]

    def decision(self):
        """The bytes of the latest build's decision."""
        with Journal(self.folder / ".evalgate/journal.db", create=False) as journal:
            (build, *_) = journal.builds()
            return canonical(decide(gathered([Source(journal=journal, build=build.id)])))


@pytest.fixture
def team(tmp_path, phoenix):
    return Team(tmp_path / "repo", server=phoenix, dataset=phoenix.unique("baselines"), examples=12).begin()


def test_an_experiment_decides_and_compares_as_the_exported_build_does(team):
    team.ship(1, baseline=None, checks={"exact_match": {"at_least": 0.5}}, cluster="metadata.parity")
    first = team.run()
    assert first.code == 0, first.text
    (experiment,) = team.experiments
    assert team.evalgate("journal", "export", "1", "--to", "../stored.db").code == 0
    decisions = []
    team.phoenix["publish"] = False
    team.task(11)
    stored = (f"experiment:{experiment['id']}", "file:../stored.db")
    for baseline in stored:
        team.fresh_machine()
        team.config(baseline=baseline)
        team.calls()
        ended = team.run()
        assert ended.code == 1, ended.text
        assert team.calls() == {"11": team.examples}
        decisions.append(team.decision())
    assert decisions[0] == decisions[1]
    compared = [team.evalgate("compare", f"then={each.removeprefix('file:')}", "now=1", "--json") for each in stored]
    assert [each.code for each in compared] == [0, 0], compared[0].text
    assert compared[0].out.replace(stored[0], "../stored.db") == compared[1].out
    for named, words in (
        ("experiment:RXhwZXJpbWVudDo5OTk5OTk=", "has no experiment"),
        ("phoenix-tag:shipped", "has the tag shipped"),
    ):
        team.config(baseline=named)
        ended = team.run()
        assert ended.code == 4, ended.text
        assert words in " ".join(ended.out.split())
        assert "next:" in ended.out


def test_a_push_tags_what_it_stores_and_a_fresh_machine_finds_it(team):
    before = team.ship(1).git("rev-parse", "HEAD")
    team.task(2)
    team.commit()
    pushed = team.run(**push(team, before))
    assert pushed.code == 0, pushed.text
    (tagged,) = team.tagged()
    assert "has the tag baseline in Phoenix at" in pushed.err
    assert "A stored baseline" in next(each["description"] for each in team.experiments if each["id"] == tagged)
    shown = team.evalgate("baseline", "show")
    assert "the tag baseline is on doubling baseline: main@" in shown.out, shown.text
    (moved, *_) = json.loads(team.evalgate("baseline", "history", "--json").out)["baselines"]
    assert moved["phoenix"]["doubling"].endswith(f"experiments/{tagged}")
    kept = shutil.copytree(team.folder / ".evalgate", team.folder.parent / "kept")
    team.phoenix["publish"] = False
    team.git("checkout", "-q", "-b", "change")
    team.config()
    team.task(9)
    team.commit()
    team.calls()
    decisions = []
    for place in ("elsewhere", "here"):
        team.fresh_machine()
        if place == "here":
            shutil.copytree(kept, team.folder / ".evalgate")
        ended = team.run()
        assert ended.code == 1, ended.text
        for said in ("looking for stored runs", f"found there, and taken over: {3 * team.examples} runs of main@"):
            assert (said in ended.err) == (place == "elsewhere"), ended.text
        assert team.calls() == {"2": 3 * team.examples, "9": 4 * team.examples}
        decisions.append(team.decision())
    assert decisions[0] == decisions[1]
    assert team.evalgate("baseline", "set").code == 0


AWAY = {
    "down": (None, "was not reached"),
    "failing": (Fault(kind="status", status=500), "answered 500"),
    "slow": (Fault(kind="hang"), "did not answer within 0.2 s"),
    "garbled": (Fault(kind="status", status=200, body="<html>"), "gave no usable answer"),
    "forbidden": (Fault(kind="status", status=403), "answered 403"),
}


@pytest.mark.parametrize("fault", AWAY)
async def test_a_server_that_is_away_is_unmeasurable_where_it_is_named_and_a_note_where_it_is_not(team, fault):
    injected, words = AWAY[fault]
    team.phoenix.update(publish=False, timeout=0.2 if fault == "slow" else 60)
    team.ship(1)
    team.git("checkout", "-q", "-b", "change")
    team.task(2)
    async with FaultProxy(team.server.base_url, *([injected] if injected else ())) as proxy:
        if injected is None:
            await proxy.down()
        environ = {"PHOENIX_ENDPOINT": proxy.base_url}
        found = await asyncio.to_thread(team.run, **environ)
        team.config(baseline="phoenix-tag:baseline")
        named = await asyncio.to_thread(team.run, **environ)
    assert found.code == 0, found.text
    assert words in found.out
    assert "were not looked for in Phoenix" in found.out
    assert team.calls() == {"1": 3 * team.examples, "2": 4 * team.examples}
    assert named.code == 4, named.text
    assert words in named.out


def test_a_tag_follows_when_the_server_is_back_and_no_older_baseline_takes_it(team):
    team.ship(1)
    for share in (1, 2):
        team.task(share)
        team.commit(f"share {share}") if share > 1 else None
        away = team.evalgate("baseline", "set", PHOENIX_ENDPOINT="http://127.0.0.1:9")
        assert away.code == 0, away.text
    for build in ("2", "1"):
        assert team.evalgate("phoenix", "sync", build).code == 0
    (tagged,) = team.tagged()
    (newest,) = [each["id"] for each in team.experiments if each["metadata"]["build"] == 2]
    assert tagged == newest
    assert len(team.experiments) == 2
