"""Artifacts of another run: found, downloaded and unpacked in memory, by somebody who trusts nothing in them."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, Final

from evalgate.github.client import Client
from evalgate.github.errors import GitHubError

_NEEDS: Final = "actions: read"
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x07"
_LONGEST_NAME: Final = 200
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """What a run uploaded: `size` in bytes of the archive, `sha256` of it in hex where GitHub says it."""

    id: int
    name: str
    size: int
    expired: bool
    sha256: str | None


async def artifacts_of_run(client: Client, run_id: int, *, name: str | None = None) -> list[Artifact]:
    """Return the artifacts of a run, those of one name where it is given, the newest first. Raises GitHubError."""
    doing = "the artifacts of the run could not be listed"
    query = {} if name is None else {"name": name}
    path = f"actions/runs/{run_id}/artifacts"
    entries = await client.pages(path, key="artifacts", doing=doing, needs=_NEEDS, query=query)
    found = [_artifact(each, doing) for each in entries]
    return sorted((each for each in found if name in (None, each.name)), key=lambda each: -each.id)


async def download(client: Client, artifact: Artifact, *, most: int) -> bytes:
    """Return the archive of an artifact, of at most `most` bytes. Raises GitHubError."""
    doing = "the artifact could not be downloaded"
    if artifact.expired:
        raise GitHubError(f"{doing}: it has expired", status=410, next_step="run the workflow that uploads it again")
    if artifact.size > most:
        raise GitHubError(f"{doing}: it has {artifact.size:,} bytes, and {most:,} are the most", status=200)
    data = await client.download(f"actions/artifacts/{artifact.id}/zip", doing=doing, needs=_NEEDS, most=most)
    if artifact.sha256 is not None and hashlib.sha256(data).hexdigest() != artifact.sha256:
        raise GitHubError(f"{doing}: it is not what was uploaded, by its digest", status=200)
    return data


def unpacked(data: bytes, *, most_files: int, most_bytes: int) -> dict[str, bytes]:
    """Return the files of an archive by name, `most_bytes` of them all unpacked. Nothing is written to a disk.

    Raises GitHubError for what is no plain archive of plain files: names that lead out of a folder, links, doubles,
    passwords, more than it may hold.
    """
    doing = "the artifact could not be unpacked"
    if _is_large(data, most_files):
        raise GitHubError(f"{doing}: it is no archive of at most {most_files} files", status=200)
    files: dict[str, bytes] = {}
    left = most_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                _refuse(entry, files, doing)
                with archive.open(entry) as unpacking:
                    files[entry.filename] = _bounded(unpacking, left, doing)
                left -= len(files[entry.filename])
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise GitHubError(f"{doing}: it is not a whole archive", status=200) from None
    return files


def _is_large(data: bytes, most_files: int) -> bool:
    """Return whether the list of an archive is longer than it may be, before anything reads it."""
    at = data.rfind(_END, max(len(data) - 22 - 65_535, 0))
    if at < 0 or _END_64 in data[max(at - 64, 0) : at]:
        return True
    entries, size = int.from_bytes(data[at + 10 : at + 12], "little"), int.from_bytes(data[at + 12 : at + 16], "little")
    return entries > most_files or size > most_files * (46 + 2 * _LONGEST_NAME)


def _refuse(entry: zipfile.ZipInfo, files: dict[str, bytes], doing: str) -> None:
    name = entry.filename
    parts = name.split("/")
    plain = name.isprintable() and len(name) <= _LONGEST_NAME and "\\" not in name and ":" not in name
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not plain or "" in parts or ".." in parts or "." in parts or kind not in (0, stat.S_IFREG):
        raise GitHubError(f"{doing}: it holds what is no plain file", status=200)
    if name in files or entry.flag_bits & 1:
        raise GitHubError(f"{doing}: it holds a file twice, or one with a password", status=200)


def _bounded(unpacking: Any, left: int, doing: str) -> bytes:
    data = bytearray()
    while part := unpacking.read(_CHUNK):
        data += part
        if len(data) > left:
            raise GitHubError(f"{doing}: there is more in it than it may hold", status=200)
    return bytes(data)


def _artifact(value: dict[str, Any], doing: str) -> Artifact:
    digest = value.get("digest")
    try:
        return Artifact(
            id=int(value["id"]),
            name=str(value["name"]),
            size=int(value["size_in_bytes"]),
            expired=bool(value["expired"]),
            sha256=digest.removeprefix("sha256:") if isinstance(digest, str) and digest.startswith("sha256:") else None,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise GitHubError(f"{doing}: the answer lists no artifacts", status=200) from None
