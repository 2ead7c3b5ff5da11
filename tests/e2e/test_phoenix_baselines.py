"""Baselines in Phoenix: what was measured on one machine is compared with on another, and decides the same."""

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
    return Team(tmp_path / "repo", server=phoenix, dataset=phoenix.unique("baselines")).begin()


def test_an_experiment_decides_as_the_exported_build_does(team):
    team.ship(baseline=None, checks={"exact_match": {"at_least": 0.5}})
    first = team.run()
    assert first.code == 0, first.text
    (experiment,) = team.experiments
    assert team.evalgate("journal", "export", "1", "--to", "../stored.db").code == 0
    decisions = []
    team.task(30)
    for baseline in (f"experiment:{experiment['id']}", "file:../stored.db"):
        team.fresh_machine()
        team.config(baseline=baseline)
        team.calls()
        ended = team.run()
        assert ended.code == 1, ended.text
        assert team.calls() == {"30": team.examples}
        decisions.append(team.decision())
    assert decisions[0] == decisions[1]


def test_a_push_tags_what_it_stores_and_a_fresh_machine_finds_it(team):
    before = team.ship(4).git("rev-parse", "HEAD")
    team.task(5)
    team.commit()
    pushed = team.run(**push(team, before))
    assert pushed.code == 0, pushed.text
    (tagged,) = team.tagged()
    assert "A stored baseline" in next(each["description"] for each in team.experiments if each["id"] == tagged)
    team.calls()
    local = team.folder / ".evalgate"
    shutil.copytree(local, team.folder.parent / "kept")
    team.git("checkout", "-q", "-b", "change")
    team.task(30)
    team.commit()
    decisions = []
    for place in ("elsewhere", "here"):
        team.fresh_machine()
        if place == "here":
            shutil.copytree(team.folder.parent / "kept", local)
        ended = team.run()
        assert ended.code == 1, ended.text
        assert team.calls() == {"5": 3 * team.examples, "30": 4 * team.examples}
        decisions.append(team.decision())
    assert decisions[0] == decisions[1]
