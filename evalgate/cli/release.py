"""`evalgate release`: what is checked out, held to a stricter policy; and its verdict held to a commit elsewhere."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.options import (
    Outputs,
    Period,
    cache_option,
    config_option,
    journal_option,
    output_options,
    overrides,
    set_option,
    suites_option,
    yes_option,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from evalgate.gate.release.verifying import Answer
    from evalgate.report.release import VerdictSeen

_file: Final = click.Path(path_type=Path, dir_okay=False)


# The variables of the action are those of `run`, whatever it runs.
@click.group(invoke_without_command=True, context_settings={"auto_envvar_prefix": "EVALGATE_RUN"})
@click.pass_context
@config_option
@journal_option
@suites_option
@click.option(
    "--against",
    metavar="REF",
    help="What is shipped: a tag or commit of git, phoenix-tag:NAME, experiment:ID.  [default: what was released last]",
)
@click.option("--first", is_flag=True, help="Nothing was released before: rules about the candidate alone decide.")
@click.option("--verdict", type=_file, help="Where the verdict is written.  [default: .evalgate/evalgate-verdict.json]")
@click.option("--sign-key", type=_file, help="Sign the verdict with this private key (Ed25519), in place of `key_env`.")
@cache_option
@yes_option
@set_option
@output_options
def command(
    ctx: click.Context,
    *,
    config: Path,
    journal: Path | None,
    suites: tuple[str, ...],
    against: str | None,
    first: bool,
    verdict: Path | None,
    sign_key: Path | None,
    cache: Path | None,
    yes: bool,
    assignments: tuple[str, ...],
    outputs: Outputs,
) -> int | None:
    """Decide whether what is checked out may be released, and move its tags.

    The config's `release:` says what is asked for beyond a merge. It is compared with what was released last. Answers
    that the journal has and that are young enough are used again. PASS moves the tag `production` in Phoenix to the
    experiment and to the prompts; anything else moves nothing. The verdict is written to a file, which `evalgate
    release verify` holds to a commit where that is deployed.
    """
    if ctx.invoked_subcommand is not None:
        return None
    from evalgate.cli.releasing import Releasing

    if not outputs.gate:
        raise click.UsageError("--no-gate decides nothing, and a release is a decision: leave it out")
    releasing = Releasing(
        config=config,
        journal=journal,
        suites=suites,
        against=against,
        first=first,
        verdict=verdict,
        sign_key=sign_key,
        cache=cache,
        yes=yes,
        overrides=overrides(assignments),
        outputs=outputs,
        environ=dict(os.environ),
    )
    return releasing.run()


@command.command(short_help="Say whether a verdict lets a commit be deployed, and why not.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--commit", required=True, metavar="SHA", help="What is to be deployed, in full.")
@click.option("--key", type=_file, help="The public key (Ed25519) that the verdict has to be signed with.")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="A suite that it has to be of; may be repeated.")
@click.option("--tag", metavar="TAG", help="The tag that it has to be of.")
@click.option("--max-age", type=Period(), help="How long ago it may have been decided: 12h, 7d or 4w.")
@click.option("--config-hash", metavar="SHA256", help="Of the config file that it has to be decided by.")
@click.option("--accepted", is_flag=True, help="A FAIL that was accepted will do.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def verify(
    *,
    file: Path,
    commit: str,
    key: Path | None,
    suites: tuple[str, ...],
    tag: str | None,
    max_age: timedelta | None,
    config_hash: str | None,
    accepted: bool,
    as_json: bool,
) -> int:
    """Say whether the verdict in FILE lets a commit be deployed: yes (exit 0), or no and why (exit 1).

    FILE is all that is looked at: no journal, no repository, no network.
    """
    import re

    from evalgate.cli.files import say
    from evalgate.cli.workflow import guarded
    from evalgate.gate.release.verifying import Wanted, verified
    from evalgate.report.release import render_answer, render_answer_json

    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise click.UsageError(
            f"--commit {commit[:80]!r} is no commit in full: name all 40 digits (git rev-parse HEAD)"
        )
    if config_hash is not None and not re.fullmatch(r"[0-9a-f]{64}", config_hash):
        raise click.UsageError("--config-hash is no SHA-256: sha256sum evalgate.yaml")
    wanted = Wanted(
        commit=commit,
        now=datetime.now(UTC),
        suites=suites,
        tag=tag,
        max_age=max_age,
        config=config_hash,
        key=None if key is None else _public(key),
        accepted=accepted,
    )
    answer = verified(file, wanted)
    seen = _seen(answer, proven=key is not None)
    if as_json:
        say(render_answer_json(answer.reasons, seen))
    else:
        say(guarded(render_answer(answer.reasons, seen), os.environ))
    return 0 if answer.yes else 1


def _seen(answer: Answer, *, proven: bool) -> VerdictSeen | None:
    from evalgate.report.release import VerdictSeen

    body = answer.body
    if body is None:
        return None
    return VerdictSeen(
        commit=body.commit,
        tag=body.tag,
        verdict=body.decision.verdict,
        suites=[suite.name for suite in body.suites],
        decided_at=body.decided_at,
        by=body.by,
        signed=answer.signed,
        proven=proven,
    )


def _public(path: Path) -> Ed25519PublicKey:
    from evalgate.errors import ConfigurationError
    from evalgate.gate.release.signing import public_key

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", next_step="name the public key") from error
    return public_key(content, named=str(path))
