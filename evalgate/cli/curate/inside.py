"""What a config may name as the place of candidates: its own repository, since a change may have written the config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from evalgate.errors import ConfigurationError, Location
from evalgate.whole_file import resolved

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target

_ENDING = ".candidates.jsonl"


def refuse_outside(profile: str, target: Target, config: Path, environ: Mapping[str, str]) -> None:
    """Raise ConfigurationError, with its place, where a profile's dataset leads out of the repository of its config.

    What is kept beside it counts too, links followed. Outside of a repository nobody proposes a config.
    """
    found = leading_out(target, config)
    if found is not None:
        key = f"curate.profiles.{profile}.dataset"
        raise ConfigurationError(
            f"profile {profile}: `dataset` and what is beside it have to be in the repository of {config.name}, and"
            f" {found} leads out of it",
            location=_place(profile, config, environ),
            next_step=f"name a file of the repository in {key}, or say --dataset FILE in its place",
        )


def leading_out(target: Target, config: Path) -> Path | None:
    """Return the first place for candidates that is not in the repository of a config; None where all are in it, and
    where there is no repository.
    """
    from evalgate.git.work_trees import place_in, work_tree_of

    tree = work_tree_of(config.parent)
    if tree is None:
        return None
    return next((each for each in _kept(target) if place_in(tree, each) is None), None)


def _kept(target: Target) -> Iterator[Path]:
    """Yield where steps write for a target: the two files, and every link among what is beside them."""
    files = [each for each in (target.file, target.candidates) if each is not None]
    folder, stem = target.candidates.parent, target.candidates.name.removesuffix(_ENDING)
    work = folder / ".curate"
    # What a link in the repository leads to is held beside where it is.
    held = [(each.parent / ".curate", each.name) for each in map(_led_to, files)]
    places = [(folder, stem), (work, stem), *held]
    whole = [work / "drafts", folder / f"{stem}.analysis"]
    yield from (*files, *(place for place, _ in places), *whole)
    for place, beginning in (*places, *((each, "") for each in whole)):
        yield from _links(place, beginning)


def _links(folder: Path, beginning: str) -> Iterator[Path]:
    """Yield the links in a folder whose names begin so, or that git would read. Names of two cases may be one file."""
    try:
        there = sorted(folder.iterdir())
    except OSError:  # not there yet
        return
    for each in there:
        name = each.name.casefold()
        is_named = not beginning or name.startswith(f"{beginning.casefold()}.")
        if each.is_symlink() and (is_named or name in (".gitattributes", ".gitignore")):
            yield each


def _led_to(path: Path) -> Path:
    try:
        return resolved(path)
    except OSError:  # it leads to itself: that is said where it is named
        return path


def _place(profile: str, config: Path, environ: Mapping[str, str]) -> Location:
    from evalgate.suite.loading import load_config
    from evalgate.suite.shape import show_path

    loaded = load_config(config, environ=environ, overrides={}, committed=True, without_suites=True)
    dataset = ("curate", "profiles", profile, "dataset")
    named = (loaded.origins.get(show_path((*dataset, key))) for key in ("file", "phoenix"))
    origin = next(filter(None, named), str(config))
    file, *numbers = origin.rsplit(":", 2)
    if len(numbers) == 2 and all(each.isdecimal() for each in numbers):
        return Location(file=file, line=int(numbers[0]), column=int(numbers[1]))
    return Location(file=origin)
