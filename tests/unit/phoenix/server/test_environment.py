"""The server's environment is made whole or not at all, once, from what its list of hashes says."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.phoenix.server import VERSION, environment
from evalgate.phoenix.server.environment import REQUIREMENTS, base_environment, cache_folder, server_python
from tests.e2e.project import REPOSITORY
from tests.e2e.project import environment as seen


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A list of one package that is a file here: what an installation does, without 160 packages."""
    folder = tmp_path_factory.mktemp("package")
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "HERE = True\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("tiny-1.0.dist-info/WHEEL", tags)
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    listed = folder / "requirements.txt"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    listed.write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return listed


MAKE = """
import os, sys
from pathlib import Path
from evalgate.phoenix.server.environment import server_python
folder, requirements = map(Path, sys.argv[1:])
print(server_python(os.environ, lambda text: print(text, flush=True), folder=folder, requirements=requirements))
"""


def making(folder, listed):
    """Make one in a process of its own."""
    command = [sys.executable, "-c", MAKE, str(folder), str(listed)]
    return subprocess.Popen(command, env=seen(), stdout=subprocess.PIPE, text=True)


def has_tiny(python):
    return subprocess.run([str(python), "-c", "import tiny"], check=False, stderr=subprocess.DEVNULL).returncode == 0


def test_it_is_made_once_by_one_of_several_and_again_after_a_kill(tmp_path, small):
    """A kill in the middle leaves nothing that is used, and nothing for ever."""
    killed = making(tmp_path, small)
    killed.stdout.readline()
    until = time.monotonic() + 30
    while not list(tmp_path.glob("server-*/pyvenv.cfg")) and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    (left,) = (each for each in tmp_path.iterdir() if each.is_dir())
    assert not list(tmp_path.glob("*.ready"))

    both = [making(tmp_path, small) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        said = [out for out, _ in pool.map(subprocess.Popen.communicate, both)]
    assert [each.returncode for each in both] == [0, 0]
    assert sum("\ninstalling the Phoenix server" in f"\n{out}" for out in said) == 1
    pythons = {out.splitlines()[-1] for out in said}
    assert len(pythons) == 1
    assert has_tiny(pythons.pop())
    folders = [each for each in tmp_path.iterdir() if each.is_dir()]
    assert len(folders) == 1
    assert left not in folders

    # Whole, it is taken as it is; with its Python gone, it is made anew. uv is asked where there is one, pip after it.
    asked = tmp_path / "bin" / "asked"
    asked.parent.mkdir()
    (asked.parent / "uv").write_text(f'#!/bin/sh\necho "$1" >> {asked}\nexit 1\n')
    (asked.parent / "uv").chmod(0o755)
    environ = {**os.environ, "PATH": f"{asked.parent}:{os.environ['PATH']}"}
    told = []
    python = server_python(environ, told.append, folder=tmp_path, requirements=small)
    assert told == []
    python.unlink()
    assert has_tiny(server_python(environ, told.append, folder=tmp_path, requirements=small))
    assert told[0].startswith("installing")
    assert asked.read_text() == "venv\n"


def test_a_package_of_another_hash_is_refused_and_leaves_nothing(tmp_path, small):
    other = tmp_path / "requirements.txt"
    other.write_text(re.sub("sha256:.*", f"sha256:{'0' * 64}", small.read_text()))
    with pytest.raises(MeasurementError, match=r"pip ended with exit code 1") as told:
        server_python(os.environ, lambda _: None, folder=tmp_path / "cache", requirements=other)
    assert "HASH" in str(told.value).upper()
    assert "pip config list" in told.value.next_step
    assert [each for each in (tmp_path / "cache").iterdir() if each.suffix != ".lock"] == []


def test_an_address_of_an_installer_is_shown_without_its_password():
    line = "Looking in indexes: https://me:s3cret@index.example/simple, https://t0ken@other.example/simple"
    shown = environment._without_credentials(line)
    assert shown == "Looking in indexes: https://***@index.example/simple, https://***@other.example/simple"


def test_a_python_that_makes_no_environments_is_named(tmp_path, small, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ConfigurationError, match="/bin/false") as told:
        server_python({}, lambda _: None, folder=tmp_path / "cache", requirements=small)
    assert "python3-venv" in told.value.next_step


def test_a_cache_that_cannot_be_written_is_named(tmp_path, small):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(MeasurementError, match="cache/evalgate") as told:
        server_python({}, lambda _: None, folder=tmp_path / "cache" / "evalgate", requirements=small)
    assert "XDG_CACHE_HOME" in told.value.next_step


def test_the_list_pins_the_version_that_is_said_and_everything_by_hash():
    text = REQUIREMENTS.read_text()
    assert f"\narize-phoenix=={VERSION} \\\n" in text
    packages = re.findall(r"^[a-z0-9].*", text, re.MULTILINE)
    assert packages
    assert [each for each in packages if "==" not in each or not each.endswith("\\")] == []
    assert f"arize-phoenix[pg]=={VERSION}" in (REPOSITORY / ".github" / "CONTRIBUTING.md").read_text()
    assert VERSION in (REPOSITORY / "docs" / "phoenix.md").read_text()


def test_the_cache_is_the_users(monkeypatch):
    monkeypatch.setattr(environment.sys, "platform", "linux")
    assert cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/evalgate/phoenix")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/evalgate/phoenix")
    assert cache_folder({}).name == "phoenix"
    monkeypatch.setattr(environment.sys, "platform", "darwin")
    assert cache_folder({"HOME": "/h"}) == Path("/h/Library/Caches/evalgate/phoenix")


def test_the_server_sees_no_key_of_the_callers():
    secrets = {"OPENAI_API_KEY": "k", "PHOENIX_API_KEY": "k", "AWS_SECRET_ACCESS_KEY": "k", "GITHUB_TOKEN": "k"}
    assert base_environment({**secrets, "PATH": "/bin", "LC_ALL": "C"}) == {"PATH": "/bin", "LC_ALL": "C"}
