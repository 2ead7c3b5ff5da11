"""A verdict file as a release writes it, to be held to a commit and to be forged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evalgate.canonical import canonical_json
from evalgate.gate.release.verdict import Body, VerdictFile, file_bytes

COMMIT = "a" * 40
HASH = "b" * 64


def suite(name: str = "support", **more: Any) -> dict[str, Any]:
    """Return one suite that passed."""
    side = {"label": "work tree", "task": HASH, "commit": COMMIT}
    return {
        "name": name,
        "verdict": "PASS",
        "skipped": False,
        "dataset": {"name": "golden.jsonl", "version": None, "sha256": HASH, "examples": 40},
        "candidate": side,
        "baseline": {**side, "commit": "c" * 40},
        "evaluators": {"sha256": HASH, "each": {"exact_match": HASH, "tone": None}},
        "prompts": [{"name": "answers", "number": 3, "id": "UHJvbXB0OjM=", "sha256": HASH}],
        "models": ["openai/small"],
        "checks": [{"name": "exact_match", "verdict": "PASS", "gates": True, "rules": {"no_regression": "PASS"}}],
        "oldest": "2026-11-20T10:00:00.000+00:00",
        **more,
    }


def body(**more: Any) -> dict[str, Any]:
    """Return the body of a release that passed, as JSON."""
    return {
        "evalgate": {"verdict": 1, "version": "0.1.0"},
        "commit": COMMIT,
        "branch": "main",
        "tag": "production",
        "against": "production",
        "config": {"file": "evalgate.yaml", "sha256": HASH, "decided_by": "d" * 64},
        "policy": {"policy": {"alpha": 0.05}, "release": {}},
        "decision": {"verdict": "PASS", "accepted": False, "exit_code": 0, "reason": "1 check passed."},
        "suites": [suite()],
        "journal": {"build": 12, "sha256": HASH},
        "decided_at": "2026-11-21T10:00:00.000+00:00",
        "by": "Jo Doe <jo@example.com>",
        "moves": [
            {
                "kind": "prompt",
                "name": "answers",
                "tag": "production",
                "server": "http://127.0.0.1:6006",
                "before": None,
                "to": "UHJvbXB0OjM=",
                "number": 3,
                "done": True,
            }
        ],
        **more,
    }


def written(path: Path, **more: Any) -> Path:
    """Write an unsigned file, in the form that evalgate writes."""
    path.write_bytes(file_bytes(VerdictFile(body=Body.model_validate(body(**more)), signature=None)))
    return path


def forged(path: Path, said: Any) -> Path:
    """Write anything in that form, what evalgate would never write too."""
    path.write_bytes(canonical_json(said) + b"\n")
    return path


def edited(path: Path, **changes: Any) -> Path:
    """Write the file again with other values in its body, and what signature it has."""
    said = json.loads(path.read_bytes())
    said["body"] |= changes
    return forged(path, said)
