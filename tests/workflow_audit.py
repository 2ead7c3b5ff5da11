"""A workflow that evalgate writes or shows: valid as GitHub has it, and nothing for an auditor to find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def assert_audited(file: Path) -> None:
    """Fail with what the tools say."""
    for tool, *options in (
        ("zizmor", "--offline", "--pedantic", "--quiet"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ):
        program = Path(sys.executable).with_name(tool)
        audit = subprocess.run([program, *options, file], capture_output=True, encoding="utf-8", check=False)
        assert audit.returncode == 0, audit.stdout + audit.stderr
