"""The real LiteLLM, in an environment of its own, whose spans go to a Phoenix server: `asked(way, …)`.

It asks for an older openai than the one that the tests use. The environment is made as the Phoenix server's is, of what
requirements.txt lists by hash, and kept beside it in the user's cache; CONTRIBUTING.md says how to lock it anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from evalgate.phoenix.server.environment import base_environment, cache_folder, server_python
from tests.litellm_program.program import WAYS

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"

__all__ = ["WAYS", "asked"]


async def asked(way: str, phoenix: str, project: str, calls: list[dict[str, Any]]) -> list[Any]:
    """Make the calls one after the other, and return what LiteLLM gave for each: a message, or `{"error": its type}`.

    Its spans have left the program when this returns. Raises where the environment cannot be made.
    """
    folder = cache_folder(os.environ).with_name("litellm")
    python = await asyncio.to_thread(
        server_python, os.environ, lambda _: print("installing LiteLLM"), folder=folder, requirements=_REQUIREMENTS
    )
    process = await asyncio.create_subprocess_exec(
        *(str(python), "-I", str(_HERE / "program.py")),
        env=base_environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told = {"way": way, "phoenix": phoenix, "project": project, "calls": calls}
    out, err = await process.communicate(json.dumps(told).encode())
    assert process.returncode == 0, err.decode()
    said: list[Any] = json.loads(out)
    return said
