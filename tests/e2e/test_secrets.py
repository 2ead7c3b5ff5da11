"""Keys and tokens are in no byte that a build leaves behind, whatever providers and programs say of them."""

import asyncio
import json
import shutil
import sqlite3
import sys
import zlib
from contextlib import closing

import yaml

from tests.e2e.application import PROGRAMS
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

BEDROCK = "eu.anthropic.small-v2:0"
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAPLANTEDACCESSKEY",
    "AWS_SECRET_ACCESS_KEY": "planted/secret+of/aws0123456789abcdefghij",
    "AWS_SESSION_TOKEN": "planted/session+token/0123456789abcdef==",
}
PROTOCOLS: dict[str, tuple[str, str | None, dict[str, str]]] = {
    "chat": ("small", "app.py:whole", {}),
    "responses": ("small", None, {"api": "responses"}),
    "anthropic": ("small", "providers.py:anthropic", {"api": "anthropic"}),
    "gemini": ("small", None, {"api": "gemini"}),
    "bedrock": (BEDROCK, "providers.py:converse", {"api": "bedrock", "aws_region": "eu-central-1"}),
    "bearer": (BEDROCK, None, {"api": "bedrock"}),
    "azure": ("small", "providers.py:azure", {"api_key_header": "api-key"}),
}
"""By endpoint: a model, a program with the provider's SDK where that starts quickly, and what the config says."""
KEYS = {name: f"sk-planted-{name}-0123456789abcdef" for name in PROTOCOLS if name != "bedrock"}
RULES = [
    Rule(when="word0", fault="echo_headers", status=400),
    Rule(when="word1", reply="headers"),
    Rule(when="word2", fault="echo_headers", status=503, times=4),
    Rule(when="word3", fault="echo_headers", status=401),
    Rule(has="response_format", reply="judge"),
]
"""A refusal, an answer, a passing fault and a rejected key that each repeat what the request came with."""
WRAPPED = """
import os, sys, urllib.request
from {module} import {function} as ask
def answer(input):
    address = os.environ["{variable}"]
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(address + "\\n")
    print(dict(os.environ))
    if input["q"].startswith("word4"):
        raise OSError("cannot reach " + address)
    if input["q"].startswith("word5"):
        return {{"answer": address, address: ["tried", address]}}
    if input["q"].startswith("word6"):
        print("lost", address, file=sys.stderr, flush=True)
        os._exit(3)
    return ask(input)
"""
VARIABLES = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "bedrock": "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "azure": "AZURE_OPENAI_ENDPOINT",
}


def address(fake, name):
    match name:
        case "gemini":
            return f"{fake.root}/v1beta"
        case "bedrock" | "bearer":
            return fake.root
        case "azure":
            return f"{fake.root}/openai/deployments/{{model}}?api-version=2024-10-21"
    return fake.base_url


def prepare(project, fake):
    """For each protocol a prompt with a judge, and a program with its SDK."""
    suites, endpoints = {}, {}
    for name, (model, function, more) in PROTOCOLS.items():
        key = {"api_key_env": f"KEY_{name.upper()}"} if name in KEYS else {}
        endpoints[name] = {"base_url": address(fake, name), "timeout": 20, **key, **more}
        suites[f"{name}-prompt"] = {
            "dataset": "golden.jsonl",
            "task": {"prompt": "prompt.yaml", "model": f"{name}/{model}", "max_tokens": 50},
            "evaluators": [{"judge": "correctness", "model": f"{name}/{model}"}],
            "checks": {"correctness": {"at_least": 0.5}},
        }
        if function is None:
            continue
        module, _, called = function.partition(".py:")
        variable = VARIABLES.get(name, "OPENAI_BASE_URL")
        project.write(f"{name}_app.py", WRAPPED.format(module=module, function=called, variable=variable))
        task = {"python": f"{name}_app.py:answer", "interpreter": sys.executable, "inputs": ["*.py"], "workers": 1}
        suites[f"{name}-program"] = {
            "dataset": "golden.jsonl",
            "task": {**task, "endpoint": name, "env": ["SEEN"], "timeout": 60},
            "evaluators": [{"contains": {"path": "answer", "text": "word"}}],
            "checks": {"contains": {"at_least": 0.5}},
        }
    for each in suites.values():
        each["baseline"] = None
    for module in ("app.py", "providers.py"):
        shutil.copy(PROGRAMS / module, project.folder / module)
    project.write("prompt.yaml", "messages:\n- {role: user, content: '{{ q }}'}\n")
    rows = ({"id": f"e{n}", "input": {"q": f"word{n} more"}, "output": {"answer": f"word{n}"}} for n in range(7))
    project.write("golden.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    project.write("evalgate.yaml", yaml.safe_dump({"suites": suites, "endpoints": endpoints}, sort_keys=False))


def bytes_of(folder):
    """Yield (name, content) of every file, and of every value in a database, unpacked."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        yield path.name, path.read_bytes()
        if path.suffix == ".db":
            with closing(sqlite3.connect(path)) as db, db:
                tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                for table in tables:
                    for row in db.execute(f"SELECT * FROM {table}"):
                        for value in row:
                            yield f"{path.name} {table}", unpacked(value)


def unpacked(value):
    try:
        return zlib.decompress(value)
    except (TypeError, zlib.error):
        return value if isinstance(value, bytes) else str(value).encode()


async def test_planted_keys_are_in_nothing_that_a_build_leaves_behind(project, fake_model, tmp_path_factory):
    fake_model.rules = RULES
    prepare(project, fake_model)
    seen = tmp_path_factory.mktemp("seen") / "addresses"
    environ = {**AWS, **{f"KEY_{name.upper()}": key for name, key in KEYS.items()}, "SEEN": str(seen)}
    workflow = {"GITHUB_ACTIONS": "true"} | {
        name: str(project.write(name.lower(), "")) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")
    }
    reports = ("--report-json", "r.json", "--junit", "r.xml", "--markdown", "r.md", "--html", "r.html")

    async def evalgate(*arguments, **more):
        return await asyncio.to_thread(project.evalgate, *arguments, timeout=120, **{**environ, **more})

    said = [await evalgate("run", *reports, **workflow)]
    assert said[0].code in {1, 4}, said[0].text
    for command in (
        ("cache", "export", "--to", "exported.db"),
        ("journal", "export", "1", "--to", "one.db"),
        ("decide", "--json"),
        ("run", "--replay", "--json", "--suite", "bedrock-prompt"),
    ):
        said.append(await evalgate(*command))
        assert said[-1].code != 5, said[-1].text

    # Chat and responses, Anthropic's, Gemini's, Azure's and Converse.
    assert len({request["path"] for request in fake_model.requests}) == 6
    tokens = {line.split("/")[3] for line in seen.read_text().splitlines()}
    assert len(tokens) >= 4
    written = [*bytes_of(project.folder), *(("said", one.text.encode()) for one in said)]
    assert {"r.json", "r.xml", "r.md", "r.html", "journal.db", "exported.db", "one.db"} <= {name for name, _ in written}
    assert any(b"x-goog-api-key: ***" in content.lower() for _, content in written)
    secrets = (*KEYS.values(), *AWS.values(), *tokens)
    leaks = {secret: {name for name, content in written if secret.encode() in content} for secret in secrets}
    assert not {secret: sorted(names) for secret, names in leaks.items() if names}
