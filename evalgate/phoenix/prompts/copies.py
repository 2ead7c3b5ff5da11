"""Local copies of prompt versions: what a build falls back on while the server is away."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from evalgate.canonical import content_hash
from evalgate.errors import MeasurementError
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.prompts.versions import find_prompt
from evalgate.records import Json
from evalgate.sqlite_file import make_folder
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.prompt_ref import PromptRef
from evalgate.whole_file import write_whole

_KEYS: Final = 12


async def pull_prompt(address: Address, ref: PromptRef, folder: Path, *, away: bool = False) -> HubPrompt:
    """Return the version that a reference means, and keep a copy of it in `folder`.

    A version that is pinned and was pulled before does while the server is away: it says so by `copied`. `away` says
    that the server was found to be, so that a copy needs no second wait. Raises PhoenixError, and CandidateError where
    there is no such prompt or version.
    """
    if away and ref.pinned and (kept := _kept(address, ref, folder)) is not None:
        return kept
    try:
        async with connect(address) as connection:
            found = await find_prompt(connection, ref)
    except PhoenixError as error:
        kept = _kept(address, ref, folder) if error.passing and ref.pinned else None
        if kept is None:
            raise _away(error, ref) if error.passing else error from None
        return kept
    _keep(address, found, folder)
    return found


def _keep(address: Address, prompt: HubPrompt, folder: Path) -> None:
    """Write a copy under the version's number and under its id: the config may name either."""
    whole: dict[str, Json] = {"name": prompt.name, "number": prompt.number, "id": prompt.id, "content": prompt.content}
    text = json.dumps({**whole, "sha256": content_hash(whole)}, ensure_ascii=False, indent=1).encode()
    try:
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        for version in (prompt.number, prompt.id):
            path = _path(address, prompt.name, version, folder)
            with contextlib.suppress(FileNotFoundError):
                if path.read_bytes() == text:
                    continue
            write_whole(path, text)
    except OSError as error:
        raise MeasurementError(
            f"the copy of {prompt.shown} cannot be written to {folder}: {error.strerror}",
            next_step=f"make room for it, or make {folder} writable",
        ) from error


def _kept(address: Address, ref: PromptRef, folder: Path) -> HubPrompt | None:
    """Return the copy of a version; None where there is none, or where its file is not what was written."""
    try:
        read: dict[str, Any] = json.loads(_path(address, ref.phoenix, ref.version, folder).read_text(encoding="utf-8"))
        whole = {key: read[key] for key in ("name", "number", "id", "content")}
        if content_hash(whole) != read["sha256"] or whole["name"] != ref.phoenix:
            return None
        return replace(HubPrompt(**whole), copied=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(address: Address, name: str, version: int | str | None, folder: Path) -> Path:
    return folder / f"{name[:60]}-{content_hash([address.base_url, name, version])[:_KEYS]}.json"


def _away(error: PhoenixError, ref: PromptRef) -> PhoenixError:
    if ref.pinned:
        step = f"{error.next_step or 'try again'}; {ref.shown} was never pulled here"
    else:
        kept = "a version that is pinned (evalgate prompt pin) and was pulled needs no server"
        step = f"{error.next_step or 'try again'}; {kept}"
    return PhoenixError(error.message, status=error.status, next_step=step)
