"""One story of curation: the shop's repository, what was done there and printed, and how often it was right."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.curation_world.filling import Filled
from tests.curation_world.plan import Asked
from tests.e2e.project import Ended, Project, environment
from tests.person import Person, without_colours

DATASET = "datasets/recipes.jsonl"
CANDIDATES = "datasets/recipes.candidates.jsonl"
REVIEWS = "datasets/recipes.candidates.reviews.jsonl"


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
        assert not low, low

    def rate(self, what: str) -> float:
        return self.right[what] / self.of[what]

    def __str__(self) -> str:
        ends = ("replaced", "found")
        order = sorted(self.of, key=lambda what: ([not what.endswith(end) for end in ends], what))
        rows = (f"| {what.replace('_', ' ')} | {self.right[what]:,} of {self.of[what]:,} |\n" for what in order)
        return f"| what | how many |\n|---|---|\n{''.join(rows)}"


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
        return self.rows("recipes")

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """Return the candidates of one of its datasets."""
        return rows(self.folder / "datasets" / f"{dataset}.candidates.jsonl")

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
    chart: str = ""
    found: Rates = field(default_factory=Rates)

    def __post_init__(self) -> None:
        self.truth: dict[str, Asked] = self.kitchen.by_id

    def original(self, one: str) -> int:
        """Return the number of the trace that a candidate asks the same as, its own where it is no copy."""
        asked = self.truth[one]
        if asked.copy in ("exact", "near") and asked.copy_of is not None:
            return asked.copy_of
        return asked.number

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
        self.tell(chapter, ("curate", *arguments), ended.out)
        return ended.out

    def tell(self, chapter: str, arguments: tuple[str, ...], out: str) -> None:
        """Keep what was printed, without what differs from run to run; of several examples in a row the first."""
        assert f"{self.shop.folder}/" not in out, "what is printed is named from where one stands"
        text = out.replace(self.kitchen.server.base_url, "https://phoenix.example.com")
        text = re.sub(r"golden-\d{4}-\d\d-\d\d", "golden-2026-01-26", text)
        versions: dict[str, str] = {}
        text = re.sub(
            r"\b[0-9a-f]{12}\b",
            lambda found: versions.setdefault(found[0], f"{len(versions) + 1}a2b3c4d5e6f"),
            text,
        )
        lines = re.sub(r"(^(?: {6}|\+ )span:.*\n)(?:^( {6}|\+ )span:.*\n)+", r"\1\2…\n", text, flags=re.MULTILINE)
        self.told[chapter] = self.told.get(chapter, "") + f"$ evalgate {' '.join(arguments)}\n{lines.strip()}\n"


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


def sitting(shop: Shop, decide: Callable[[str], str], kill_after: int | None) -> dict[str, str]:
    """Let a person decide at a terminal until the last one, or until it is killed; return each screen by its id."""
    env = {**environment(**shop.env), "TERM": "xterm-256color", "COLUMNS": "100"}
    jo = Person(DATASET, folder=shop.folder, env=env, name="Jo Doe", columns=100)
    seen: dict[str, str] = {}
    while jo.waits():
        if len(seen) == kill_after:
            jo.is_killed()
            return seen
        found = re.findall(r"(\d+) of \d+\s+(span:[0-9a-f]{16})", without_colours(jo.shown))
        identity = found[-1][1]
        seen[identity] = jo.shown
        key = decide(identity)
        jo.sends(key)
        if key == "r":
            jo.sees("not rejected): ").types("nobody asks that")
    jo.ends()
    return seen
