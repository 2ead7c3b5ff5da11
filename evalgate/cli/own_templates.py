"""Templates of the repository's own: read where no pull request edits them, rendered in a process that may be ended.

They are files of `.evalgate/templates`. Where a change is measured they are those of its base commit.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evalgate.cli.options import CONFIG_NAME
from evalgate.errors import BaselineError, ConfigurationError, EvalgateError
from evalgate.report.markdown.rendering import COMMENT, SUMMARY, Own

if TYPE_CHECKING:
    from evalgate.gate.baselines.bases import Target

_FOLDER: Final = "templates"
_LONGEST: Final = 256 * 1024
"""Bytes of a template."""
_SECONDS: Final = 10.0
_SAID: Final = 500
_NEXT: Final = "mend it; what is in it is told on docs/github.md"


@dataclass(frozen=True, kw_only=True, slots=True)
class _OwnTemplates:
    """`texts` by name, or why one cannot be read. `place` says where they are from."""

    texts: Mapping[str, str | EvalgateError]
    place: str

    def __call__(self, template: str, values: Mapping[str, Any]) -> str | None:
        """Render one of them; None for one that is not there. Raises ConfigurationError."""
        text = self.texts.get(template)
        if text is None:
            return None
        if isinstance(text, EvalgateError):
            raise text
        called = f".evalgate/{_FOLDER}/{template} of {self.place}"
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "evalgate.report.markdown.apart"],
                input=pickle.dumps((text, dict(values))),
                capture_output=True,
                timeout=_SECONDS,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ConfigurationError(f"{called}: it takes longer than {_SECONDS:.0f} s", next_step=_NEXT) from None
        written = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise ConfigurationError(f"{called}: {written[:_SAID] or 'it ended without a word'}", next_step=_NEXT)
        return written


def own_templates(environ: Mapping[str, str], change: Target | None = None) -> Own | None:
    """Return what renders the repository's own templates; None where it has none.

    `change` is what a change is meant for that is measured where no event says so.
    """
    from evalgate.cli.target import read_event, target_of

    if change is None and read_event(environ).change:
        change = target_of(environ, None)
    texts, place = (_of_work_tree(), "the work tree") if change is None else _of_base(environ, change)
    return _OwnTemplates(texts=texts, place=place) if texts else None


def _of_base(environ: Mapping[str, str], target: Target) -> tuple[dict[str, str | EvalgateError], str]:
    from evalgate.gate.baselines.bases import Bases
    from evalgate.git.repository import Repository
    from evalgate.suite.baselines import MERGE_BASE

    try:
        with Bases(Path(CONFIG_NAME), environ=environ, target=target) as bases:
            base = bases.base(MERGE_BASE)
        repository = Repository.at(Path.cwd(), environ=environ)
    except BaselineError:
        return {}, ""  # there is no base: what lacks it is said where it decides
    texts: dict[str, str | EvalgateError] = {}
    for name in (COMMENT, SUMMARY):
        try:
            text = repository.text_at(base.commit, f".evalgate/{_FOLDER}/{name}", limit=_LONGEST)
        except EvalgateError as error:
            texts[name] = error
        else:
            if text is not None:
                texts[name] = text
    return texts, base.label


def _of_work_tree() -> dict[str, str | EvalgateError]:
    from evalgate.cli.places import stored_at

    texts: dict[str, str | EvalgateError] = {}
    for name in (COMMENT, SUMMARY):
        path = stored_at(_FOLDER) / name
        if not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                read = file.read(_LONGEST + 1)
            texts[name] = read.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            texts[name] = ConfigurationError(f"{path} cannot be read: {error}", next_step=_NEXT)
            continue
        if len(read) > _LONGEST:
            texts[name] = ConfigurationError(f"{path} is longer than {_LONGEST:,} bytes", next_step=_NEXT)
    return texts


def _environment() -> dict[str, str]:
    """Return what a Python needs to start and to find this program; no secret is among it."""
    import evalgate

    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")
    given = {name: os.environ[name] for name in kept if name in os.environ}
    return {**given, "PYTHONPATH": str(Path(evalgate.__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"}
