"""A PostgreSQL of Debian's, installed or unpacked, that runs on loopback for as long as it is asked for."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from evalgate.phoenix.server.environment import cache_folder
from evalgate.phoenix.server.launch import free_port


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a new cluster in `folder`, and give the address of its database. Raises RuntimeError where there is none."""
    programs, libraries = _provisioned()
    user = _user()
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    if user is not None:
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    port, password = free_port(), secrets.token_hex(12)
    secret = folder / "password"
    secret.write_text(password)
    if user is not None:
        shutil.chown(secret, user)
    cluster = str(folder / "cluster")
    initdb = ("--auth=scram-sha-256", "--username=phoenix", f"--pwfile={secret}", "--encoding=UTF8", "--no-sync")
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off "
        "-c dynamic_shared_memory_type=mmap -c max_connections=50"
    )
    _run(programs / "initdb", "-D", cluster, *initdb, user=user, libraries=libraries)
    log = folder / "postgres.log"
    start = ("-D", cluster, "-w", "-t", "60", "-l", str(log), "-o", settings)
    _run(programs / "pg_ctl", *start, "start", user=user, libraries=libraries)
    try:
        yield f"postgresql://phoenix:{password}@127.0.0.1:{port}/postgres"
    finally:
        _run(programs / "pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop", user=user, libraries=libraries)


def _provisioned() -> tuple[Path, Path | None]:
    """Return the folder of its programs, and of libraries that are nowhere else; install or unpack it if need be."""
    if found := _installed(Path("/")):
        return found, None
    if os.geteuid() == 0:
        _said("apt-get", "update")
        _said("apt-get", "install", "-y", "--no-install-recommends", "postgresql")
        if found := _installed(Path("/")):
            return found, None
    return _unpacked(cache_folder(os.environ).parent / "postgresql")


def _installed(root: Path) -> Path | None:
    versions = sorted(root.glob("usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    program = shutil.which("initdb") if root == Path("/") else None
    return Path(program).resolve().parent if program else None


def _unpacked(folder: Path, *options: str) -> tuple[Path, Path]:
    """Unpack it into the cache with all that it needs and this machine does not have: that takes no rights."""
    root, packages = folder / "root", folder / "packages"
    (packages / "partial").mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "unpack.lock"):
        if not (folder / "ready").exists():
            shutil.rmtree(root, ignore_errors=True)
            alone = ("-o", "Debug::NoLocking=1", "-o", f"Dir::Cache::archives={packages}", *options)
            _said("apt-get", *alone, "install", "-y", "--no-install-recommends", "--download-only", "postgresql")
            for package in packages.glob("*.deb"):
                _said("dpkg", "-x", str(package), str(root))
            (folder / "ready").touch()
    found = _installed(root)
    assert found is not None, f"no PostgreSQL in {folder}"
    return found, next((root / "usr" / "lib").glob("*-linux-gnu"))


def _user() -> str | None:
    """Return whom to run it as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(program: Path, *arguments: str, user: str | None, libraries: Path | None) -> None:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    if libraries is not None:
        environ["LD_LIBRARY_PATH"] = str(libraries)
    done = subprocess.run(
        [str(program), *arguments],
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        env=environ,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would stay open in the server that it starts
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program.name} {arguments} ended with {done.returncode}")


def _said(*command: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"no PostgreSQL for the tests: {' '.join(command)}: {done.stderr}\ninstall postgresql")
