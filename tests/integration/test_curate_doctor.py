"""`evalgate doctor` on the profiles of `curate:`: what would end their next run, by name, and when that is."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from evalgate.cli.doctor import command
from evalgate.curate.scheduling.due import Last, write_last
from tests.integration.team import Team
from tests.integration.test_curate_pull import CONFIG, call

EXAMPLE = '{"id": "a", "input": {"question": "hi"}, "output": {"answer": "hello"}}\n'


@pytest.fixture
def doctor(tmp_path, phoenix, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "some.jsonl").write_text(EXAMPLE)
    (tmp_path / "a.py").write_text("def b(input):\n    return input\n")

    async def look(curate, *, config=CONFIG, about=("profile", "curate"), **env):
        (tmp_path / "evalgate.yaml").write_text(f"{config}curate: {json.dumps(curate)}\n")
        given = {"PHOENIX_ENDPOINT": phoenix.base_url, "GITHUB_EVENT_NAME": "", **env}
        ended = await asyncio.to_thread(CliRunner().invoke, command, ["--json"], env=given, standalone_mode=False)
        assert ended.exception is None, ended.output
        found = json.loads(ended.stdout)["findings"]
        return ended.return_value, [each for each in found if each["about"].startswith(about)]

    return look


async def test_a_profile_is_said_with_what_it_reads_and_when_it_is_due(doctor, phoenix, tmp_path):
    project, at = phoenix.unique("shop"), datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2)
    await Team(phoenix).spans(project, [call("question", "a")])
    (tmp_path / "shop.jsonl").write_text(EXAMPLE)
    shop = {"project": project, "dataset": "shop.jsonl", "when": {"every": "24h"}}
    there = {"project": project, "dataset": {"phoenix": phoenix.unique("golden")}}
    write_last(tmp_path / "shop.candidates.state.json", "shop", Last(began=at, until=at))
    _, found = await doctor({"profiles": {"shop": shop, "there": there}, "notify": {}}, SLACK_WEBHOOK_URL="")
    reads = f"project {project} at {phoenix.base_url}"
    due = at + timedelta(hours=23)
    times = f"last run {at:%Y-%m-%d %H:%M} UTC, due {due:%Y-%m-%d %H:%M} UTC"
    made = f"the dataset {there['dataset']['phoenix']} is not there yet: the first push makes it"
    assert [(each["about"], each["state"], each["message"]) for each in found] == [
        ("profile shop", "ok", f"{reads}; shop.jsonl has 1 example; {times}"),
        ("profile there", "ok", f"{reads}; {made}; never run, due now"),
        ("curate.notify", "warning", "nobody is told: SLACK_WEBHOOK_URL is not set"),
    ]
    _, found = await doctor({"profiles": {"shop": shop}, "notify": {}}, SLACK_WEBHOOK_URL="https://hooks.example.com/x")
    assert found[-1]["message"] == "SLACK_WEBHOOK_URL is set"


async def test_a_config_that_curates_alone_can_begin(doctor, phoenix):
    project = phoenix.unique("shop")
    await Team(phoenix).spans(project, [call("question", "a")])
    shop = {"profiles": {"shop": {"project": project, "dataset": "shop.jsonl"}}}
    code, found = await doctor(shop, config="", about=("config", "gate", "profile"))
    assert (code, [(each["about"], each["state"]) for each in found]) == (
        0,
        [("config", "ok"), ("profile shop", "ok")],
    )
    assert found[0]["message"] == (
        "evalgate.yaml, 1 profile and no suite: it is for curation alone, `evalgate run` needs a suite"
    )
    said = await asyncio.to_thread(CliRunner().invoke, command, env={"PHOENIX_ENDPOINT": phoenix.base_url})
    assert said.output.endswith("\nCuration can begin.\n")
    code, (found,) = await doctor({}, config="", about=("config",))
    assert (code, found["state"]) == (2, "problem"), "nothing can be done with it"


async def test_what_would_end_a_run_is_said_of_the_profile_that_it_would_end(doctor, phoenix, tmp_path, monkeypatch):
    project = phoenix.unique("shop")
    await Team(phoenix).spans(project, [call("question", "a")])
    (tmp_path / "broken.jsonl").write_text("{\n")
    (tmp_path / "lost.candidates.state.json").write_text("[")
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    plain = {"project": project, "clean": {"personal": "keep"}}
    profiles = {
        "fine": {**plain, "dataset": "fine.jsonl"},
        "lost": {**plain, "project": f"{project}x", "dataset": "lost.jsonl"},
        "away": {**plain, "server": "none", "dataset": "away.jsonl"},
        "broken": {**plain, "dataset": "broken.jsonl"},
        "cleaned": {"project": project, "dataset": "cleaned.jsonl"},
        "labelled": {**plain, "dataset": "labelled.jsonl", "label": {"model": "nowhere/small"}},
        "untaught": {**plain, "dataset": "untaught.jsonl", "label": {"taxonomy": "none.yaml"}},
        "late": {**plain, "dataset": "late.jsonl", "since": "2026-01-05", "until": "2026-01-01"},
    }
    code, found = await doctor({"profiles": profiles})
    said = {name: [each for each in found if each["about"] == f"profile {name}"] for name in profiles}
    wrong = {name: [each for each in all_of if each["state"] == "problem"] for name, all_of in said.items()}
    assert code == 2
    assert [name for name in profiles if not wrong[name]] == ["fine"]
    assert f"has no project '{project}x'; did you mean '{project}'?" in wrong["lost"][0]["message"]
    assert "says when profiles last ran" in wrong["lost"][1]["message"]
    assert "none" in wrong["away"][0]["message"]
    assert "broken.jsonl:1" in wrong["broken"][0]["message"]
    assert wrong["cleaned"][0]["message"] == "it cleans with packages that are not installed here (phonenumbers)"
    assert wrong["cleaned"][0]["next"] == "pip install 'phoenix-evalgate[curate]'"
    assert "`nowhere`, which the config does not have" in wrong["labelled"][0]["message"]
    assert "curate.profiles.labelled.label.model" in wrong["labelled"][0]["next"]
    assert wrong["untaught"][0]["message"] == "the taxonomy none.yaml does not exist"
    assert wrong["late"][0]["message"] == "since 2026-01-05 is not before until 2026-01-01: nothing lies between"
    assert wrong["late"][0]["next"] == "correct curate.profiles.late.since, or until"
    assert said["broken"][-1]["state"] == "ok", "the rest of it is said too"


async def test_what_ends_a_step_that_asks_nobody_is_said_too(doctor, phoenix, tmp_path):
    project = phoenix.unique("shop")
    await Team(phoenix).spans(project, [call("question", "a")])
    (tmp_path / "folder.jsonl").mkdir()
    plain = {"project": project, "clean": {"personal": "keep"}, "dataset": "a.jsonl"}
    profiles = {
        "backwards": {**plain, "since": "1d", "until": "7d"},
        "unlabelled": {**plain, "label": {"model": "nowhere/small", "taxonomy": "none.yaml"}},
        "by_hand": {**plain, "label": {"taxonomy": "none.yaml"}},
        "folder": {**plain, "dataset": "folder.jsonl"},
        "endless": {**plain, "dataset": f"{'a' * 250}.jsonl"},
    }
    code, found = await doctor({"profiles": profiles})
    wrong = {
        name: [each["message"] for each in found if (each["about"], each["state"]) == (f"profile {name}", "problem")]
        for name in profiles
    }
    assert code == 2
    assert wrong["backwards"] == ["since 1d is not before until 7d: nothing lies between"]
    assert "none.yaml" in wrong["unlabelled"][-1]
    assert wrong["by_hand"] == ["the taxonomy none.yaml does not exist"], "`curate label` by hand ends by it"
    assert wrong["folder"] == ["folder.jsonl is no file"]
    assert "cannot be looked up" in wrong["endless"][0]


async def test_what_a_pull_request_says_of_profiles_is_asked_nowhere(doctor):
    _, found = await doctor(
        {"profiles": {"shop": {"project": "p", "dataset": "a.jsonl"}}},
        GITHUB_EVENT_NAME="pull_request",
        PHOENIX_ENDPOINT="http://127.0.0.1:9",
    )
    assert [(each["about"], each["state"]) for each in found] == [("curate", "ok")]
    assert (await doctor({"profiles": {}}))[1] == []


async def test_what_presidio_lacks_is_said_without_loading_a_model(doctor, phoenix, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    project = phoenix.unique("shop")
    await Team(phoenix).spans(project, [call("question", "a")])
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "config.cfg").touch()
    models = {"en": "en_core_web_nowhere", "de": "./there", "other": "./lost"}
    clean = {"presidio": {"models": models}}
    profiles = {
        "read": {"project": project, "dataset": "read.jsonl", "clean": clean},
        "kept": {"project": project, "dataset": "kept.jsonl", "clean": {**clean, "personal": "keep"}},
    }
    code, found = await doctor({"profiles": profiles})
    assert code == 2
    assert [(each["about"], each["message"]) for each in found if each["state"] == "problem"] == [
        ("profile read", "it cleans with packages that are not installed here (presidio_analyzer, spacy)"),
        ("profile read", "clean.presidio.models.en: no model 'en_core_web_nowhere' is installed here"),
        ("profile read", "clean.presidio.models.other: ./lost is no model of spaCy: it has no config.cfg"),
    ]
