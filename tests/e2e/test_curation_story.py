"""From 5,000 traces in a real Phoenix to a gate that stands on them: every step of curation, and what it finds.

The same on a day and a half of them, each step killed in its middle. docs/curation-story.md shows what was printed, and
EVALGATE_WRITE_GOLDEN=1 writes that anew: then read the diff.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.curation_world.filling import PROJECT, Filled, filled
from tests.curation_world.kitchen import TOPICS
from tests.curation_world.plan import BEGIN, END, NEW_TOPICS, STATES, SYMPTOMS, TURN, Asked
from tests.e2e.curating import DATASET, Shop, Story, question_of, rows, sitting
from tests.e2e.project import REPOSITORY
from tests.e2e.test_story import opening
from tests.fake_model import FakeModel, Rule
from tests.fake_model.fixtures import fake_model
from tests.pictures.terminal import svg

__all__ = ["fake_model"]

WEEK = timedelta(days=7)
PAGE = REPOSITORY / "docs" / "curation-story.md"
FIGURES = REPOSITORY / "docs" / "figures"
UNHAPPY = "datasets/unhappy.jsonl"
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
    await _failures(story, fake_model)
    written(story)


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
    period = ("--since", f"{story.begin:%Y-%m-%dT%H:%MZ}", "--until", f"{END:%Y-%m-%d}")
    out = await story.step("pull", "pull", PROJECT, "--dataset", DATASET, *period)
    expected = {one for one, asked in story.truth.items() if asked.start >= story.begin}
    assert f"{len(expected):,} new of {len(expected):,}" in out
    assert {each["id"] for each in story.shop.candidates} == expected


async def _clean(story: Story) -> None:
    """What was planted is found, at no less than these rates, and what was not planted stays as it was."""
    pulled = {each["id"]: each for each in story.shop.candidates}
    await story.step("clean", "clean", "--dataset", DATASET, "--write")
    cleaned = {each["id"]: each for each in story.shop.candidates}
    found = story.found
    left = Counter(story.original(one) for one in cleaned if cleaned[one]["state"] == "new")
    for one, asked in ((one, story.truth[one]) for one in cleaned):
        text = json.dumps(cleaned[one], ensure_ascii=False)
        for planted in asked.planted:
            found.note(f"{planted.kind} replaced", planted.text not in text)
        if not asked.planted:
            found.note("left as it was where nothing is personal", same_words(pulled[one], cleaned[one]))
        why = cleaned[one]["history"][-1]["why"] if cleaned[one]["state"] == "out" else ""
        if asked.copy == "golden":
            found.note("near what is golden found", why.startswith("near"))
        elif asked.copy is not None and story.truth_of_copy(asked) in cleaned:
            found.note(f"{asked.copy} duplicate found", "duplicate" in why or left[asked.copy_of] == 1)
        elif asked.flaw is not None or asked.crashed:
            found.note(f"{asked.flaw or 'error'} found", bool(why))
        elif not asked.before:  # a later turn may be near an earlier one, whose words it has
            found.note("kept where nothing is wrong", not why or left[asked.number] == 1)
    _same_people(story, cleaned)
    if story.begin == BEGIN:
        print(f"\n{found}", file=sys.stderr)
        found.hold(FLOORS)


def _same_people(story: Story, cleaned: dict[str, dict[str, Any]]) -> None:
    """Hold everybody to one stand-in wherever they are named, and every stand-in to one person."""
    named: dict[str, set[str]] = {}
    for one, row in cleaned.items():
        who = next((each.text for each in story.truth[one].planted if each.kind == "name"), None)
        if who is not None:
            named.setdefault(who, set()).update(re.findall(r"<PERSON_\w+>", question_of(row)))
    assert {len(stand_ins) for stand_ins in named.values()} == {1}, named
    assert len(set.union(*named.values())) == len(named)


FLOORS = {
    "name replaced": 0.95,
    "address replaced": 0.95,
    "phone replaced": 0.95,
    "password replaced": 0.9,
    "near duplicate found": 0.95,
    "near what is golden found": 0.95,
    "left as it was where nothing is personal": 0.995,
    "kept where nothing is wrong": 0.99,
}
"""The least of what is planted that is found; of everything that is not named here it is all."""


def same_words(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return all(before[key] == after[key] for key in ("input", "output", "metadata"))


async def _drift(story: Story) -> None:
    """The last week asks what the golden dataset has nothing of; the week before does not."""
    turn, week_before, end = (f"{day:%Y-%m-%d}" for day in (TURN, TURN - WEEK, END))
    out = await story.step("drift", "drift", "--dataset", DATASET, "--since", turn, "--until", end)
    assert out.splitlines()[1].startswith("production has drifted")
    lacking = re.findall(r"% of production, +0 golden: ([^(]+) \(", out)
    named = [_topic(words.split(", ")) for words in lacking[:2]]
    assert set(named) == {each.name for each in NEW_TOPICS}, lacking
    before = ("drift", "--dataset", DATASET, "--since", week_before, "--until", turn)
    out = await story.step("before", *before)
    assert not out.splitlines()[1].startswith("production has drifted")


def _topic(words: list[str]) -> str:
    """Return the topic whose words these are."""
    spoken = {name: " ".join((*each.dishes, *each.with_, *each.wishes)).lower() for name, each in TOPICS.items()}
    return max(spoken, key=lambda name: sum(word in spoken[name].split() for word in words))


async def _sample(story: Story) -> None:
    await story.step("sample", "sample", "--dataset", DATASET, "--size", str(story.size))
    chosen = [each for each in story.shop.candidates if each["state"] == "chosen"]
    assert len(chosen) == story.size
    topics = {story.truth[each["id"]].topic for each in chosen}
    lacking = {each.name for each in NEW_TOPICS}
    assert topics == TOPICS.keys() if story.begin == BEGIN else topics >= lacking


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
        "answer": (asked.expected or "") if asked.failed else "",
    }
    return Rule(when=question_of(row)[:120], reply=json.dumps(reply))


async def _failures(story: Story, models: FakeModel) -> None:
    """What went wrong where customers were not happy: labels, a rule of each that is true, and tests that fail now."""
    period = ("--since", f"{BEGIN:%Y-%m-%d}", "--until", f"{END:%Y-%m-%d}")
    wanted = ("--annotation", "user_feedback=thumbs_down")
    await story.step("unhappy", "pull", PROJECT, "--dataset", UNHAPPY, *period, *wanted)
    await story.step("unhappy", "clean", "--dataset", UNHAPPY, "--write")
    unhappy = [each for each in story.shop.rows("unhappy") if each["state"] == "new"]
    assert {story.truth[each["id"]].thumb for each in unhappy} == {False}
    models.rules = [_proposal(each, story.truth[each["id"]]) for each in unhappy]
    await story.step("unhappy", "label", "--dataset", UNHAPPY, "--model", "shop/labeller", "--state", "new")
    failed = {story.truth[each["id"]].failed for each in unhappy} - {None}
    standing = {"relation": "new", "of": 0, "keep": "earlier", "why": "nothing says it yet"}
    models.rules = [
        Rule(
            when="`standings`",
            reply=json.dumps({"standings": [{"number": n + 1, **standing} for n in range(len(failed))]}),
        ),
        *(Rule(when=f'labelled "{state}"', reply=json.dumps(_findings(state))) for state in STATES),
    ]
    await story.step("analyze", "analyze", "--dataset", UNHAPPY, "--model", "shop/analyst")
    folder = story.shop.folder / "datasets" / "unhappy.analysis"
    failing = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    ended = await asyncio.to_thread(subprocess.run, failing, capture_output=True, text=True, check=False)
    assert (ended.returncode, "passed" in ended.stdout) == (1, False), ended.stdout
    (story.chart,) = (each.read_text("utf-8") for each in folder.glob("*.svg"))


def _findings(state: str) -> dict[str, Any]:
    said = SYMPTOMS[state][:24]
    return {
        "patterns": [{"title": state, "description": "it shows in the answer", "traces": [1]}],
        "fixes": [{"title": f"mend {state}", "description": "look where it is called"}],
        "rules": [{"name": "no excuse", "why": "it went wrong", "kind": "contains_not", "value": said, "traces": [1]}],
        "guidelines": [{"text": f"When {state} has nothing, say so and ask.", "traces": [1]}],
    }


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
    story.screen = screens[shown][screens[shown].index("─") :]


def _deciding(story: Story) -> Callable[[str], str]:
    def decide(identity: str) -> str:
        asked = story.truth[identity]
        if asked.number % 12 == 0:
            return "r"
        return "p" if asked.failed else "a"

    return decide


async def _push(story: Story) -> None:
    await story.step("push", "push", "--dataset", DATASET, "--yes")
    golden = rows(story.shop.folder / DATASET)
    accepted = [each for each in story.shop.candidates if each["state"] == "golden"]
    assert len(golden) == len(story.kitchen.world.golden) + len(accepted)
    pushed = {each["id"]: each for each in golden if each["id"] in story.truth}
    assert pushed.keys() == {each["id"] for each in accepted}
    for one, each in pushed.items():
        assert f"span:{each['metadata']['curated']['span']}" == one
        if story.truth[one].failed:
            assert each["output"]["messages"][-1]["content"] == story.truth[one].expected


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
    for chapter, ended in (("gate-before", before), ("gate-after", after)):
        story.tell(chapter, ("run",), opening(ended.out))


PARTS = re.compile(r"(<!-- curation: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(story: Story) -> None:
    """Hold the page and its picture to what was shown; write them first where that is asked for."""
    page = PAGE.read_text("utf-8")
    pictures = {
        "curation-story-review.svg": svg(story.screen, title="A candidate in the terminal"),
        "curation-story-states.svg": story.chart,
    }
    parts = {"found": str(story.found)} | {name: f"```text\n{text}```\n" for name, text in story.told.items()}
    assert Counter(name for _, name, _ in PARTS.findall(page)) == Counter(parts.keys()), "each chapter is told once"
    told = PARTS.sub(lambda part: part[1] + parts[part[2]] + part[3], page)
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        PAGE.write_text(told, "utf-8")
        for name, picture in pictures.items():
            (FIGURES / name).write_text(picture, "utf-8")
        page = told
    assert page == told
    assert {name: (FIGURES / name).read_text("utf-8") for name in pictures} == pictures
