"""What a cleaning needs that is not installed with evalgate: packages and models of spaCy, and how to get them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evalgate.errors import ConfigurationError
    from evalgate.suite.curate_clean import Clean, Presidio

INSTALL: Final = "pip install 'phoenix-evalgate[curate]'"
"""What brings the packages that cleaning needs."""
INSTALL_PRESIDIO: Final = "pip install 'phoenix-evalgate[curate,presidio]'"
"""What brings those and Presidio, with spaCy."""
_PRESIDIO: Final = ("presidio_analyzer", "spacy")


def require(clean: Clean, folder: Path, *, personal: bool = True, judged: bool = True) -> None:
    """Raise ConfigurationError for all that a cleaning lacks here; nothing is imported. `folder` is the config's.

    Personal data is looked for if `personal`, as far as `clean` wants it; candidates are `judged` by their language.
    """
    from evalgate.errors import ConfigurationError

    found = list(lacking(clean, folder, personal=personal, judged=judged))
    if found:
        told, commands = zip(*found, strict=True)
        raise ConfigurationError("; ".join(told), next_step="; then ".join(dict.fromkeys(commands)))


def lacking(clean: Clean, folder: Path, *, personal: bool = True, judged: bool = True) -> Iterator[tuple[str, str]]:
    """Yield what `require` raises for, each with the command that mends it."""
    presidio = clean.presidio if personal and clean.personal != "keep" else None
    needed = ["faker", "phonenumbers"] if personal and clean.personal != "keep" else []
    needed += _PRESIDIO if presidio is not None else ()
    needed += ["py3langid"] if (judged and clean.languages) or (presidio is not None and tells(presidio)) else []
    missing = [each for each in needed if not _installed(each)]
    if missing:
        told = f"it cleans with packages that are not installed here ({', '.join(missing)})"
        yield told, INSTALL if set(missing).isdisjoint(_PRESIDIO) else INSTALL_PRESIDIO
    for language, name in presidio.models.items() if presidio is not None else ():
        yield from _model_lacking(f"clean.presidio.models.{language}", name, folder)


def tells(presidio: Presidio) -> bool:
    """Return whether the language of a candidate says which model reads it."""
    from evalgate.curate.cleaning.presidio import OTHER

    return set(presidio.models) != {OTHER}


def missing_package(what: str, error: ImportError, install: str = INSTALL) -> ConfigurationError:
    """Return the error of a package that is there and whose import fails all the same."""
    from evalgate.errors import ConfigurationError

    return ConfigurationError(f"{what} with packages that are not installed here ({error.name})", next_step=install)


def model_folder(name: str, folder: Path) -> Path | None:
    """Return the folder that a model's name is; None where it is a package's."""
    return folder / Path(name).expanduser() if "/" in name or os.sep in name else None


def _model_lacking(key: str, name: str, folder: Path) -> Sequence[tuple[str, str]]:
    place = model_folder(name, folder)
    if place is None:
        mended = f"python -m spacy download {name}, or name a folder as ./{name}"
        return [] if _is_distribution(name) else [(f"{key}: no model {name!r} is installed here", mended)]
    mended = "name the folder that `nlp.to_disk` wrote, or a package that is installed"
    is_there = (place / "config.cfg").is_file()
    return [] if is_there else [(f"{key}: {name} is no model of spaCy: it has no config.cfg", mended)]


def _installed(package: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(package) is not None
    except ValueError:
        return False


def _is_distribution(name: str) -> bool:
    """Return whether a package is installed, as spaCy tells of its models."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):
        return False
    return True
