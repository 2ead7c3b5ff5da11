"""`python -m tests.curation_world [--size 5000] [--seed 8]`: serve a Phoenix that has the world, until stopped."""

from __future__ import annotations

import argparse
import signal
import tempfile
from pathlib import Path

from tests.curation_world.filling import filled
from tests.phoenix_server.session import Session


def main() -> None:
    """Read the command line, print the address, and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.curation_world", description=__doc__)
    parser.add_argument("--size", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=8)
    given = parser.parse_args()
    session = Session()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="evalgate-world-") as folder,
            filled(Path(folder), size=given.size, seed=given.seed) as there,
        ):
            print(f"{there.server.base_url} has the project {there.project}", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        session.end()


if __name__ == "__main__":
    main()
