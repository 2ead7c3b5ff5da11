"""What of this process's environment a worker sees: enough to run programs, and what the suite names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

SAFE: Final = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "TMP", "TEMP", "CI"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "VIRTUAL_ENV", "PYENV_VERSION"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
    *("PROGRAMFILES", "PROGRAMDATA", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
)
"""Names that hold no secret and without which interpreters, compilers and TLS do not work."""
WITHHELD: Final = frozenset({"EVALGATE_GITHUB_TOKEN"})
"""Names that no worker sees, whatever a suite names: what the gate alone comments with."""


def environment(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of `environ` that a worker may see: SAFE, and what matches the names or globs in `names`."""
    patterns = (*SAFE, *names)
    seen = [name for name in environ if name.upper() not in WITHHELD]
    return {name: environ[name] for name in seen if any(fnmatchcase(name, glob) for glob in patterns)}
