"""`python -m tests.fake_model [--port 0] [--seed 1] [--rules FILE]`: print the address, serve until stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from pathlib import Path

from tests.fake_model.rules import Rule
from tests.fake_model.server import FakeModel


async def serve(*, port: int, seed: int, rules: list[Rule]) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with FakeModel(*rules, seed=seed, port=port) as fake:
        print(fake.base_url, flush=True)
        await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_model", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", type=Path, help="a JSON file with a list of rules")
    given = parser.parse_args()
    rules = [Rule.parse(each) for each in json.loads(given.rules.read_text())] if given.rules else []
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(port=given.port, seed=given.seed, rules=rules))


if __name__ == "__main__":
    main()
