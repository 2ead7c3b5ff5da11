"""`evalgate.Result`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import evalgate
from evalgate.result import Result


def test_it_is_imported_where_it_is_used():
    assert evalgate.Result is Result
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        evalgate.nothing  # noqa: B018 - the attribute is the point


def test_importing_evalgate_does_not_import_it():
    program = "import sys, evalgate; print('evalgate.result' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=".")
    assert done.stdout == "False\n"


def test_only_the_output_is_needed():
    assert Result(1) == Result(output=1, context=None, usage=None)
