"""The verdict file: what was decided about a commit and by what, in one byte form, which is what is signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from evalgate.canonical import canonical_json

FORMAT: Final = 1
"""Of the file: what is added later is read by those that know a later one."""
LARGEST: Final = 2_000_000
"""Bytes: what is larger was not written by `evalgate release`."""
FILE: Final = "evalgate-verdict.json"

_Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE", "UNMEASURABLE"]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
"""In full: a part of one may come to mean another."""


def _real(text: str) -> str:
    datetime.fromisoformat(text)
    return text


_Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$"), AfterValidator(_real)]
_Text = Annotated[str, Field(max_length=2_000)]
_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Count = Annotated[int, Field(ge=0, le=10**12)]


class _Part(BaseModel):
    """A part of the file. What it does not know it refuses, and no value is taken for one of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Format(_Part):
    """Which form the file has, and which version of evalgate decided."""

    verdict: Literal[1]
    version: _Name


class DecidedConfig(_Part):
    """The config: its name, the SHA-256 of the file as it is committed, and of all that was decided by."""

    file: _Name
    sha256: _Sha256
    decided_by: _Sha256


class Decided(_Part):
    """The verdict of all suites together. `accepted`: it is FAIL, and what failed was accepted."""

    verdict: _Verdict
    accepted: bool
    exit_code: Literal[0, 1, 3, 4]
    reason: _Text


class DecidedDataset(_Part):
    """The examples: the name and version of their dataset, the SHA-256 of what they say, and how many decided."""

    name: _Name
    version: _Name | None
    sha256: _Sha256
    examples: _Count


class DecidedSide(_Part):
    """One side: what people call it, the fingerprint of what answered, and its commit where it is one."""

    label: _Text
    task: _Sha256
    commit: Commit | None


class DecidedPrompt(_Part):
    """A version of a prompt in Phoenix that the candidate sent."""

    name: _Name
    number: _Count
    id: _Name
    sha256: _Sha256


class DecidedEvaluators(_Part):
    """What scored: the fingerprint of all, and of each by its name; null where not all of it is known."""

    sha256: _Sha256
    each: dict[_Name, _Sha256 | None]


class DecidedCheck(_Part):
    """One check with its rules."""

    name: _Name
    verdict: _Verdict
    gates: bool
    rules: dict[_Name, _Verdict]


class DecidedSuite(_Part):
    """One suite. `oldest` is when the oldest answer was recorded; `skipped`: there was nothing to measure."""

    name: _Name
    verdict: _Verdict
    skipped: bool
    dataset: DecidedDataset
    candidate: DecidedSide
    baseline: DecidedSide | None
    evaluators: DecidedEvaluators
    prompts: Annotated[list[DecidedPrompt], Field(max_length=1_000)]
    models: Annotated[list[_Name], Field(max_length=1_000)]
    checks: Annotated[list[DecidedCheck], Field(max_length=10_000)]
    oldest: _Moment | None


class DecidedJournal(_Part):
    """The build in the journal, and the SHA-256 of what it recorded."""

    build: _Count
    sha256: _Sha256


class Move(_Part):
    """A tag in Phoenix: of which experiment's suite or of which prompt, where it was, where it belongs, and is.

    `to` is null while the experiment is not there yet. `number` is the prompt's version.
    """

    kind: Literal["experiment", "prompt"]
    name: _Name
    tag: _Name
    server: _Name
    before: _Name | None
    to: _Name | None
    number: _Count | None
    done: bool


class Body(_Part):
    """All that is said, and signed."""

    evalgate: Format
    commit: Commit
    branch: _Text | None
    tag: _Name
    against: _Text
    config: DecidedConfig
    policy: dict[str, Any]
    decision: Decided
    suites: Annotated[list[DecidedSuite], Field(min_length=1, max_length=1_000)]
    journal: DecidedJournal
    decided_at: _Moment
    by: _Text
    moves: Annotated[list[Move], Field(max_length=10_000)]

    @property
    def releases(self) -> bool:
        """Whether it says that the commit may be released: PASS, or what failed was accepted and that is honoured."""
        return self.decision.exit_code == 0 and (self.decision.verdict == "PASS" or self.decision.accepted)


def recorded(verdict: Mapping[str, Any]) -> Body | None:
    """Return the body that a journal keeps; None where this version does not read it."""
    try:
        return Body.model_validate(verdict)
    except ValidationError:
        return None


class Signature(_Part):
    """Ed25519, base64. `key` is the SHA-256 of the public key's 32 bytes."""

    algorithm: Literal["ed25519"]
    key: _Sha256
    value: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class VerdictFile(_Part):
    """The whole file."""

    body: Body
    signature: Signature | None


def body_bytes(body: Body) -> bytes:
    """Return the body as it is signed: equal content has one form."""
    return canonical_json(body.model_dump(mode="json"))


def file_bytes(file: VerdictFile) -> bytes:
    """Return the file: canonical JSON and the end of a line."""
    return canonical_json(file.model_dump(mode="json")) + b"\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **VerdictFile.model_json_schema()}
