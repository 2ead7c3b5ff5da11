"""The servers that tests of Phoenix run against are real, shared, and different in what they are meant to differ in."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.e2e.project import REPOSITORY
from tests.phoenix_server import Fault, FaultProxy
from tests.phoenix_server.faults import throttled


async def asked(url, headers=None, method="GET", **more):
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers, **more) as answer:
        return answer.status, await answer.text()


async def uploaded(base_url, name, headers=None):
    body = {"action": "create", "name": name, "inputs": [{"q": 1}], "outputs": [{"a": 2}], "example_ids": ["e1"]}
    return await asked(f"{base_url}/v1/datasets/upload?sync=true", headers, "POST", json=body)


async def names(base_url, headers=None):
    status, text = await asked(f"{base_url}/v1/datasets?limit=100", headers)
    assert status == 200, text
    return [each["name"] for each in json.loads(text)["data"]]


async def test_the_plain_server_takes_a_dataset(phoenix):
    name = phoenix.unique("golden")
    assert phoenix.api_key is None
    status, text = await uploaded(phoenix.base_url, name)
    assert status == 200, text
    assert name in await names(phoenix.base_url)
    assert (phoenix.data / "phoenix.db").exists()


async def test_the_server_with_authentication_lets_nobody_in_without_its_key(phoenix_auth):
    assert (await asked(f"{phoenix_auth.base_url}/v1/datasets"))[0] == 401
    assert (await asked(f"{phoenix_auth.base_url}/v1/datasets", {"Authorization": "Bearer wrong"}))[0] == 401
    name = phoenix_auth.unique("golden")
    status, text = await uploaded(phoenix_auth.base_url, name, phoenix_auth.headers)
    assert status == 200, text
    assert name in await names(phoenix_auth.base_url, phoenix_auth.headers)


async def test_the_server_on_postgresql_keeps_its_data_there(phoenix_postgres):
    name = phoenix_postgres.unique("golden")
    status, text = await uploaded(phoenix_postgres.base_url, name)
    assert status == 200, text
    assert name in await names(phoenix_postgres.base_url)
    assert not (phoenix_postgres.data / "phoenix.db").exists()
    assert (phoenix_postgres.data / "postgres" / "cluster" / "PG_VERSION").exists()


async def test_the_server_below_a_prefix_is_nowhere_else(phoenix_prefix):
    address = urlsplit(phoenix_prefix.base_url)
    assert address.path == "/spaces/team"
    name = phoenix_prefix.unique("golden")
    status, text = await uploaded(phoenix_prefix.base_url, name)
    assert status == 200, text
    assert name in await names(phoenix_prefix.base_url)
    assert (await asked(f"http://{address.netloc}/v1/datasets"))[0] == 404
    assert "/spaces/team/assets/" in (await asked(f"{phoenix_prefix.base_url}/"))[1]


async def test_the_proxy_passes_on_what_no_fault_fits(phoenix):
    async with FaultProxy(phoenix.base_url, Fault(kind="status", path="/v1/projects")) as proxy:
        name = phoenix.unique("golden")
        assert (await uploaded(proxy.base_url, name))[0] == 200
        assert name in await names(proxy.base_url)
        assert proxy.count("/v1/datasets") == 2
        assert [status for _, _, status in proxy.forwarded] == [200, 200]
        assert await asked(f"{proxy.base_url}/v1/projects") == (503, '{"detail": "out of order"}')


async def test_an_answer_is_lost_after_the_server_has_done_it(phoenix):
    name = phoenix.unique("golden")
    async with FaultProxy(phoenix.base_url, Fault(kind="lost", path="/upload", times=1)) as proxy:
        with pytest.raises(aiohttp.ClientError):
            await uploaded(proxy.base_url, name)
        assert name in await names(proxy.base_url)
        assert (await uploaded(proxy.base_url, name))[0] == 409


@pytest.mark.parametrize("kind", ["reset", "hang"])
async def test_a_request_is_dropped_before_the_server_sees_it(phoenix, kind):
    name = phoenix.unique("golden")
    async with FaultProxy(phoenix.base_url, Fault(kind=kind, method="POST", times=1)) as proxy:
        with pytest.raises((aiohttp.ClientError, TimeoutError)):
            await asyncio.wait_for(uploaded(proxy.base_url, name), 2 if kind == "hang" else 30)
        assert name not in await names(proxy.base_url)
        assert (await uploaded(proxy.base_url, name))[0] == 200


async def test_an_answer_comes_late_garbled_throttled_or_delayed(phoenix):
    async with FaultProxy(phoenix.base_url) as proxy:
        address = f"{proxy.base_url}/arize_phoenix_version"  # the same whatever other tests write meanwhile
        whole = (await asked(address))[1]
        proxy.faults = [Fault(kind="late", times=1), Fault(kind="garbled", times=1), throttled(retry_after=2, times=1)]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asked(address), 1)
        assert (await asked(address))[1] == whole[: len(whole) // 2]
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            assert (answer.status, answer.headers["retry-after"]) == (429, "2")
        assert (await asked(address))[0] == 200
        assert len(proxy.forwarded) == 4
        proxy.faults = [Fault(delay=0.3, after=1, times=1)]
        took = []
        for _ in range(3):
            began = time.monotonic()
            assert (await asked(address))[0] == 200
            took.append(time.monotonic() - began >= 0.3)
        assert took[1]


async def test_the_server_goes_away_and_comes_back_on_the_same_port(phoenix):
    async with FaultProxy(phoenix.base_url, Fault(kind="hang", times=1)) as proxy:
        address = f"{proxy.base_url}/v1/datasets"
        waiting = asyncio.create_task(asked(address))
        arrived = asyncio.Event()
        proxy.watched.append(lambda *_: arrived.set())
        await arrived.wait()
        await proxy.down()
        with pytest.raises(aiohttp.ClientError):
            await waiting
        with pytest.raises(aiohttp.ClientConnectorError):
            await asked(address)
        await proxy.up()
        assert (await asked(address))[0] == 200


async def test_a_server_of_ones_own_is_killed_and_comes_back_with_its_data(phoenix_own):
    server = await asyncio.to_thread(phoenix_own.start)
    assert (await uploaded(server.base_url, "golden"))[0] == 200
    phoenix_own.kill()
    with pytest.raises(aiohttp.ClientConnectorError):
        await names(server.base_url)
    await asyncio.to_thread(phoenix_own.start)
    assert await names(server.base_url) == ["golden"]


SESSION = """
import sys
from tests.phoenix_server.session import Session, server
session = Session()
print(session.folder, server("plain").base_url, flush=True)
sys.stdin.read()
"""


def test_a_server_ends_with_a_session_that_is_killed():
    """Nothing is left of it: no process, no folder of its data."""
    program = [sys.executable, "-c", textwrap.dedent(SESSION)]
    with subprocess.Popen(program, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        folder, address = session.stdout.readline().split()
        assert asyncio.run(asked(f"{address}/readyz"))[0] == 200
        os.kill(session.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while Path(folder).exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(folder).exists()
    with pytest.raises(aiohttp.ClientConnectorError):
        asyncio.run(asked(f"{address}/readyz"))
