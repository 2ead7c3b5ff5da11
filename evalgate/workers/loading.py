"""What a user is told when their code does not start: what happened, and the edit that comes next."""

from __future__ import annotations

from typing import Final

from evalgate.errors import CandidateError
from evalgate.workers.process import StartFailedError
from evalgate.workers.protocol import last_words
from evalgate.workers.spec import WorkerSpec

_NEXT_STEPS: Final = {
    "file": "correct the path of `{target}`: files and modules are looked up in {cwd}",
    "function": "correct the name after the colon of `{target}`",
    "parameters": "give that parameter a default, or rename it to one of those",
    "program": "correct the command or the interpreter, or install it",
    "ended": "run `{command}` in {cwd} and see why it ends",
    "import": "install it for {interpreter}: `setup` may name the command that does, `interpreter` another Python",
    "exception": "correct it, then see it load: `{command}` in {cwd}",
}


def candidate_error(spec: WorkerSpec, error: StartFailedError) -> CandidateError:
    """Return the error that says why the first worker of `spec` did not come up."""
    message = str(error)
    if error.reason == "ended" and (said := last_words(error.logs)) and said not in message:
        message += f"; the last that it printed: {said}"
    reason = "import" if message.startswith("ModuleNotFoundError") else error.reason
    step = _NEXT_STEPS.get(reason, _NEXT_STEPS["ended"])
    return CandidateError(
        f"{spec.name} does not load: {message}",
        next_step=step.format(
            target=spec.target, cwd=spec.cwd, command=_by_hand(spec), interpreter=spec.argv[0] if spec.argv else ""
        ),
    )


def _by_hand(spec: WorkerSpec) -> str:
    """Return the command that loads the same code in a terminal."""
    if spec.target is None:
        return " ".join(spec.argv)
    place = spec.target.rpartition(":")[0]
    return f"{spec.argv[0]} {place}" if place.endswith(".py") else f'{spec.argv[0]} -c "import {place}"'
