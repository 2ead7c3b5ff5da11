"""What curation takes without a server or a model: `python -m tests.bench.curation_speed [candidates] [evalgate]`.

Makes candidates (5,000 where nobody says how many), each with a system prompt, a question and an answer, and puts them
through every step. Prints for each its seconds, seconds of processors, candidates a second, the most memory that one of
its processes had, and how often the same time would read the candidates as JSON and write them again: what no step can
be faster than. A folder that holds another `evalgate` measures that one: an old one beside this one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.planted import questions, texts

CANDIDATES = 5_000
SEED = 5
PROMPT = "You are the assistant of a shop for recipes. Be brief. " * 20
PERIOD = timedelta(days=14)
COPY = """\
import json, sys
with open(sys.argv[1], encoding="utf-8") as lines, open(sys.argv[1] + ".copy", "w", encoding="utf-8") as copy:
    for line in lines:
        copy.write(json.dumps(json.loads(line), ensure_ascii=False) + "\\n")
"""
BEGIN = """\
import sys
from pathlib import Path
from evalgate.curate.reviewing.queue import Asked, Queue, wanted
from evalgate.curate.reviewing.reviews import read_reviews
file = Path(sys.argv[1])
with Queue(wanted(file, read_reviews(file), Asked(who="Ann"))) as queue:
    assert len(queue), "nobody is asked"
"""


@dataclass(frozen=True, kw_only=True)
class Took:
    """What a step took."""

    wall: float
    processor: float
    most_mb: float


def candidates(count: int) -> Iterator[dict[str, object]]:
    """Yield candidates that were asked over two weeks, some of them copies of others, some with personal data."""
    now = datetime.now(UTC)
    for number, (text, (_, _, asked)) in enumerate(zip(texts(count, SEED), questions(count, SEED), strict=True)):
        said = [{"role": "system", "content": PROMPT}, {"role": "user", "content": f"{asked}\n{text.text}"}]
        start = now - PERIOD + number * PERIOD / count
        yield {
            "id": f"span:{number:016x}",
            "input": {"messages": said},
            "output": {"messages": [{"role": "assistant", "content": f"Here you are. {text.text}"}]},
            "state": "new",
            "source": {"span": f"{number:016x}", "trace": f"{number:032x}", "start": start.isoformat(), "status": "OK"},
        }


def golden(count: int) -> Iterator[dict[str, object]]:
    """Yield examples that ask something else."""
    for number, (_, _, asked) in enumerate(questions(count, SEED + 1)):
        yield {
            "id": f"g{number}",
            "input": {"messages": [{"role": "user", "content": f"{number}: {asked}"}]},
            "output": {"messages": [{"role": "assistant", "content": f"It is {number}."}]},
        }


def took(command: Sequence[str], source: str) -> Took:
    """Run a command with the `evalgate` of a folder, and return what it took, with the processes that it started."""
    environ = {**os.environ, "PYTHONPATH": source, "CURATE_PSEUDONYM_KEY": "a key for measuring, and for nothing else"}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, *command], env=environ, cwd=source, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}\n{said.read().decode()}")
    return Took(wall=wall, processor=used.ru_utime + used.ru_stime, most_mb=used.ru_maxrss / 1024)


def measured(count: int, source: str, folder: Path) -> None:
    """Put so many candidates through all steps, and print what each took."""
    file, dataset = folder / "shop.candidates.jsonl", folder / "shop.jsonl"
    file.write_text("".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in candidates(count)))
    dataset.write_text("".join(f"{json.dumps(each)}\n" for each in golden(max(50, count // 50))))
    ideal = min((took(["-c", COPY, str(file)], source) for _ in range(2)), key=lambda each: each.processor)
    print(f"{count:,} candidates, {file.stat().st_size / 2**20:.0f} MB")
    _print("read and write", count, ideal, ideal)
    for name, *more in (
        ("clean", "--write"),
        ("clean", "--write"),
        ("drift", "--since", f"{PERIOD.days // 2}d"),
        ("sample", "--size", str(count // 4)),
        ("review begins",),
        ("review", "--accept-where", "source.status=OK"),
        ("push", "--yes"),
        ("push", "--yes"),
        ("export", "--to", str(folder / "export")),
    ):
        step = ("-m", "evalgate", "curate", name, "--dataset", str(dataset), *more)
        _print(name, count, took(("-c", BEGIN, str(file)) if name == "review begins" else step, source), ideal)


def _print(name: str, count: int, what: Took, ideal: Took) -> None:
    print(
        f"{name:<16} {what.wall:>7.1f} s {what.processor:>7.1f} s of processors {count / what.wall:>8,.0f} a second"
        f" {what.most_mb:>5.0f} MB {what.processor / ideal.processor:>6.1f} times",
        flush=True,
    )


def main(arguments: Sequence[str]) -> None:
    """Measure."""
    count = int(arguments[0]) if arguments else CANDIDATES
    source = arguments[1] if len(arguments) > 1 else str(Path(__file__).parents[2])
    with tempfile.TemporaryDirectory() as folder:
        measured(count, source, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
