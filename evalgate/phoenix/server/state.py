"""What is remembered of a repository's server between commands: one small file, written whole."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from evalgate.phoenix.server.launch import Launched

_FILE: Final = "server.json"
_VERSION: Final = re.compile(r"[0-9.]{1,20}")


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The server that was started last: its process, the absolute folder of its data, its version.

    An `ephemeral` one's data is removed with it.
    """

    launched: Launched
    data: Path
    ephemeral: bool
    version: str


def read(home: Path) -> State | None:
    """Return what is remembered in the folder `home`; None where nothing is, or nothing that can be read."""
    try:
        found = json.loads((home / _FILE).read_text(encoding="utf-8"))
        launched = Launched(
            pid=int(found["pid"]),
            started=str(found["started"]),
            port=int(found["port"]),
            grpc_port=int(found["grpc_port"]),
        )
        if not _VERSION.fullmatch(found["version"]):
            return None
        return State(
            launched=launched,
            data=Path(found["data"]),
            ephemeral=found["ephemeral"] is True,
            version=found["version"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(home: Path, state: State) -> None:
    """Remember it. A kill leaves the file as it was or as it is to be. Raises OSError."""
    values = {
        **asdict(state.launched),
        "data": str(state.data),
        "ephemeral": state.ephemeral,
        "version": state.version,
    }
    unfinished = home / f"{_FILE}.{secrets.token_hex(4)}"
    unfinished.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(home / _FILE)


def forget(home: Path) -> None:
    """Remember nothing more."""
    (home / _FILE).unlink(missing_ok=True)
