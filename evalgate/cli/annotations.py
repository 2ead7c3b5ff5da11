"""`--annotations NAME --from PLACE`: labelled answers that are in Phoenix in place of a file."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote

import click

from evalgate.cli.asking import agreed, tell
from evalgate.cli.options import server_option, yes_option

if TYPE_CHECKING:
    from evalgate.gate.judging import ChosenJudge
    from evalgate.golden.labelled import Labelled
    from evalgate.phoenix.address import Address
    from evalgate.suite.loading import LoadedConfig

EXPERIMENT: Final = "phoenix:experiment:"
PROJECT: Final = "phoenix:project:"
_ID: Final = re.compile(r"[A-Za-z0-9_-]+=*")
_SAVED: Final = (".jsonl", ".ndjson")
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Place(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """An experiment or a project in Phoenix."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it, or let click say what is wrong with it. An id may stand there as in an address (`%3D`)."""
        text = str(value)
        if text.startswith(EXPERIMENT):
            text = unquote(text)
        if text.startswith(EXPERIMENT) and _ID.fullmatch(text.removeprefix(EXPERIMENT)):
            return text
        if text.startswith(PROJECT) and len(text) > len(PROJECT):
            return text
        raise click.BadParameter(f"{text!r} is no place: write {EXPERIMENT}ID or {PROJECT}NAME.", ctx, param)


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotations:
    """What people said in Phoenix: the name of the annotations, where they are, and the file to write them to."""

    name: str
    places: tuple[str, ...]
    server: str | None
    save: Path | None
    yes: bool

    @property
    def told(self) -> str:
        """Return the options that name them."""
        server = ["--server", self.server] if self.server is not None else []
        places = [part for place in self.places for part in ("--from", place)]
        return shlex.join(["--annotations", self.name, *places, *server])

    @property
    def shown(self) -> str:
        """Return what a report calls the labels."""
        return self.save.name if self.save is not None else f"{self.name} of {', '.join(self.places)}"

    def read(self, judge: ChosenJudge, loaded: LoadedConfig, environ: Mapping[str, str]) -> list[Labelled]:
        """Return the labelled answers. Raises DatasetError where there are none; PhoenixError."""
        from evalgate.errors import ConfigurationError
        from evalgate.phoenix.address import address_in
        from evalgate.suite.phoenix import PhoenixSettings

        if judge.pairwise:
            raise ConfigurationError(
                f"{judge.evaluator.label} is shown two answers, and annotations in Phoenix are of one",
                next_step=f"label pairs in a file, then evalgate judge validate FILE --judge {judge.evaluator.label}",
            )
        settings = loaded.config.phoenix or PhoenixSettings()
        address = address_in(settings, self.server, environ, config=loaded.path)
        tell(f"reading the annotations {self.name} from {address.shown}")
        return asyncio.run(self._gathered(judge, address))

    async def _gathered(self, judge: ChosenJudge, address: Address) -> list[Labelled]:
        from evalgate.gate.human_labels import Gathered, add_experiment, add_project
        from evalgate.phoenix.connection import connect

        gathered = Gathered(name=self.name, scores=judge.scores)
        async with connect(address) as connection:
            for place in dict.fromkeys(self.places):
                if place.startswith(EXPERIMENT):
                    await add_experiment(connection, place.removeprefix(EXPERIMENT), gathered, judge.suite)
                else:
                    await add_project(connection, place.removeprefix(PROJECT), gathered, judge.suite)
        gathered.require_some(" and ".join(self.places))
        for note in gathered.notes():
            tell(note)
        return gathered.answers

    def saved(self, file: Path, answers: list[Labelled]) -> bool:
        """Write the labelled answers to a file; False where it is left as it is."""
        from evalgate.errors import ConfigurationError
        from evalgate.golden.labelled_writing import labelled_text
        from evalgate.whole_file import write_whole

        content = labelled_text(answers)
        try:
            other = file.exists() and file.read_bytes() != content
            if other and not agreed(f"overwrite {file}, which holds something else?", yes=self.yes):
                return False
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, content)
        except OSError as error:
            raise ConfigurationError(f"cannot write {file}: {error.strerror}", next_step="name another file") from error
        tell(f"{file} has {len(answers):,} labelled answers: `evalgate judge validate {file}` reads them again")
        return True


def annotation_options(command: _Command) -> _Command:
    """Give a command `annotations`: an Annotations, or None where they are not asked for."""

    @click.option(
        "--annotations", "name_of_them", metavar="NAME", help="Labels are people's annotations of this name in Phoenix."
    )
    @click.option(
        "--from",
        "places",
        multiple=True,
        type=Place(),
        metavar="PLACE",
        help=f"Where: {EXPERIMENT}ID or {PROJECT}NAME; may be given several times.",
    )
    @server_option
    @click.option(
        "--save",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write them to FILE (.jsonl) too, to be kept with the code.",
    )
    @yes_option
    @wraps(command)
    def given(
        *,
        name_of_them: str | None,
        places: tuple[str, ...],
        server: str | None,
        save: Path | None,
        yes: bool,
        **options: Any,
    ) -> Any:
        if name_of_them is None and not places:
            if server is not None or save is not None or yes:
                raise click.UsageError("--server, --save and --yes go with --annotations and --from")
            return command(annotations=None, **options)
        if not name_of_them or not places:
            raise click.UsageError("--annotations NAME and --from PLACE go together")
        if save is not None and save.suffix.lower() not in _SAVED:
            raise click.UsageError(f"{save}: labelled answers are written to a file that ends in {', '.join(_SAVED)}")
        wanted = Annotations(name=name_of_them, places=places, server=server, save=save, yes=yes)
        return command(annotations=wanted, **options)

    return given  # type: ignore[return-value]
