"""`python -m tests.fake_model.record_demo`: record the verdicts of datasets/judged.yaml anew.

To be run when a judge's prompt changes. The server answers at the address that the config names, so that a replay finds
its requests again; the cache is written as one plain file.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fake_model import FakeModel, Rule

ROOT = Path(__file__).parents[2]
PORT = 18_980
CONFIG = "datasets/judged.yaml"
VERDICTS = ROOT / "datasets" / "kitchen" / "verdicts.db"
COMMANDS = (
    ["judge", "validate", "datasets/kitchen/correctness.labels.jsonl", "--judge", "correctness"],
    ["judge", "validate", "datasets/kitchen/tone.labels.jsonl", "--judge", "tone"],
    ["run", "--no-gate"],
)


async def record() -> None:
    """Run everything that the demo shows against the server, and keep what it answered."""
    with tempfile.TemporaryDirectory() as name:
        cache, journal = Path(name, "cache.db"), Path(name, "journal.db")
        async with FakeModel(Rule(reply="reader"), port=PORT):
            for command in COMMANDS:
                flags = ["--config", CONFIG, "--cache", str(cache), "--journal", str(journal), "--quiet"]
                await asyncio.to_thread(_evalgate, [*command, *flags])
        VERDICTS.unlink(missing_ok=True)
        _evalgate(["cache", "export", "--cache", str(cache), "--to", str(VERDICTS)])


def _evalgate(arguments: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-m", "evalgate", *arguments], cwd=ROOT, check=False)
    if ended.returncode not in {0, 1}:
        raise SystemExit(ended.returncode)


if __name__ == "__main__":
    asyncio.run(record())
