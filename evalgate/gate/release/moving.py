"""The tags that a release moves in Phoenix: planned before anything is run, moved once each, and found where they are.

A tag that somebody else has moved meanwhile stays where it is: what was decided was compared with something else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from evalgate.encoding import printable
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.hub_prompts import ref_of
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.release.verdict import Body, Move
from evalgate.journal.store import Journal
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import Connection, connect
from evalgate.phoenix.experiments.tags import move_tag as move_experiment_tag
from evalgate.phoenix.experiments.writing import get_experiment, tags_of
from evalgate.phoenix.prompts.versions import move_tag as move_prompt_tag
from evalgate.phoenix.prompts.versions import tagged, versions_of
from evalgate.records import Side
from evalgate.suite.hub_prompt import HubPrompt


class MovedMeanwhile(MeasurementError):
    """Somebody moved a tag since it was decided: the release is to be decided again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moving:
    """What moving may do. `at` returns a server by its address, `keep` writes down how far it is."""

    at: Callable[[str], Address]
    keep: Callable[[Body], None]
    say: Callable[[str], None]


async def planned_prompts(
    suites: Sequence[PreparedSuite], tag: str, address: Callable[[str | None], Address]
) -> list[Move]:
    """Return a move for each prompt in Phoenix that candidates send, with where its tag is now.

    Raises ConfigurationError where two suites send different versions of one, MeasurementError where a server is away.
    """
    found: dict[tuple[str, str], Move] = {}
    for suite in suites:
        for side in suite.sides:
            ref = ref_of(side) if side.side is Side.CANDIDATE else None
            if ref is None:
                continue
            server = address(ref.server)
            move = found.get((server.base_url, ref.hub.name))
            if move is not None and move.to != ref.hub.id:
                raise ConfigurationError(
                    f"two suites send different versions of {ref.hub.name}: {move.number} and {ref.hub.number}, and the"
                    f" tag {tag} can be on one alone",
                    next_step="pin one version for both, or release the suites one by one: --suite",
                )
            if move is None:
                async with connect(server) as connection:
                    before = await tagged(connection, ref.hub.name, tag)
                found[server.base_url, ref.hub.name] = _of_prompt(ref.hub, tag, server, before)
    return [*found.values()]


def _of_prompt(to: HubPrompt, tag: str, server: Address, before: HubPrompt | None) -> Move:
    return Move(
        kind="prompt",
        name=to.name,
        tag=tag,
        server=server.base_url,
        before=None if before is None else before.id,
        to=to.id,
        number=to.number,
        done=False,
    )


def planned_experiments(
    tags: Mapping[str, str], before: Mapping[str, str | None], servers: Mapping[str, Address]
) -> list[Move]:
    """Return a move for each suite's experiment, which is yet to be made; `before` is what has its tag now."""
    return [
        Move(
            kind="experiment",
            name=suite,
            tag=tag,
            server=servers[suite].base_url,
            before=before.get(suite),
            to=None,
            number=None,
            done=False,
        )
        for suite, tag in tags.items()
    ]


def with_experiments(body: Body, journal: Journal) -> Body:
    """Return the body with the experiments that mirror its build, those that are all there."""
    rows = {row.suite: row for row in journal.experiments(body.journal.build) if row.side is Side.CANDIDATE}
    moves = []
    for move in body.moves:
        mirror = journal.mirror(rows[move.name].id) if move.kind == "experiment" else None
        ready = mirror is not None and mirror.ended and mirror.remote is not None
        moves.append(move.model_copy(update={"to": mirror.remote}) if mirror is not None and ready else move)
    return body.model_copy(update={"moves": moves})


async def moved(body: Body, moving: Moving) -> Body:
    """Move what is not where it belongs, and return the body that says so; all are looked at before one is moved.

    Raises MovedMeanwhile, and MeasurementError where a server is away or an experiment is not there: what was moved
    is written down by then, and the same again goes on.
    """
    async with AsyncExitStack() as stack:
        connections: dict[str, Connection] = {}
        for server in dict.fromkeys(move.server for move in body.moves):
            connections[server] = await stack.enter_async_context(connect(moving.at(server)))
        for move in body.moves:
            await _require_untouched(connections[move.server], move)
        for index, move in enumerate(body.moves):
            said = f"{body.commit[:12]}, released by evalgate on {body.decided_at[:10]}"
            done = await _MOVES[move.kind](connections[move.server], move, said)
            moves = [*body.moves]
            moves[index] = move.model_copy(update={"done": True})
            body = body.model_copy(update={"moves": moves})
            moving.keep(body)
            moving.say(done)
    return body


async def all_in_place(body: Body, at: Callable[[str], Address]) -> bool:
    """Return whether every tag is where the body says that it was moved to. Raises MeasurementError."""
    for move in body.moves:
        async with connect(at(move.server)) as connection:
            if not await _is_there(connection, move):
                return False
    return True


async def _is_there(connection: Connection, move: Move) -> bool:
    if move.kind == "experiment":
        there = move.to is not None and await get_experiment(connection, move.to) is not None
        return there and move.tag in await tags_of(connection, str(move.to))
    now = await tagged(connection, move.name, move.tag)
    return now is not None and now.id == move.to


async def _require_untouched(connection: Connection, move: Move) -> None:
    """Raise MovedMeanwhile where a tag is neither where it was nor where it belongs."""
    if move.to is None:
        raise MeasurementError(f"the experiment of {printable(move.name)} is not all in {connection.address.shown}")
    if await _is_there(connection, move):
        return
    if move.kind == "experiment":
        if await get_experiment(connection, move.to) is None:
            raise MovedMeanwhile(
                f"the experiment {move.to} of {printable(move.name)} is gone from {connection.address.shown}"
            )
        untouched = move.before is None or (
            await get_experiment(connection, move.before) is None or move.tag in await tags_of(connection, move.before)
        )
    else:
        now = await tagged(connection, move.name, move.tag)
        untouched = (None if now is None else now.id) == move.before
    if not untouched:
        raise MovedMeanwhile(
            f"somebody moved the tag {printable(move.tag)} of the {move.kind} {printable(move.name)} at"
            f" {connection.address.shown} since this was decided: it stays, and no tag is moved any more"
        )


async def _move_experiment(connection: Connection, move: Move, said: str) -> str:
    await move_experiment_tag(connection, str(move.to), move.tag, said)
    if move.tag not in await tags_of(connection, str(move.to)):
        raise MeasurementError(
            f"the tag {move.tag} of {printable(move.name)} is on another experiment right after it was moved"
        )
    return f"{printable(move.name)}: its experiment has the tag {move.tag} in {connection.address.shown} now"


async def _move_prompt(connection: Connection, move: Move, said: str) -> str:
    versions = {each.id: each for each in await versions_of(connection, move.name)}
    if move.to not in versions:
        raise MovedMeanwhile(f"version {move.number} of {printable(move.name)} is gone from {connection.address.shown}")
    before = None if move.before is None else versions.get(move.before)
    done = await move_prompt_tag(connection, move.tag, versions[move.to], expected=before, description=said)
    return printable(done.words)


_MOVES: dict[str, Callable[[Connection, Move, str], Awaitable[str]]] = {
    "experiment": _move_experiment,
    "prompt": _move_prompt,
}
