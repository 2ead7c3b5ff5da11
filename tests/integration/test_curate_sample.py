"""`evalgate curate sample` and `drift` as commands: a file, a profile, a dataset in Phoenix, a model of embeddings."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from evalgate.cli.curate import clean as clean_step
from evalgate.cli.curate import drift as drift_step
from evalgate.cli.curate import sample as sample_step
from evalgate.curate.candidates import Candidate, read_candidates, write_candidates
from evalgate.errors import EvalgateError
from evalgate.golden.reading import read_examples
from tests.integration.team import Team
from tests.unit.curate.sampling.questions import candidate, questions, user

CONFIG = """\
suites:
  s:
    dataset: data/some.jsonl
    task: {python: 'a.py:b'}
    evaluators: [exact_match]
    checks: {exact_match: {at_least: 1.0}}
endpoints:
  fake: {base_url: BASE, timeout: 5}
  claude: {base_url: BASE, api: anthropic}
curate:
  profiles:
    shop: {project: shop, dataset: support.jsonl, sample: {size: 6, by: metadata.lang, seed: 3, holdout: 0}}
"""
MADE_UP = Path(__file__).parents[2] / "templates" / "init" / "golden.jsonl"
USUAL = {"refund": 0.5, "delivery": 0.3, "login": 0.2}


@pytest.fixture
def shop(tmp_path, fake_model):
    """A folder with a config, 120 candidates of last week, a fifth of which is new, and a dataset of 40 examples."""
    (tmp_path / "evalgate.yaml").write_text(CONFIG.replace("BASE", fake_model.base_url))
    rng, now = random.Random(1), datetime.now(UTC)
    asks = {**{topic: 0.8 * share for topic, share in USUAL.items()}, "allergy": 0.2}
    rows = [
        candidate(
            n,
            text,
            metadata={"lang": "de" if n % 3 else "en"},
            source={"start": (now - timedelta(hours=n + 1)).isoformat()},
        )
        for n, text in enumerate(questions(rng, asks, 120))
    ]
    write_candidates(tmp_path / "support.candidates.jsonl", rows)
    golden = [{"id": f"g{n}", "input": user(text)} for n, text in enumerate(questions(rng, USUAL, 60))]
    (tmp_path / "support.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in golden))

    async def run(command, *arguments, code=0, **env):
        wanted = [*arguments, "--config", str(tmp_path / "evalgate.yaml"), "--cache", str(tmp_path / "cache.db")]
        if not {"--dataset", "--profile"} & set(arguments):
            wanted += ["--dataset", str(tmp_path / "support.jsonl")]
        ended = await asyncio.to_thread(CliRunner().invoke, command.command, wanted, env=env)
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code, ended.exception
            return f"{ended.exception.message} next: {ended.exception.next_step}"
        assert ended.exit_code == code, (ended.output, ended.exception)
        return json.loads(ended.stdout) if "--json" in arguments else ended.output

    run.folder, run.candidates = tmp_path, tmp_path / "support.candidates.jsonl"
    return run


def chosen(shop):
    return [each for each in read_candidates(shop.candidates) if each.state == "chosen"]


async def test_sampling_says_how_many_of_how_many_from_which_groups_and_what_is_next(shop):
    said = await shop(sample_step, "--size", "10")
    assert "10 of 1" in said
    assert "by cluster: " in said
    assert "of them had nothing yet" in said
    assert f"next: evalgate curate review --dataset {shop.folder / 'support.jsonl'} --config" in said
    assert len(chosen(shop)) == 10
    before = shop.candidates.read_bytes()
    again = await shop(sample_step, "--size", "10")
    assert "10 were chosen before and wait for review" in again
    assert shop.candidates.read_bytes() == before


async def test_a_profile_says_how_and_flags_override_it(shop):
    found = await shop(sample_step, "--profile", "shop", "--json")
    assert (found["chosen"], found["splits"], {each["name"] for each in found["groups"]}) == (
        6,
        {},
        {"de", "en", "(none)"},
    )
    more = await shop(sample_step, "--profile", "shop", "--size", "9", "--by", "random", "--holdout", "0.5", "--json")
    assert (more["asked"], more["waiting"], more["chosen"], sum(more["splits"].values())) == (9, 6, 3, 3)


async def test_drift_names_what_is_missing_and_sampling_then_takes_it(shop):
    said = await shop(drift_step)
    assert "120 questions from" in said
    assert "what it lacks:" in said
    found = await shop(drift_step, "--json")
    assert found["drifted"] is True
    lacking = [topic for topic in found["topics"] if topic["lacking"]]
    assert sum(topic["production"] for topic in lacking) == pytest.approx(24, abs=12)
    add = sum(topic["add"] for topic in lacking)
    assert f"--size {add}" in said.splitlines()[-1]
    assert set(lacking[0]["candidates"]) <= {each.id for each in read_candidates(shop.candidates)}
    assert not chosen(shop)


async def test_an_embedding_model_is_asked_once_about_each_question(shop, fake_model):
    found = await shop(sample_step, "--embedding", "fake/small", "--size", "8", "--json")
    assert found["chosen"] == 8
    calls = fake_model.calls
    assert 1 <= calls <= 3
    await shop(sample_step, "--embedding", "fake/small", "--size", "9", "--json")
    await shop(drift_step, "--embedding", "fake/small", "--json")
    assert fake_model.calls == calls
    texts = [text for each in fake_model.requests for text in each["body"]["input"]]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--dataset", "away.jsonl"], 2, "away.jsonl has no candidates: "),
        (["--by", "topic"], 2, "--by: 'topic' is nothing to choose by: random, cluster"),
        (["--embedding", "other/m"], 2, "of the endpoint `other`, which the config does not have: known: claude, fake"),
        (["--embedding", "claude/m"], 2, "'claude' speaks anthropic, which has no embeddings"),
        (["--embedding", "m"], 2, "--embedding m names no endpoint"),
        (["--profile", "shops"], 2, "did you mean `shop`?"),
        (["--size", "0"], 2, "--size"),
        (["--holdout", "1"], 2, "--holdout"),
    ],
)
async def test_what_cannot_be_done_is_said_once_with_what_to_do(shop, arguments, code, message):
    before = shop.candidates.read_bytes()
    assert message in await shop(sample_step, *arguments, code=code)
    assert shop.candidates.read_bytes() == before


async def test_an_embedding_model_that_is_away_ends_it_and_changes_nothing(shop, fake_model):
    before = shop.candidates.read_bytes()
    config = shop.folder / "evalgate.yaml"
    config.write_text(
        config.read_text().replace(
            f"{{base_url: {fake_model.base_url}, timeout: 5}}", "{base_url: 'http://127.0.0.1:9/v1', timeout: 1}"
        )
    )
    assert "fake: cannot be reached" in await shop(sample_step, "--embedding", "fake/small", code=4)
    ended = await shop(drift_step, "--embedding", "fake/small", "--since", "30d", "--until", "1h", code=4)
    assert re.search(r"--embedding fake/small --cache \S+ --since 30d --until 1h", ended)
    assert shop.candidates.read_bytes() == before


async def test_drift_of_nothing_is_said_and_is_not_none(shop):
    long_ago = await shop(drift_step, "--since", "30m", code=4)
    assert "has nothing that was asked from" in long_ago
    assert "the latest is of " in long_ago
    assert "an earlier --since" in long_ago
    assert "since 7d is not before until 8d: nothing lies between" in await shop(drift_step, "--until", "8d", code=2)
    assert "--since: 'soon' is no time" in await shop(drift_step, "--since", "soon", code=2)
    assert "--since: '' is no time" in await shop(drift_step, "--since", "", code=2)
    assert "since 0d is not before now: nothing lies between" in await shop(drift_step, "--since", "0d", code=2)
    (shop.folder / "support.jsonl").unlink()
    assert "has no examples" in await shop(drift_step, code=4)


async def test_drift_takes_the_period_of_a_profile_that_is_named(shop):
    def declare(period):
        config = yaml.safe_load((shop.folder / "evalgate.yaml").read_text())
        profile = {"project": "shop", "dataset": "support.jsonl"}
        config["curate"] = {"profiles": {"shop": profile | period}}
        (shop.folder / "evalgate.yaml").write_text(yaml.safe_dump(config))

    declare({"since": "30m"})
    assert "has nothing that was asked from" in await shop(drift_step, "--profile", "shop", code=4)
    week = await shop(drift_step, "--profile", "shop", "--since", "7d", "--json")
    declare({"since": "2020-01-01", "until": "2020-01-02"})
    then = await shop(drift_step, "--profile", "shop", code=4)
    assert "from 2020-01-01 00:00 to 2020-01-02 00:00 UTC" in then
    declare({"since": "7d", "until": "14d"})
    wrong = await shop(drift_step, "--profile", "shop", code=2)
    assert wrong.endswith("nothing lies between next: correct curate.profiles.shop.since, or until")
    declare({"since": "2026-02-30"})
    wrong = await shop(drift_step, "--profile", "shop", code=2)
    assert wrong.startswith("curate.profiles.shop.since: '2026-02-30' is no time")
    assert wrong.endswith("next: correct curate.profiles.shop.since")
    assert week["production"] == 120


async def test_what_init_made_up_counts_for_nothing_and_is_named(shop):
    """Left alone, it would be what the dataset has, and what production is near."""
    shutil.copy(MADE_UP, shop.folder / "support.jsonl")
    named = shop.folder / "support.jsonl"
    said = f"3 examples of {named} are made up by evalgate init and do not count here: delete them"
    sampled = await shop(sample_step, "--by", "random")
    assert said in sampled.splitlines()
    assert "has no examples: there is nothing to be far from" in await shop(drift_step, code=4)
    (example,) = (each for each in read_examples(named) if each.id == "capital-001")
    write_candidates(shop.candidates, [Candidate(id="span:1", input=example.input, output=example.output)])
    assert (await shop(clean_step, "--json"))["out"] == {}
    shutil.copy(MADE_UP, named)
    named.write_text(named.read_text().replace("evalgate init", "ann"))
    assert (await shop(clean_step, "--json"))["out"] == {"golden already": 1}


async def test_a_broken_candidates_file_is_said_with_its_line(shop):
    shop.candidates.write_text(shop.candidates.read_text() + '{"id": 5}\n')
    with pytest.raises(AssertionError, match=r"support\.candidates\.jsonl:121"):
        await shop(sample_step, code=99)


async def test_a_dataset_in_phoenix_is_what_is_had(shop, phoenix):
    rng = random.Random(5)
    examples = [
        {"id": f"g{n}", "input": user(text), "output": {"a": 1}} for n, text in enumerate(questions(rng, USUAL, 40))
    ]
    _, name = await Team(phoenix).dataset(examples)
    folder = shop.folder / "curate"
    folder.mkdir()
    (folder / f"{name}.candidates.jsonl").write_bytes(shop.candidates.read_bytes())
    env = {"PHOENIX_ENDPOINT": phoenix.base_url}
    found = await shop(sample_step, "--dataset", f"phoenix:{name}", "--size", "6", "--json", **env)
    assert sum(each["golden"] for each in found["groups"]) == 40
    assert found["chosen"] == 6
    drift = await shop(drift_step, "--dataset", f"phoenix:{name}", "--json", **env)
    assert drift["golden"] == 40
