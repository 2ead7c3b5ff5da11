"""From 5,000 traces in a real Phoenix to a gate that stands on them: every step of curation, and what it finds.

The same on a day and a half of them, each step killed in its middle. docs/curation.md shows what was printed, and
EVALGATE_WRITE_GOLDEN=1 writes that anew: then read the diff.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.curation_world.filling import PROJECT, Filled, filled
from tests.curation_world.plan import BEGIN, END, NEW_TOPICS, TURN, Asked
from tests.e2e.project import Ended, Project, environment
from tests.e2e.reviewer import Sitting, without_colours
from tests.fake_model import FakeModel, Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

DATASET = "datasets/recipes.jsonl"
WEEK = timedelta(days=7)
CANDIDATES = "datasets/recipes.candidates.jsonl"
REVIEWS = "datasets/recipes.candidates.reviews.jsonl"
KEY = "for the pseudonyms of a shop that is none"
ASSISTANT = """\
import json, pathlib

KNOWN = json.loads(pathlib.Path(__file__).with_name("known.json").read_text())

def answer(input):
    asked = input["messages"][-1]["content"]
    return {"messages": [{"role": "assistant", "content": KNOWN.get(asked, "I do not know that dish.")}]}
"""


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The recipe assistant's three weeks, in a Phoenix of their own."""
    with filled(tmp_path_factory.mktemp("world")) as there:
        yield there


@dataclass
class Shop(Project):
    """The repository of those who make the assistant; `env` is what each of its commands sees."""

    env: dict[str, str] = field(default_factory=dict)

    def step(self, *arguments: str) -> Ended:
        return self.evalgate("curate", *arguments, timeout=600, **self.env)

    def killed(self, seconds: float, *arguments: str) -> bool:
        """Run a step and kill it after some seconds; return whether it was still at work."""
        program = subprocess.Popen(
            [sys.executable, "-m", "evalgate", "curate", *arguments],
            cwd=self.folder,
            env=environment(**self.env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            program.wait(seconds)
        except subprocess.TimeoutExpired:
            program.send_signal(signal.SIGKILL)
        return program.wait() == -signal.SIGKILL

    @property
    def candidates(self) -> list[dict[str, Any]]:
        return rows(self.folder / CANDIDATES)

    def kept(self) -> list[list[Any]]:
        """Return all that is kept with the dataset, but for when things were done."""
        return [timeless(rows(self.folder / name)) for name in (DATASET, CANDIDATES, REVIEWS)]

    def twin(self, name: str) -> Shop:
        """Return another folder with all that this one has."""
        folder = self.folder.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        return Shop(folder, env=self.env)


@dataclass
class Story:
    """What was done so far, and what was printed by it."""

    kitchen: Filled
    shop: Shop
    begin: datetime
    size: int
    kills: bool = False
    told: dict[str, str] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    screen: str = ""

    def __post_init__(self) -> None:
        self.truth: dict[str, Asked] = self.kitchen.by_id
        self.copied = {each.copy_of for each in self.kitchen.world.asked if each.copy in ("exact", "near")}

    def truth_of_copy(self, asked: Asked) -> str:
        """Return the id of what a trace is a copy of."""
        assert asked.copy_of is not None
        return self.kitchen.id_of(self.kitchen.world.asked[asked.copy_of])

    async def step(self, chapter: str, *arguments: str) -> str:
        """Do a step and return what it printed.

        Where `kills` is set, beside it, where all is as it was before: kill it, let it go on, do it once more, and hold
        all of it to one outcome.
        """
        before = self.shop.twin(f"{chapter}-killed") if self.kills else None
        began = time.monotonic()
        ended = await asyncio.to_thread(self.shop.step, *arguments)
        took = time.monotonic() - began
        assert ended.code == 0, ended.text
        if before is not None:
            for share in (0.5, 0.85):
                self.killed[chapter] += await asyncio.to_thread(before.killed, took * share, *arguments)
            for what in ("killed", "done twice"):
                again = await asyncio.to_thread(before.step, *arguments)
                assert again.code == 0, again.text
                assert before.kept() == self.shop.kept(), f"{chapter} {what} is {chapter}"
        self.tell(chapter, arguments, ended.out)
        return ended.out

    def tell(self, chapter: str, arguments: tuple[str, ...], out: str) -> None:
        """Keep what was printed, without what differs from run to run."""
        said = re.sub(
            r"--(since|until) \d+h",
            lambda found: f"--{found[1]} {'7d' if found[1] == 'since' else '14d'}",
            " ".join(arguments),
        )
        text = out.replace(f"{self.shop.folder}/", "").replace(
            self.kitchen.server.base_url, "https://phoenix.example.com"
        )
        text = re.sub(r"golden-\d{4}-\d\d-\d\d", "golden-2026-01-26", text)
        self.told[chapter] = f"$ evalgate curate {said}\n{text.strip()}\n"


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def timeless(value: Any) -> Any:
    """Return a value without when things were done."""
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if key != "at"}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def question_of(row: dict[str, Any]) -> str:
    asked: str = row["input"]["messages"][-1]["content"]
    return asked


async def test_traces_become_a_golden_dataset_that_a_gate_stands_on(tmp_path, kitchen, fake_model):
    story = Story(kitchen, opened(tmp_path / "shop", kitchen, fake_model), begin=BEGIN, size=60)
    await _pull(story)
    await _clean(story)
    await _drift(story)
    await _sample(story)
    await _label(story, fake_model)
    await _review(story)
    await _push(story)
    await _gate(story)


async def test_killed_in_any_step_and_run_again_it_comes_to_the_same(tmp_path, kitchen, fake_model):
    shop = opened(tmp_path / "shop", kitchen, fake_model)
    story = Story(kitchen, shop, begin=END - timedelta(hours=36), size=25, kills=True)
    await _pull(story)
    await _clean(story)
    await _sample(story)
    await _label(story, fake_model)
    await _review(story)
    await _push(story)
    assert sum(story.killed.values()) >= 5, story.killed


def opened(folder: Path, kitchen: Filled, models: FakeModel) -> Shop:
    """Return the shop's repository: a golden dataset of old, and a gate on it."""
    suite = {
        "dataset": DATASET,
        "task": {"python": "new/assistant.py:answer", "interpreter": sys.executable, "workers": 1},
        "evaluators": ["exact_match"],
        "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.15}}},
        "baseline": {"task": {"python": "old/assistant.py:answer"}},
    }
    config = {"suites": {"recipes": suite}, "endpoints": {"shop": {"base_url": models.base_url}}}
    shop = Shop(
        folder, env={"PHOENIX_ENDPOINT": kitchen.server.base_url, "CURATE_PSEUDONYM_KEY": KEY, "COLUMNS": "100"}
    )
    shop.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))
    shop.write(DATASET, "".join(json.dumps(each) + "\n" for each in kitchen.world.golden))
    return shop


async def _pull(story: Story) -> None:
    period = ("--from", f"{story.begin:%Y-%m-%dT%H:%MZ}", "--to", f"{END:%Y-%m-%d}")
    out = await story.step("pull", "pull", PROJECT, "--dataset", DATASET, *period)
    expected = {one for one, asked in story.truth.items() if asked.start >= story.begin}
    assert f"{len(expected):,} new of {len(expected):,}" in out
    assert {each["id"] for each in story.shop.candidates} == expected


async def _clean(story: Story) -> None:
    """What was planted is found, at no less than these rates, and what was not planted stays as it was."""
    pulled = {each["id"]: each for each in story.shop.candidates}
    await story.step("clean", "clean", "--dataset", DATASET, "--write")
    cleaned = {each["id"]: each for each in story.shop.candidates}
    found = Rates()
    for one, asked in ((one, story.truth[one]) for one in cleaned):
        text = json.dumps([cleaned[one][key] for key in ("input", "output", "metadata", "marks")], ensure_ascii=False)
        for planted in asked.planted:
            found.note(f"{planted.kind} replaced", planted.text not in text)
        if not asked.planted:
            found.note("left as it was where nothing is personal", same_words(pulled[one], cleaned[one]))
        why = cleaned[one]["history"][-1]["why"] if cleaned[one]["state"] == "out" else ""
        if asked.copy == "golden":
            found.note("near what is golden found", why.startswith("near"))
        elif asked.copy is not None and story.truth_of_copy(asked) in cleaned:
            found.note(f"{asked.copy} duplicate found", "duplicate" in why)
        elif asked.flaw is not None or asked.crashed:
            found.note(f"{asked.flaw or 'error'} found", bool(why))
        else:
            found.note("kept where nothing is wrong", not why or bool(asked.before) or asked.number in story.copied)
    print(f"\n{found}")
    found.hold(FLOORS)


FLOORS = {
    "name replaced": 0.95,
    "address replaced": 0.95,
    "phone replaced": 0.95,
    "exact duplicate found": 1.0,
    "near duplicate found": 0.95,
    "near what is golden found": 0.95,
    "left as it was where nothing is personal": 0.995,
    "kept where nothing is wrong": 0.99,
}
"""The least of what is planted that is found; of everything that is not named here it is all."""


@dataclass
class Rates:
    """How often something was so."""

    right: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)

    def note(self, what: str, is_so: object) -> None:
        self.right[what] += bool(is_so)
        self.of[what] += 1

    def hold(self, floors: dict[str, float]) -> None:
        low = {
            what: f"{self.right[what]} of {self.of[what]}" for what in self.of if self.rate(what) < floors.get(what, 1)
        }
        assert not low

    def rate(self, what: str) -> float:
        return self.right[what] / self.of[what]

    def __str__(self) -> str:
        return "".join(f"{what}: {self.right[what]:,} of {self.of[what]:,}\n" for what in sorted(self.of))


def same_words(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return all(before[key] == after[key] for key in ("input", "output", "metadata"))


async def _drift(story: Story) -> None:
    """The last week asks what the golden dataset has nothing of; the week before does not."""
    hours = {day: f"{math.ceil((datetime.now(UTC) - day) / timedelta(hours=1))}h" for day in (TURN, TURN - WEEK)}
    out = await story.step("drift", "drift", "--dataset", DATASET, "--since", hours[TURN])
    assert out.splitlines()[1].startswith("production has drifted")
    lacking = re.findall(r"(\d+)% of production, +0 golden: ([^(]+) \(", out)
    assert [set(words.split(", ")) for _, words in lacking[:2]] == [
        {"fryer", "air", "basket"},
        {"injection", "manage", "portions"},
    ]
    before = ("drift", "--dataset", DATASET, "--since", hours[TURN - WEEK], "--until", hours[TURN])
    out = await story.step("before", *before)
    assert out.splitlines()[1].startswith("no sign that production asks what the dataset does not")


async def _sample(story: Story) -> None:
    await story.step("sample", "sample", "--dataset", DATASET, "--size", str(story.size))
    chosen = [each for each in story.shop.candidates if each["state"] == "chosen"]
    assert len(chosen) == story.size
    assert len({story.truth[each["id"]].topic for each in chosen}) >= (10 if story.begin == BEGIN else 7)


async def _label(story: Story, models: FakeModel) -> None:
    """The model proposes what is true of each trace: the state that failed, and the right answer where it did."""
    chosen = [each for each in story.shop.candidates if each["state"] == "chosen"]
    models.rules = [_proposal(each, story.truth[each["id"]]) for each in chosen]
    models.forget()
    await story.step("label", "label", "--dataset", DATASET, "--model", "shop/labeller")
    proposed = {each["id"]: each["marks"]["proposed"] for each in story.shop.candidates if each["state"] == "chosen"}
    assert {each: mark["labels"] for each, mark in proposed.items()} == {
        one: [story.truth[one].failed or "NoFailure"] for one in proposed
    }


def _proposal(row: dict[str, Any], asked: Asked) -> Rule:
    label = asked.failed or "NoFailure"
    reply = {
        "explanation": f"The answer shows it: {label}.",
        "label": label,
        "answer": right(asked) if asked.failed else "",
    }
    return Rule(when=question_of(row)[:60], reply=json.dumps(reply))


def right(asked: Asked) -> str:
    return f"Here is how it goes, answer {asked.number}."


async def _review(story: Story) -> None:
    """A person goes through them all; the same, killed twice at the terminal, comes to the same."""
    before = story.shop.twin("review-killed") if story.kills else None
    decide = _deciding(story)
    screens = await asyncio.to_thread(sitting, story.shop, decide, None)
    assert len(screens) == story.size
    if before is not None:
        for number in (7, 5, None):
            await asyncio.to_thread(sitting, before, decide, number)
        assert before.kept() == story.shop.kept()
    decided = {each["id"]: each["state"] for each in story.shop.candidates if each["id"] in screens}
    assert decided == {each: "rejected" if decide(each) == "r" else "accepted" for each in screens}
    shown = next(each for each in screens if decide(each) == "p")
    story.screen = screens[shown]


def _deciding(story: Story) -> Callable[[str], str]:
    def decide(identity: str) -> str:
        asked = story.truth[identity]
        if asked.number % 12 == 0:
            return "r"
        return "p" if asked.failed else "a"

    return decide


def sitting(shop: Shop, decide: Callable[[str], str], kill_after: int | None) -> dict[str, str]:
    """Let a person decide at a terminal until the last one, or until it is killed; return each screen by its id."""
    command = [sys.executable, "-m", "evalgate", "curate", "review", "--dataset", DATASET, "--as", "Jo Doe"]
    seen: dict[str, str] = {}
    with Sitting(command, shop.folder, environment(**shop.env)) as person:
        while person.waits():
            if len(seen) == kill_after:
                person.kill()
                return seen
            found = re.findall(r"(\d+) of \d+\s+(span:[0-9a-f]{16})", without_colours(person.screen))
            identity = found[-1][1]
            seen[identity] = person.screen
            key = decide(identity)
            person.press(key)
            if key == "r":
                person.asks("not rejected): ")
                person.press("nobody asks that\n")
        assert person.code() == 0, person.screen
    return seen


async def _push(story: Story) -> None:
    await story.step("push", "push", "--dataset", DATASET, "--yes")
    golden = rows(story.shop.folder / DATASET)
    accepted = [each for each in story.shop.candidates if each["state"] == "golden"]
    assert len(golden) == len(story.kitchen.world.golden) + len(accepted)
    pushed = {each["id"]: each for each in golden if each["id"] in story.truth}
    assert pushed.keys() == {each["id"] for each in accepted}
    for one, each in pushed.items():
        assert f"span:{each['metadata']['curated']['span']}" == one
        failed = story.truth[one].failed
        assert not failed or each["output"]["messages"][-1]["content"] == right(story.truth[one])


async def _gate(story: Story) -> None:
    """A change that forgets the new dishes passes on the dataset of old, and fails on what it has become."""
    shop, old = story.shop, story.shop.twin("dataset-of-old")
    old.write(DATASET, "".join(json.dumps(each) + "\n" for each in story.kitchen.world.golden))
    golden = rows(shop.folder / DATASET)
    new = {each.name for each in NEW_TOPICS}
    forgotten = [each for each in golden if (asked := story.truth.get(each["id"])) and asked.topic in new]
    known = {question_of(each): each["output"]["messages"][-1]["content"] for each in golden}
    lost = {question_of(each) for each in forgotten}
    for each in (shop, old):
        for side, knows in (("old", known), ("new", {key: known[key] for key in known if key not in lost})):
            each.write(f"{side}/assistant.py", ASSISTANT)
            each.write(f"{side}/known.json", json.dumps(knows))
    assert len(forgotten) >= 6
    before = await asyncio.to_thread(old.evalgate, "run")
    assert (before.code, "PASS" in before.out) == (0, True), before.text
    after = await asyncio.to_thread(shop.evalgate, "run")
    assert (after.code, "FAIL" in after.out) == (1, True), after.text
    print(before.out, after.out)
