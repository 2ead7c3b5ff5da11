"""`evalgate config`: every setting with its source, and the JSON Schema of the config file."""

from __future__ import annotations

from pathlib import Path

import click

from evalgate.cli.options import config_option, json_option, overrides, set_option


@click.group()
def command() -> None:
    """Show where each setting comes from; print the config's JSON Schema."""


@command.command(short_help="Show every setting and where it comes from.")
@config_option
@set_option
@json_option
def show(config: Path, assignments: tuple[str, ...], *, as_json: bool) -> int:
    """Show every setting and its source: default, the file's line, a variable, or --set. Secrets are never shown."""
    import json
    import os

    from evalgate.encoding import printable
    from evalgate.suite.loading import load_config
    from evalgate.suite.settings import settings

    found = settings(load_config(config, environ=os.environ, overrides=overrides(assignments), without_suites=True))
    if as_json:
        listed = [{"key": setting.key, "value": setting.value, "source": setting.source} for setting in found]
        click.echo(json.dumps({"config": str(config), "settings": listed}, indent=2, ensure_ascii=False))
        return 0
    rows = [(setting.key, json.dumps(setting.value, ensure_ascii=False), setting.source) for setting in found]
    keys = min(max(len(key) for key, _, _ in rows), 60)
    values = min(max(len(value) for _, value, _ in rows), 50)
    for key, value, source in rows:
        click.echo(printable(f"{key:<{keys}}  {value:<{values}}  {source}"))
    return 0


@command.command(short_help="Print the JSON Schema of evalgate.yaml.")
def schema() -> int:
    """Print the JSON Schema of evalgate.yaml, for editors: it is docs/evalgate.schema.json of this version."""
    from evalgate.suite.json_schema import schema_json

    click.echo(schema_json(), nl=False)
    return 0
