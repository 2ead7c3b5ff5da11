"""Prompts of a real Phoenix server: looked up, kept as copies, pushed, tagged; and everything that goes wrong."""

from __future__ import annotations

import asyncio
import json

import pytest

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.prompts.copies import pull_prompt
from evalgate.phoenix.prompts.pushing import draft_of, push
from evalgate.phoenix.prompts.versions import find_prompt, move_tag, tagged, versions_of
from evalgate.suite.prompt import PromptFile
from evalgate.suite.prompt_exchange import to_hub
from evalgate.suite.prompt_ref import PromptRef
from tests.phoenix_server import Fault, FaultProxy
from tests.phoenix_server.prompts import asked, tag, version_of, write
from tests.unit.tasks.test_hub_prompts import OPENAI, formatted, sent

SAID = to_hub(PromptFile.model_validate({"messages": [{"role": "user", "content": "Q: {{ question }}"}]}))


def at(server, url: str | None = None, **more) -> Address:
    return Address(name=None, base_url=url or server.base_url, api_key=server.api_key, **more)


def ref(name, **said) -> PromptRef:
    return PromptRef.model_validate({"phoenix": name, **said})


async def found(server, reference, **more):
    async with connect(at(server, **more)) as connection:
        return await find_prompt(connection, reference)


@pytest.fixture
def answers(phoenix):
    """A prompt with three versions, the second of which ships; another prompt was written between them."""
    name, other = phoenix.unique("answers"), phoenix.unique("other")
    first = write(phoenix, name, "one {{x}}")
    write(phoenix, other, "elsewhere")
    ids = [*first, *write(phoenix, name, "two {{x}}", "three {{x}}")]
    tag(phoenix, ids[1], "production")
    return name, other, ids


@pytest.mark.parametrize(
    ("said", "number"),
    [({}, 3), ({"version": "latest"}, 3), ({"version": 1}, 1), ({"version": "2"}, 2), ({"tag": "production"}, 2)],
)
async def test_a_version_is_found_by_what_people_call_it(phoenix, answers, said, number):
    name, _, ids = answers
    version = await found(phoenix, ref(name, **said))
    assert (version.number, version.id) == (number, ids[number - 1])
    words = ("one", "two", "three")[number - 1]
    assert version.content["template"]["messages"][0]["content"] == f"{words} {{{{x}}}}"


async def test_numbers_are_those_of_the_ui(phoenix, answers):
    name, _, ids = answers
    query = "query($id: ID!) { node(id: $id) { ... on PromptVersion { sequenceNumber } } }"
    async with connect(at(phoenix)) as connection:
        versions = await versions_of(connection, name)
        shown = [
            (await connection.graphql(query, doing="x", variables={"id": each}))["node"]["sequenceNumber"]
            for each in ids
        ]
    assert [(each.number, each.id) for each in versions] == list(zip(shown, ids, strict=True))


async def test_more_versions_than_a_page_holds_are_all_there(phoenix):
    name = phoenix.unique("many")
    await asyncio.to_thread(write, phoenix, name, *(f"v{number}" for number in range(1, 104)))
    assert (await found(phoenix, ref(name))).number == 103
    assert (await found(phoenix, ref(name, version=1))).content["template"]["messages"][0]["content"] == "v1"


async def test_what_is_not_there_is_said_with_what_is(phoenix, answers):
    name, other, _ = answers
    foreign = (await found(phoenix, ref(other))).id
    for said, message in (
        (ref(name, version=9), f"{name} has no version 9 at Phoenix at {phoenix.base_url}: it has 1 to 3"),
        (ref(name, version=foreign), f"{name} has no version {foreign} at"),
        (ref(name, tag="staging"), f"no version of {name} has the tag staging"),
        (ref(name[:-1]), f"there is no prompt {name[:-1]} at Phoenix at {phoenix.base_url}: did you mean `{name}`?"),
    ):
        with pytest.raises(CandidateError) as caught:
            await found(phoenix, said)
        assert message in caught.value.message
        assert caught.value.next_step


async def test_a_prompt_that_was_deleted_is_not_there(phoenix):
    name = phoenix.unique("gone")
    write(phoenix, name, "x")
    await asyncio.to_thread(asked, phoenix, "DELETE", f"v1/prompts/{name}")
    with pytest.raises(CandidateError, match=f"there is no prompt {name}"):
        await found(phoenix, ref(name, version=1))


async def test_names_cannot_lead_elsewhere_on_the_server(phoenix):
    """The models take none of these; what reaches the path is quoted all the same, so that no other call is made."""
    async with FaultProxy(phoenix.base_url) as proxy, connect(at(phoenix, proxy.base_url)) as connection:
        for name in ("../datasets?x=", "a/../../datasets", "%2e%2e/datasets"):
            with pytest.raises(PhoenixError):
                await versions_of(connection, name)
    assert not [path for _, path in proxy.requests if "/datasets" in path.partition("?")[0]]


@pytest.mark.parametrize("name", ["several, and twice", "roles", "calls and results", "tools", "parameters"])
async def test_a_version_of_the_server_sends_what_phoenix_makes_of_it(phoenix, name):
    told, variables = OPENAI[name]
    prompt = phoenix.unique("sent")
    write(phoenix, prompt, told)
    async with connect(at(phoenix)) as connection:
        version = await find_prompt(connection, ref(prompt))
        theirs = await connection.client.prompts.get(prompt_identifier=prompt)
    assert sent(dict(version.content), variables=variables) == formatted(theirs._dumps(), variables)


async def test_a_key_is_needed_where_the_server_asks_for_one(phoenix_auth):
    name = phoenix_auth.unique("secret")
    write(phoenix_auth, name, "x")
    assert (await found(phoenix_auth, ref(name))).number == 1
    address = Address(name=None, base_url=phoenix_auth.base_url, api_key="wrong-key")
    async with connect(address) as connection:
        with pytest.raises(PhoenixError) as caught:
            await find_prompt(connection, ref(name))
    assert caught.value.status == 401
    assert "wrong-key" not in str(caught.value)


async def test_a_server_below_a_path_and_one_on_postgresql_are_asked_alike(phoenix_prefix, phoenix_postgres):
    for server in (phoenix_prefix, phoenix_postgres):
        name = server.unique("answers")
        ids = write(server, name, "one", "two")
        tag(server, ids[0], "production")
        assert (await found(server, ref(name, tag="production"))).id == ids[0]


async def test_a_version_that_was_pulled_does_while_the_server_is_away(phoenix, answers, tmp_path):
    name, _, ids = answers
    async with FaultProxy(phoenix.base_url) as proxy:
        address = at(phoenix, proxy.base_url, timeout=2)
        pulled = await pull_prompt(address, ref(name, tag="production"), tmp_path / "prompts")
        await proxy.down()
        wanted = [{"version": 2}, {"version": ids[1]}, {"tag": "production"}, {"version": 3}]
        asked = (pull_prompt(address, ref(name, **said), tmp_path / "prompts") for said in wanted)
        by_number, by_id, by_tag, never = await asyncio.gather(*asked, return_exceptions=True)
    assert by_number == by_id == pulled
    assert (by_number.copied, by_id.copied, pulled.copied) == (True, True, False)
    assert (type(by_tag), type(never)) == (PhoenixError, PhoenixError)
    assert "was not reached" in by_tag.message
    assert "a version that is pinned (evalgate prompt pin) and was pulled needs no server" in by_tag.next_step
    assert f"{name} version 3 was never pulled here" in never.next_step


async def test_a_copy_that_is_not_what_was_written_is_none(phoenix, answers, tmp_path):
    name, *_ = answers
    async with FaultProxy(phoenix.base_url) as proxy:
        address = at(phoenix, proxy.base_url, timeout=2)
        await pull_prompt(address, ref(name, version=1), tmp_path / "prompts")
        for path in (tmp_path / "prompts").iterdir():
            path.write_text(path.read_text().replace("one", "won"))
        await proxy.down()
        with pytest.raises(PhoenixError, match="was not reached"):
            await pull_prompt(address, ref(name, version=1), tmp_path / "prompts")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(kind="status", status=403, body='{"detail": "no"}'), "answered 403: no"),
        (Fault(kind="status", status=422, body="Invalid prompt name"), "answered 422: Invalid prompt name"),
        (Fault(kind="status", status=500), "answered 500"),
        (Fault(kind="garbled"), "gave no usable answer"),
        (Fault(kind="status", status=200, body="[]"), "gave no usable answer"),
        (Fault(kind="status", status=200, body='{"data": [{"x": 1}]}'), "lists a version that is none"),
        (Fault(kind="hang"), "did not answer within 0.3 s"),
    ],
)
async def test_a_server_in_trouble_is_one_clear_error(phoenix, answers, fault, said):
    name, *_ = answers
    async with FaultProxy(phoenix.base_url, fault) as proxy:
        with pytest.raises(PhoenixError) as caught:
            await found(phoenix, ref(name), url=proxy.base_url, timeout=0.3)
    assert said in caught.value.message
    assert f"the prompt {name} could not be read" in caught.value.message


async def test_a_server_that_lists_without_end_is_left(phoenix, answers):
    name, *_ = answers
    body = json.dumps({"data": [], "next_cursor": "UHJvbXB0VmVyc2lvbjox"})
    async with FaultProxy(phoenix.base_url, Fault(kind="status", status=200, body=body)) as proxy:
        with pytest.raises(PhoenixError, match="lists pages without an end"):
            await found(phoenix, ref(name), url=proxy.base_url)


async def pushed(server, name, *, model="openai/small", **more):
    async with connect(at(server, **more)) as connection:
        versions = await versions_of(connection, name)
        draft = draft_of(name, SAID, versions[-1] if versions else None, model)
        return await push(connection, draft, versions, description="from a test", metadata={"commit": "abc"})


async def test_a_new_prompt_and_a_new_version_are_written_with_their_commit(phoenix):
    name = phoenix.unique("written")
    assert (await pushed(phoenix, name)).number == 1
    write(phoenix, name, version_of("edited there"))
    made = await pushed(phoenix, name, model=None)
    assert made.number == 3
    assert made.content["invocation_parameters"]["openai"] == {"temperature": 0.7}
    listed = (await asyncio.to_thread(asked, phoenix, "GET", f"v1/prompts/{name}/versions"))["data"]
    assert [each["description"] for each in listed] == ["from a test", "", "from a test"]
    assert listed[0]["metadata"] == {"commit": "abc"}


async def test_a_version_whose_answer_was_lost_is_found_and_is_no_failure(phoenix):
    name = phoenix.unique("lost")
    write(phoenix, name, "x")
    lost = Fault(kind="late", method="POST", path="/versions")
    async with FaultProxy(phoenix.base_url, lost) as proxy:
        made = await pushed(phoenix, name, url=proxy.base_url, timeout=0.5)
    assert made.number == 2


async def test_a_new_prompt_needs_a_model_that_phoenix_knows(phoenix):
    with pytest.raises(ConfigurationError, match="every version there names a model"):
        draft_of("new", SAID, None, None)
    for model in ("small", "nobody/small", "openai/"):
        with pytest.raises(ConfigurationError, match="names no model of a provider that Phoenix knows"):
            draft_of("new", SAID, None, model)
    name = phoenix.unique("anthropic")
    assert (await pushed(phoenix, name, model="anthropic/large")).provider == "ANTHROPIC"


async def test_a_tag_moves_from_the_version_that_was_compared_with_and_no_other(phoenix, answers):
    name, _, ids = answers
    async with connect(at(phoenix)) as connection:
        first, second, third = await versions_of(connection, name)
        moved = await move_tag(connection, "production", third, expected=second, description="build 7")
        assert moved.words == f"the tag production of {name} moved from version 2 to version 3"
        assert await tagged(connection, name, "production") == third
        again = await move_tag(connection, "production", third, expected=second, description="build 7")
        assert (again.before, again.after) == (third, third)
        with pytest.raises(PhoenixError) as caught:
            await move_tag(connection, "production", first, expected=second, description="build 8")
        assert "is on version 3 by now, and version 2 was compared with: it is left where it is" in caught.value.message
        assert await tagged(connection, name, "production") == third
        with pytest.raises(PhoenixError, match="is on no version by now"):
            await move_tag(connection, "canary", first, expected=second, description="build 8")
        new = await move_tag(connection, "canary", first, expected=None, description="build 8")
        assert new.words == f"the tag canary of {name} moved from no version to version 1"
    tags = await asyncio.to_thread(asked, phoenix, "GET", f"v1/prompt_versions/{ids[2]}/tags")
    assert [(each["name"], each["description"]) for each in tags["data"]] == [("production", "build 7")]


async def test_a_tag_that_somebody_moves_meanwhile_is_no_success(phoenix, answers):
    name, *_ = answers
    swallowed = Fault(kind="status", method="POST", status=204, body="")
    async with FaultProxy(phoenix.base_url, swallowed) as proxy, connect(at(phoenix, proxy.base_url)) as connection:
        _, second, third = await versions_of(connection, name)
        with pytest.raises(PhoenixError, match="it is on version 2 right after"):
            await move_tag(connection, "production", third, expected=second, description="x")
