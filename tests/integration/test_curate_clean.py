"""`evalgate curate clean`, and what a pull replaces before anything is written, against a real Phoenix."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.curate import clean as clean_step
from evalgate.cli.curate import cleaning
from evalgate.cli.curate import export as export_step
from evalgate.cli.curate import pull as pull_step
from evalgate.cli.curate import push as push_step
from evalgate.cli.curate import sample as sample_step
from evalgate.curate import processes
from evalgate.curate.candidates import State, read_candidates
from evalgate.curate.reviewing.reviews import Review, append_reviews
from evalgate.curate.reviewing.standing import seen_of
from evalgate.curate.reviewing.states import settle_states
from evalgate.errors import EvalgateError
from tests.integration.team import Team
from tests.integration.test_curate_pull import CONFIG, call, id_of

KEY = {"CURATE_PSEUDONYM_KEY": "0123456789abcdef0123456789abcdef"}
ANNA = "My name is Anna Schmidt, anna@example.com, and my key is sk-ant-api03-abcdefghijklmnopqrstuvwx"
GONE = ("Anna", "Schmidt", "anna@", "sk-ant")
LEEKS = "How do I cook leek soup for four people tonight without cream?"


def clean(folder, *arguments, code=0, **env):
    """Clean the candidates of the folder's dataset; returns what was said as JSON, or all of it where that failed."""
    wanted = ["--dataset", str(folder / "some.jsonl"), "--config", str(folder / "evalgate.yaml"), "--json", *arguments]
    ended = CliRunner().invoke(clean_step.command, wanted, env={**KEY, **env})
    if isinstance(ended.exception, EvalgateError):
        assert ended.exception.exit_code == code, ended.exception
        return f"{ended.exception}"
    assert ended.exit_code == code, ended.output
    return json.loads(ended.stdout) if code == 0 else ended.output


def line(name, question, state="new", **source):
    return {
        "id": name,
        "input": {"messages": [{"role": "user", "content": question}]},
        "output": {"messages": [{"role": "assistant", "content": "So."}]},
        "state": state,
        "source": {"status": "OK", **source},
    }


def write(path, *lines):
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "evalgate.yaml").write_text(CONFIG)
    write(
        tmp_path / "some.candidates.jsonl",
        line("a", ANNA),
        line("b", LEEKS),
        line("c", LEEKS.upper()),
        line("d", "Wo finde ich ein gutes Rezept für eine Suppe mit Lauch und Kartoffeln?"),
        line("e", "Which soup is golden?"),
        line("f", "It broke", status="ERROR"),
    )
    write(
        tmp_path / "some.jsonl",
        {"id": "g", "input": {"messages": [{"role": "user", "content": "which soup is golden"}]}},
    )
    return tmp_path


def candidates(folder, name="some"):
    return {each.id: each for each in read_candidates(folder / f"{name}.candidates.jsonl")}


def test_several_processes_come_to_what_one_does(folder, monkeypatch):
    file = folder / "some.candidates.jsonl"
    before = file.read_bytes()
    alone = clean(folder, "--language", "en", "--write")
    by_one = [
        (each.marks, each.state, each.input, [step.why for step in each.history]) for each in read_candidates(file)
    ]
    file.write_bytes(before)
    monkeypatch.setattr(cleaning, "_LARGE", 0)
    monkeypatch.setattr(processes, "processors", lambda: 2)
    assert clean(folder, "--language", "en", "--write") == alone
    assert by_one == [
        (each.marks, each.state, each.input, [step.why for step in each.history]) for each in read_candidates(file)
    ]


def test_nothing_is_written_until_it_is_asked_for_and_a_second_time_changes_nothing(folder):
    file = folder / "some.candidates.jsonl"
    before = file.read_bytes()
    shown = clean(folder, "--language", "en")
    assert file.read_bytes() == before
    assert not (folder / ".curate").exists()
    done = clean(folder, "--language", "en", "--write")
    assert {**shown, "written": True} == done
    assert done["out"] == {"duplicate": 1, "error": 1, "golden already": 1, "language": 1}
    assert (done["candidates"], done["new"], done["stay_new"]) == (6, 6, 2)
    assert done["replaced"] == {"EMAIL": 1, "PERSON": 1, "SECRET": 1}
    after = file.read_bytes()
    assert not any(each.encode() in after for each in GONE)
    assert "Anna" not in json.dumps(done)
    again = clean(folder, "--language", "en", "--write")
    assert file.read_bytes() == after
    assert (again["new"], again["out"], again["redacted"]) == (2, {}, 0)
    assert list(candidates(folder)) == list("abcdef")


def test_an_answer_that_a_person_wrote_is_left_to_them_and_is_what_is_pushed(folder):
    file, theirs = folder / "some.candidates.jsonl", {"messages": [{"role": "assistant", "content": f"{ANNA}."}]}
    write(file, line("a", LEEKS, state="chosen"), line("b", "Where is my parcel?", state="chosen"))
    sheet = {"who": "Bo", "at": "2026-01-06T09:00:00+00:00", "decision": "accepted"}
    reviews = [
        Review(id=each.id, seen=seen_of(each), answer="edited", output=output, **sheet)
        for each, output in zip(read_candidates(file), [theirs, {"answer": "Dear Anna Schmidt"}], strict=True)
    ]
    append_reviews(file, reviews)
    settle_states(file)
    decided = file.read_bytes()
    done = clean(folder, "--write")
    assert done["redacted"] == 0
    assert done["reviewed_answers"] == {
        "hold": {"EMAIL": 1, "PERSON": 2, "SECRET": 1},
        "accepted": ["a", "b"],
        "golden": [],
    }
    assert file.read_bytes() == decided
    wanted = ["--dataset", str(folder / "some.jsonl"), "--config", str(folder / "evalgate.yaml")]
    said = CliRunner().invoke(clean_step.command, wanted, env=KEY).stdout
    held = "answers of 2 reviewed candidates stay as their reviewers left them, and hold 1 EMAIL, 2 PERSON, 1 SECRET"
    assert held in said
    assert re.search(r"to decide again: evalgate curate review .*--id a --id b\n", said)
    # A key is pushed by nobody, whoever wrote it; the rest is golden as it was decided.
    pushed = CliRunner().invoke(push_step.command, [*wanted, "--yes"])
    assert "1 holds a key, a token or a password and stays (a)" in pushed.stdout
    assert "--id a\n" in pushed.stdout
    golden = [json.loads(each) for each in (folder / "some.jsonl").read_text().splitlines()]
    assert [(each["id"], each.get("output")) for each in golden[1:]] == [("b", {"answer": "Dear Anna Schmidt"})]
    assert candidates(folder)["b"].output == {"answer": "Dear Anna Schmidt"}
    assert clean(folder)["reviewed_answers"]["golden"] == ["b"]
    write(file, line("a", LEEKS, state="chosen"))
    settle_states(file)
    said = CliRunner().invoke(clean_step.command, wanted, env=KEY).stdout
    assert said.startswith("1 candidate in ")
    held = "the answer of 1 reviewed candidate stays as its reviewer left it, and holds 1 EMAIL, 1 PERSON, 1 SECRET"
    assert f"{held}\n" in said


def test_what_nobody_may_write_is_golden_by_no_reviewer_either(folder):
    file, config = folder / "some.candidates.jsonl", folder / "evalgate.yaml"
    with config.open("a") as more:
        more.write("\ncurate: {profiles: {p: {project: shop, dataset: some.jsonl, clean: {personal: replace}}}}\n")
    write(file, line("a", LEEKS, state="chosen"), line("b", "Where is my parcel?", state="chosen"))
    reviews = [
        Review(
            id=each.id,
            seen=seen_of(each),
            answer="edited",
            output={"answer": output},
            who="Anna Schmidt",
            at="2026-01-06T09:00:00+00:00",
            decision="accepted",
        )
        for each, output in zip(read_candidates(file), ["Dear Anna Schmidt", "It is on its way."], strict=True)
    ]
    append_reviews(file, reviews)
    settle_states(file)
    wanted = ["--profile", "p", "--config", str(config)]
    to_train = [*wanted, "--candidates", "--at-least", "1", "--to", str(folder / "out")]
    exported = CliRunner().invoke(export_step.command, to_train, env=KEY)
    assert exported.exit_code == 0, exported.output
    assert "Dear" not in "".join(each.read_text() for each in (folder / "out").iterdir())
    pushed = CliRunner().invoke(push_step.command, [*wanted, "--yes"], env=KEY)
    assert (
        "1 has something personal in the answer that a reviewer left, which `clean: {personal: replace}` forbids,"
        " and stays (a); next: evalgate curate review"
    ) in pushed.stdout
    assert "--id a\n" in pushed.stdout
    golden = [json.loads(each) for each in (folder / "some.jsonl").read_text().splitlines()]
    assert [(each["id"], each.get("output")) for each in golden[1:]] == [("b", {"answer": "It is on its way."})]


def test_a_candidate_that_asks_nothing_is_shown_without_an_empty_question(folder):
    write(folder / "some.candidates.jsonl", line("a", " "), line("b", LEEKS))
    wanted = ["--dataset", str(folder / "some.jsonl"), "--config", str(folder / "evalgate.yaml")]
    assert "\n      a nothing was asked\n" in CliRunner().invoke(clean_step.command, wanted, env=KEY).stdout


def test_what_is_said_ends_with_the_next_command(folder):
    wanted = ["--dataset", str(folder / "some.jsonl"), "--config", str(folder / "evalgate.yaml")]
    said = CliRunner().invoke(clean_step.command, wanted, env=KEY).stdout.splitlines()
    assert said[0].endswith("6 of them new")
    assert said[-2:][0] == "3 stay new"
    assert said[-1].startswith("nothing was written; next: evalgate curate clean --dataset ")
    assert said[-1].endswith(" --write")
    said = CliRunner().invoke(clean_step.command, [*wanted, "--write"], env=KEY).stdout.splitlines()
    assert said[-1].startswith("next: evalgate curate sample --dataset ")


def test_a_profile_says_how_and_a_flag_overrides_it(folder):
    profile = "{project: p, dataset: some.jsonl, errors: only, clean: {personal: keep, near: null, keep: ['How*']}}"
    (folder / "evalgate.yaml").write_text(f"{CONFIG}curate:\n  profiles:\n    shop: {profile}\n")
    done = clean(folder, "--profile", "shop")
    # Secrets go whatever is kept, and failures stay where nothing else is pulled.
    assert done["replaced"] == {"SECRET": 1}
    assert "error" not in done["out"]
    assert clean(folder, "--profile", "shop", "--personal", "replace", "--failed", "out")["replaced"]["PERSON"] == 1


def test_what_cannot_be_is_one_message(folder, monkeypatch):
    assert "--near" in clean(folder, "--near", "0.1", code=2)
    assert "--language" in clean(folder, "--language", "english", code=2)
    assert "fewer than 16" in clean(folder, code=2, CURATE_PSEUDONYM_KEY="short")
    (folder / "some.candidates.jsonl").write_text('{"id": 1}\n')
    assert "some.candidates.jsonl:1:" in clean(folder, code=2)
    (folder / "some.candidates.jsonl").unlink()
    assert "evalgate curate pull PROJECT" in clean(folder, code=2)
    without = CliRunner().invoke(clean_step.command, [])
    assert (without.exit_code, "--dataset FILE" in without.output) == (2, True)


@pytest.mark.parametrize(
    ("package", "arguments"), [("phonenumbers", ()), ("faker", ()), ("py3langid", ("--language", "en"))]
)
def test_packages_that_are_missing_are_named_with_the_command_that_installs_them(folder, package, arguments):
    block = f"import sys; sys.modules[{package!r}] = None; from evalgate.cli import main; main()"
    command = ("curate", "clean", "--dataset", "some.jsonl", *arguments)
    ended = subprocess.run(
        [sys.executable, "-c", block, *command],
        cwd=folder,
        env={**os.environ, **KEY, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert package in ended.stderr
    assert "pip install 'phoenix-evalgate[curate]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_secrets_and_copies_need_no_package(folder):
    block = "import sys; sys.modules.update(dict.fromkeys(('faker', 'phonenumbers', 'py3langid'))); "
    command = ("curate", "clean", "--dataset", "some.jsonl", "--personal", "keep", "--write", "--json")
    ended = subprocess.run(
        [sys.executable, "-c", f"{block}from evalgate.cli import main; main()", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
    )
    done = json.loads(ended.stdout)
    assert done["replaced"] == {"SECRET": 1}
    assert done["out"] == {"duplicate": 1, "error": 1, "golden already": 1}
    assert not (folder / ".curate" / "some.candidates.key").exists()


def test_killed_in_the_middle_the_file_is_as_it_was_and_the_next_time_does_it(folder):
    file = folder / "some.candidates.jsonl"
    lines = [line(f"s{n}", f"{n * 7919}: {ANNA}") for n in range(200)]
    write(file, *lines)
    before = file.read_bytes()
    program = f"""
import os
import re
from evalgate.cli import main
from evalgate.curate.cleaning import step
done, calls = step.Cleaning._judged, []
def killed(self, candidate):
    calls.append(1)
    if len(calls) == 100:
        os.kill(os.getpid(), {int(signal.SIGKILL)})
    return done(self, candidate)
step.Cleaning._judged = killed
main()
"""
    command = [sys.executable, "-c", program, "curate", "clean", "--dataset", "some.jsonl", "--write"]
    env = {**os.environ, **KEY, "PYTHONPATH": str(Path.cwd())}
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert file.read_bytes() == before
    assert clean(folder, "--write")["redacted"] == 200
    assert not any(each.encode() in file.read_bytes() for each in GONE)


async def test_where_the_config_forbids_it_nothing_personal_is_ever_written(folder, phoenix):
    """Killed in the middle of a pull, and at its end: no file has it, and a person has one name."""
    team, project = Team(phoenix), phoenix.unique("shop")
    spans = [call(f"{n}: {ANNA}", f"Dear Anna, {n}", **{"session.id": "anna@example.com"}) for n in range(30)]
    await team.spans(project, spans)
    profile = f"{{project: {project}, dataset: pulled.jsonl, clean: {{personal: replace}}}}"
    (folder / "evalgate.yaml").write_text(f"{CONFIG}curate:\n  profiles:\n    shop: {profile}\n")
    (folder / "some.candidates.jsonl").unlink()
    program = f"""
import os, sys
from evalgate.cli import main
from evalgate.curate.pulling.spool import Spool
from evalgate.phoenix.spans import reading, stored
reading._FIRST = stored._SPANS = 8
done, calls = Spool.add, []
def killed(self, *given):
    calls.append(1)
    notes = done(self, *given)
    if len(calls) == 3:
        os.kill(os.getpid(), {int(signal.SIGKILL)})
    return notes
Spool.add = killed
main()
"""
    env = {**os.environ, **KEY, "PHOENIX_ENDPOINT": phoenix.base_url, "PYTHONPATH": str(Path.cwd())}
    command = ("curate", "pull", "--profile", "shop")
    process = await asyncio.create_subprocess_exec(*(sys.executable, "-c", program, *command), cwd=folder, env=env)
    assert await process.wait() == -signal.SIGKILL
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert any("pulling" in each.name for each in files)
    wanted = ["--profile", "shop", "--config", str(folder / "evalgate.yaml")]
    ended = await asyncio.to_thread(CliRunner().invoke, pull_step.command, wanted, env=env)
    assert ended.exit_code == 0, ended.output
    assert "replaced before it was written: " in ended.stderr
    for each in folder.rglob("*"):
        if each.is_file():
            assert not any(text.encode() in each.read_bytes() for text in GONE), each
    found = candidates(folder, "pulled")
    assert set(found) == set(map(id_of, spans))
    names = {each.input["messages"][0]["content"].split()[4] for each in found.values()}
    assert len(names) == 1
    assert next(iter(names)).startswith("<PERSON_")
    assert all(each.source["session"].startswith("<SESSION_") for each in found.values())


async def test_a_pull_never_writes_a_secret(folder, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call(ANNA, "yes", **{"llm.finish_reason": "length"})])
    wanted = [project, "--dataset", str(folder / "new.jsonl"), "--config", str(folder / "evalgate.yaml")]
    env = {"PHOENIX_ENDPOINT": phoenix.base_url}
    ended = await asyncio.to_thread(CliRunner().invoke, pull_step.command, wanted, env=env)
    assert ended.exit_code == 0, ended.output
    (found,) = candidates(folder, "new").values()
    assert found.input["messages"][0]["content"] == ANNA.replace(ANNA.rsplit(maxsplit=1)[-1], "<SECRET>")
    assert [each.what for each in found.history] == ["pulled", "redacted"]
    assert found.source["finish"] == "length"


async def test_what_is_golden_in_phoenix_is_known(folder, phoenix):
    team = Team(phoenix)
    _, name = await team.dataset(
        [{"id": "g1", "input": {"messages": [{"role": "user", "content": LEEKS}]}, "output": {"a": 1}}]
    )
    place = folder / "curate" / f"{name}.candidates.jsonl"
    place.parent.mkdir()
    write(place, line("x", f"{LEEKS} please"), line("y", "Is there soup?"))
    wanted = ["--dataset", f"phoenix:{name}", "--config", str(folder / "evalgate.yaml"), "--write", "--json"]
    env = {**KEY, "PHOENIX_ENDPOINT": phoenix.base_url}
    ended = await asyncio.to_thread(CliRunner().invoke, clean_step.command, wanted, env=env)
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["out"] == {"near what is golden": 1}
    states = {each.id: each.state for each in read_candidates(place)}
    assert states == {"x": State.OUT, "y": State.NEW}


def test_what_is_typed_next_does_what_was_shown_and_nothing_left_to_do_leads_on(folder, monkeypatch):
    monkeypatch.chdir(folder)

    def said(*arguments):
        return CliRunner().invoke(clean_step.command, ["--dataset", "some.jsonl", *arguments], env=KEY).stdout

    shown = said("--language", "en", "--near", "0.9")
    assert "6 candidates in some.candidates.jsonl, 6 of them new" in shown
    written = "evalgate curate clean --dataset some.jsonl --language en --near 0.9 --write"
    assert shown.endswith(f"nothing was written; next: {written}\n")
    assert said("--write").endswith("next: evalgate curate sample --dataset some.jsonl --size 20\n")
    assert said().endswith("clean already; next: evalgate curate sample --dataset some.jsonl --size 20\n")


async def test_what_asks_the_same_in_other_words_is_left_out_where_a_model_says_so(folder, fake_model):
    (folder / "evalgate.yaml").write_text(f"{CONFIG}endpoints: {{fake: {{base_url: '{fake_model.base_url}'}}}}\n")
    other = "Without cream? tonight for four people How do I cook leek soup"
    who = "I am Anna Schmidt, anna@example.com. Where is my order?"
    write(folder / "some.candidates.jsonl", line("a", LEEKS), line("b", other), line("c", who))
    wanted = ("--embedding", "fake/small", "--alike", "0.9")
    env = {"XDG_CACHE_HOME": str(folder / "cache")}

    async def cleaned(*more, code=0):
        return await asyncio.to_thread(clean, folder, *more, code=code, **env)

    assert (await cleaned())["out"] == {}
    before = (folder / "some.candidates.jsonl").read_bytes()
    shown = await cleaned(*wanted)
    assert (shown["out"], shown["stay_new"], (folder / "some.candidates.jsonl").read_bytes()) == (
        {"near duplicate": 1},
        2,
        before,
    )
    calls = fake_model.calls
    assert (await cleaned(*wanted, "--write"))["out"] == {"near duplicate": 1}
    assert fake_model.calls == calls == 1
    told = json.dumps([each["body"] for each in fake_model.requests])
    assert not [gone for gone in GONE[:3] if gone in told]
    states = {each.id: each for each in read_candidates(folder / "some.candidates.jsonl")}
    assert [states[one].state for one in "abc"] == [State.NEW, State.OUT, State.NEW]
    assert states["b"].marks["out"]["by"] == "fake/small"
    assert states["b"].history[-1].by == "model"
    after = (folder / "some.candidates.jsonl").read_bytes()
    assert (await cleaned(*wanted, "--write"))["out"] == {}
    assert (folder / "some.candidates.jsonl").read_bytes() == after
    assert "names no endpoint" in await cleaned("--embedding", "small", code=2)
    assert "the config does not have" in await cleaned("--embedding", "other/small", code=2)


async def test_turns_pulled_and_sampled_on_either_side_of_a_cleaning_are_in_one_split(folder, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    where = ["--dataset", str(folder / "some.jsonl"), "--config", str(folder / "evalgate.yaml")]
    (folder / "some.candidates.jsonl").unlink()
    env = {"PHOENIX_ENDPOINT": phoenix.base_url}
    topics = ["leeks", "parsnips", "figs", "quinces", "sorrel", "chard", "medlars", "salsify", "okra", "cardoons"]
    ways = ("How long do {} cook in the oven?", "And which wine goes well with {} and old cheese?")
    sample = ["--size", "100", "--by", "random", "--holdout", "0.5"]
    for way in ways:
        spans = [
            call(way.format(each), f"So: {each}", **{"session.id": f"{each}@example.com", "user.name": each})
            for each in topics
        ]
        await team.spans(project, spans)
        for step, more in ((pull_step, [project]), (sample_step, sample), (clean_step, ["--write"])):
            # None has a key at hand but the one that the first cleaning made.
            ended = await asyncio.to_thread(CliRunner().invoke, step.command, [*where, *more], env=env)
            assert ended.exit_code == 0, ended.output
    sides = defaultdict(set)
    for each in candidates(folder).values():
        sides[each.source["session"]].add(each.split)
    assert len(sides) == len(topics)
    assert all(re.fullmatch(r"<SESSION_[A-Z2-9]{6}>", each) for each in sides)
    assert {len(each) for each in sides.values()} == {1}
    assert b"@example.com" not in (folder / "some.candidates.jsonl").read_bytes()
