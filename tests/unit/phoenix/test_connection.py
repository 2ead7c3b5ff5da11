"""One connection to a server on loopback that does everything wrong that servers and networks do."""

import asyncio
import os
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from aiohttp import web

from evalgate.errors import ConfigurationError
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import PhoenixError, _proxy, connect
from evalgate.phoenix.experiments.tags import NoTagsError, tagged

KEY = "sk-phoenix-1234567890"
DOING = "the dataset golden could not be read"


@asynccontextmanager
async def serving(handler, *, context=None):
    """Serve every request by `handler`; yield the address and the requests that came in."""
    seen = []

    async def handle(request):
        seen.append(request)
        return await handler(request, len(seen))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    scheme = "http" if context is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


def at(base_url, **more):
    return Address(name=None, base_url=base_url, **{"api_key": KEY, "timeout": 10.0, **more})


async def refused(base_url, **more):
    """Ask once, and return what is raised."""
    async with connect(at(base_url, **more)) as connection:
        with pytest.raises(PhoenixError) as caught:
            await connection.rest("GET", "v1/datasets", doing=DOING)
    return caught.value


def answering(status, text, **headers):
    async def handle(request, number):
        return web.Response(status=status, text=text, headers=headers)

    return handle


async def test_an_answer_is_its_json_and_the_key_goes_along():
    async def handle(request, number):
        return web.json_response({"path": request.path, "query": dict(request.query), "body": await request.text()})

    async with serving(handle) as (base_url, seen), connect(at(f"{base_url}/s/space")) as connection:
        answer = await connection.rest("POST", "v1/x", doing=DOING, query={"name": "größe &"}, body={"a": [1]})
    assert answer == {"path": "/s/space/v1/x", "query": {"name": "größe &"}, "body": '{"a":[1]}'}
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_without_a_key_none_is_sent_and_nothing_is_an_answer_too():
    async with serving(answering(204, "")) as (base_url, seen), connect(at(base_url, api_key=None)) as connection:
        assert await connection.rest("DELETE", "v1/x", doing=DOING) is None
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("status", "body", "said", "following"),
    [
        (401, "Invalid token", "refused the key (401): Invalid token", "set PHOENIX_API_KEY to"),
        (403, '{"detail": "no"}', "answered 403: no", "a key that may do this"),
        (404, '{"error": "gone"}', "answered 404: gone", "check the address"),
        (409, '{"message": "taken"}', "answered 409: taken", None),
        (422, '{"detail": [{"loc": 1}]}', 'answered 422: {"detail": [{"loc": 1}]}', None),
        (500, "<html>\n<h1>Oops</h1>\x1b[2J", "answered 500: <html> <h1>Oops</h1>\\x1b[2J", None),
    ],
)
async def test_each_refusal_says_what_it_was_about_who_said_what_and_what_to_do(status, body, said, following):
    async with serving(answering(status, body)) as (base_url, seen):
        error = await refused(base_url)
    assert error.message == f"{DOING}: Phoenix at {base_url} {said}"
    assert (error.status, len(seen)) == (status, 1)
    assert following is None or following in error.next_step
    assert error.passing is (status == 500)
    assert error.exit_code == 4


async def test_a_key_that_an_answer_repeats_is_not_shown_and_what_is_long_is_cut():
    async with serving(answering(403, f"Bearer {KEY} may not{'!' * 5000}")) as (base_url, _):
        error = await refused(base_url)
    assert KEY not in str(error)
    assert "Bearer *** may not" in error.message
    assert len(error.message) < 500


async def test_without_a_key_a_server_that_asks_for_one_is_said_to():
    async with serving(answering(401, "")) as (base_url, _):
        error = await refused(base_url, api_key=None)
    assert error.message == f"{DOING}: Phoenix at {base_url} has no key for it (401)"


async def test_what_passes_is_asked_again_and_a_server_may_say_when():
    async def handle(request, number):
        if number == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(status=503) if number == 2 else web.json_response({"asked": number})

    began = monotonic()
    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        assert await connection.rest("POST", "v1/x", doing=DOING, body={}) == {"asked": 3}
    assert monotonic() - began >= 1


async def test_what_does_not_pass_is_given_up():
    async with serving(answering(503, "starting")) as (base_url, seen):
        error = await refused(base_url)
    assert error.message.endswith("answered 503: starting")
    assert (error.passing, len(seen)) == (True, 5)


async def test_what_would_not_be_the_same_a_second_time_is_done_once():
    """A 503 may be a proxy's word for what the server is at work on; a 429 says that nothing was done."""

    async def handle(request, number):
        if number == 1:
            return web.Response(status=429)
        if number == 2:
            return web.Response(status=503)
        request.transport.abort()
        return None

    async with serving(handle) as (base_url, seen), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match="503"):
            await connection.graphql("mutation { x }", doing=DOING, again=False)
        assert len(seen) == 2
        with pytest.raises(PhoenixError, match="was not reached"):
            await connection.graphql("mutation { x }", doing=DOING, again=False)
    assert len(seen) == 3


async def test_a_server_that_says_nothing_is_given_its_time_once():
    async def handle(request, number):
        await asyncio.sleep(30)

    async with serving(handle) as (base_url, seen):
        error = await refused(base_url, timeout=0.3)
    assert error.message == f"{DOING}: Phoenix at {base_url} did not answer within 0.3 s"
    assert "phoenix.timeout" in error.next_step
    assert (error.status, error.passing, len(seen)) == (None, True, 1)


async def test_a_connection_that_drops_is_one_to_a_server_that_was_not_reached():
    async def handle(request, number):
        request.transport.abort()

    async with serving(handle) as (base_url, seen):
        error = await refused(base_url)
    assert f"Phoenix at {base_url} was not reached" in error.message
    assert (error.passing, len(seen)) == (True, 5)
    assert "that the server runs; evalgate phoenix status says where" in error.next_step


async def test_where_nobody_listens_on_this_machine_that_is_told_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        began = monotonic()
        error = await refused(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert "was not reached" in error.message
    assert error.passing is True
    assert monotonic() - began < 3  # asked again and again it takes 4 s on average


@pytest.mark.parametrize("body", ["<html>login</html>", '{"half": ', "[" * 100_000])
async def test_an_answer_that_is_no_json_is_no_answer(body):
    async with serving(answering(200, body)) as (base_url, _):
        error = await refused(base_url)
    assert f"Phoenix at {base_url} gave no usable answer" in error.message
    assert error.passing is False


async def test_a_redirect_is_not_followed_so_that_the_key_goes_nowhere_else():
    async with (
        serving(answering(200, "{}")) as (elsewhere, stolen),
        serving(answering(307, "", Location=f"{elsewhere}/v1/datasets")) as (base_url, _),
    ):
        error = await refused(base_url)
        async with connect(at(base_url)) as connection:
            with pytest.raises(PhoenixError), connection.failures(DOING):
                await connection.client.datasets.list()
    assert stolen == []
    assert f"answered 307: it redirects to {elsewhere}/v1/datasets" in error.message
    assert error.next_step == "name the address that it redirects to"


async def test_errors_of_graphql_come_with_a_status_of_200():
    said = '{"data": null, "errors": [{"message": "Unknown dataset: x"}, {"message": "second"}]}'
    async with serving(answering(200, said)) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError) as caught:
            await connection.graphql("query { x }", doing=DOING)
    assert caught.value.message == f"{DOING}: Phoenix at {base_url} says: Unknown dataset: x"
    viewer = '{"data": null, "errors": [{"message": "Viewers cannot perform this action"}]}'
    async with serving(answering(200, viewer)) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError) as caught:
            await connection.graphql("mutation { x }", doing=DOING)
    assert (caught.value.status, caught.value.next_step) == (403, "set PHOENIX_API_KEY to a key that may do this")
    for strange in ("[]", '{"data": 1}', '{"errors": "no"}', "{}"):
        async with serving(answering(200, strange)) as (base_url, _), connect(at(base_url)) as connection:
            with pytest.raises(PhoenixError, match="an answer that is none"):
                await connection.graphql("query { x }", doing=DOING)


async def test_its_own_client_goes_over_the_same_connection_and_its_errors_come_in_the_same_words():
    async def handle(request, number):
        if request.path == "/v1/datasets":
            return web.json_response({"data": [], "next_cursor": None})
        return web.Response(status=404, text=f"no such thing, {KEY}")

    async with serving(handle) as (base_url, seen), connect(at(base_url)) as connection:
        assert await connection.client.datasets.list() == []
        with pytest.raises(PhoenixError) as caught, connection.failures(DOING):
            await connection.client.experiments.get(experiment_id="x")
    assert caught.value.message.startswith(DOING)
    assert KEY not in str(caught.value)
    assert {request.headers["Authorization"] for request in seen} == {f"Bearer {KEY}"}


async def test_a_planted_file_gets_nothing(tmp_path, monkeypatch):
    """A pull request's checkout may hold a `.env.phoenix`, which Phoenix's own client would take an address from."""
    async with serving(answering(200, '{"data": []}')) as (elsewhere, stolen):
        planted = tmp_path / "checkout"
        (planted / "deep").mkdir(parents=True)
        for folder in (planted, planted / "deep"):
            (folder / ".env.phoenix").write_text(
                f"PHOENIX_COLLECTOR_ENDPOINT={elsewhere}\nPHOENIX_ENDPOINT={elsewhere}\nPHOENIX_API_KEY=planted\n"
            )
        monkeypatch.chdir(planted / "deep")
        async with (
            serving(answering(200, '{"data": [], "next_cursor": null}')) as (base_url, seen),
            connect(at(base_url)) as connection,
        ):
            await connection.client.datasets.list()
            await connection.rest("GET", "v1/datasets", doing=DOING)
    assert stolen == []
    assert [request.headers["Authorization"] for request in seen] == [f"Bearer {KEY}"] * 2


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody but whoever has it trusts."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", folder / "key.pem", "-out", folder / "ca.pem", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


async def test_a_certificate_of_ones_own_is_trusted_where_it_is_named_and_no_other(certificates, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "ca.pem", certificates / "key.pem")
    async with serving(answering(200, '{"ok": true}'), context=context) as (base_url, seen):
        error = await refused(base_url)
        assert "was not reached" in error.message
        assert "certificate" in error.message.lower()
        assert seen == []
        async with connect(at(base_url, ca_file=certificates / "ca.pem")) as connection:
            assert await connection.rest("GET", "v1/x", doing=DOING) == {"ok": True}
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    with pytest.raises(ConfigurationError, match="holds no certificate"):
        async with connect(at(base_url, ca_file=empty)):
            pass


async def test_a_proxy_of_the_environment_is_honoured_but_not_for_this_machine(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)

    async def handle(request, number):
        return web.json_response({"asked": request.raw_path, "host": request.headers["Host"]})

    async with serving(handle) as (proxy, through), serving(answering(200, '{"direct": true}')) as (base_url, _):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        async with connect(at("http://phoenix.invalid:6006")) as connection:
            answer = await connection.rest("GET", "v1/x", doing=DOING)
        assert answer["host"] == "phoenix.invalid:6006"
        async with connect(at(base_url)) as connection:
            assert await connection.rest("GET", "v1/x", doing=DOING) == {"direct": True}
        monkeypatch.setenv("NO_PROXY", "phoenix.invalid")
        assert _proxy("http://phoenix.invalid:6006") is None
    assert len(through) == 1


GRAPHQL_ERROR = '{"errors": [{"message": "an unexpected error occurred"}]}'


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("19.1.0", " (it is Phoenix 19.1.0, and evalgate is tested with 20.26.1)"),
        ("20.26.1", ""),
        ("21.0.0", ""),
        ("nightly", ""),
        ("9" * 5000 + ".0.0", ""),
    ],
)
async def test_what_an_old_server_does_not_understand_is_put_down_to_its_age(version, more):
    """It masks its errors: "an unexpected error" alone would send people looking for one."""
    headers = {"x-phoenix-server-version": version}
    async with serving(answering(200, GRAPHQL_ERROR, **headers)) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError) as caught:
            await connection.graphql("{ x }", doing=DOING)
    assert caught.value.message == f"{DOING}: Phoenix at {base_url} says: an unexpected error occurred{more}"


@pytest.mark.parametrize("said", [GRAPHQL_ERROR, '{"data": {"node": {"baselineExperiment": {"id": "RXhwOjE="}}}}'])
async def test_a_server_older_than_tags_has_none_whatever_it_says(said):
    handler = answering(200, said, **{"x-phoenix-server-version": "19.1.0"})
    async with serving(handler) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(NoTagsError, match=r"knows no tags of experiments: it is older than 19\.21"):
            await tagged(connection, "RGF0OjE=", "baseline")
