"""The layer over the cache: what is stored, what is shared, what is asked again."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evalgate.llm.cache import Limits, ResponseCache, key_of
from evalgate.llm.cache_file import CacheError
from evalgate.llm.cached import Cached, CacheUse
from evalgate.llm.call import Sender
from evalgate.llm.chat import ChatReply, chat
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import CallFailed, NotCached, ServerFault, Stopped
from evalgate.llm.room import Room
from evalgate.llm.tab import opened_tab
from tests.fake_model import FakeModel, Rule


@pytest.fixture
def cache(tmp_path):
    with ResponseCache(tmp_path / "cache.db", limits=Limits(megabytes=10, days=30), now=time.time) as made:
        yield made


async def ask(sender: Sender, fake: FakeModel, text: str = "hello", *, sample: str = "r1", **more: float) -> ChatReply:
    endpoint = ModelEndpoint(name="fake", base_url=fake.base_url, timeout=more.get("timeout", 5.0))
    return await chat(sender, endpoint, model="small", messages=[{"role": "user", "content": text}], sample=sample)


async def test_the_second_time_is_free_and_says_what_the_first_took(fake_model, transport, cache):
    fake_model.rules = [Rule(reply="random", latency=0.05)]
    cached = Cached(transport, cache)
    first = await ask(cached, fake_model)
    again = await ask(cached, fake_model)
    assert fake_model.calls == 1
    assert (again.text, again.latency, again.usage) == (first.text, first.latency, first.usage)
    assert (first.from_cache, again.from_cache) == (False, True)


async def test_samples_are_draws_of_their_own(fake_model, transport, cache):
    fake_model.rules = [Rule(reply="random")]
    cached = Cached(transport, cache)
    replies = [await ask(cached, fake_model, sample=sample) for sample in ("r1", "r2", "again1", "r1")]
    assert fake_model.calls == 3
    assert len({reply.text for reply in replies}) == 3


@pytest.mark.parametrize(
    "rule",
    [
        Rule(fault="status", status=400),
        Rule(fault="status", status=401),
        Rule(fault="error_in_200", status=401),
        Rule(fault="filtered_prompt"),
        Rule(fault="quota"),
        Rule(fault="truncated_json"),
        Rule(fault="wrong_content_type"),
        Rule(fault="reset_mid_body"),
        Rule(fault="huge", size=2_000_000),
    ],
    ids=lambda rule: f"{rule.fault}-{rule.status}",
)
async def test_what_is_no_whole_answer_is_never_stored(fake_model, transport, cache, rule):
    fake_model.rules = [rule]
    cached = Cached(transport, cache)
    with pytest.raises(CallFailed):
        await ask(cached, fake_model, timeout=0.3)
    assert cache.stats().answers == 0
    fake_model.rules = []
    assert (await ask(cached, fake_model)).text == "hello"
    assert cache.stats().answers == 1


async def test_equal_requests_in_flight_are_one_call_and_one_is_paid(fake_model, transport, cache):
    fake_model.rules = [Rule(reply="random", latency=0.05)]
    cached = Cached(transport, cache)
    with opened_tab() as tab:
        replies = await asyncio.gather(*(ask(cached, fake_model) for _ in range(5)))
    assert fake_model.calls == 1
    assert len({reply.text for reply in replies}) == 1
    assert sorted((part.from_cache, part.calls) for part in tab.usage()) == [(True, 4)]
    # the call itself goes on the tab where it is priced, beneath this layer


async def test_when_the_call_in_flight_fails_the_others_make_their_own(fake_model, transport, cache):
    fake_model.rules = [Rule(fault="status", status=400, latency=0.05, times=1)]
    cached = Cached(transport, cache)
    results = await asyncio.gather(*(ask(cached, fake_model) for _ in range(3)), return_exceptions=True)
    assert [isinstance(each, CallFailed) for each in results] == [True, False, False]
    assert fake_model.calls == 2


async def test_when_the_call_in_flight_is_cancelled_the_others_make_their_own(fake_model, transport, cache):
    fake_model.rules = [Rule(fault="hang", times=1)]
    cached = Cached(transport, cache)
    first = asyncio.create_task(ask(cached, fake_model))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(ask(cached, fake_model))
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await asyncio.wait_for(second, 2)).text == "hello"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_fresh_draws_take_nothing_that_was_there_and_share_what_they_draw(fake_model, transport, cache):
    fake_model.rules = [Rule(reply="random")]
    old = await ask(Cached(transport, cache), fake_model)
    fresh = Cached(transport, cache, use=CacheUse.OWN)
    first, second = await ask(fresh, fake_model), await ask(fresh, fake_model)
    assert fake_model.calls == 2
    assert old.text != first.text == second.text
    assert (await ask(Cached(transport, cache), fake_model)).text == first.text


async def test_what_another_process_drew_meanwhile_stands_at_the_price_that_was_paid(fake_model, transport, cache):
    """Two builds that ask at once agree on the sample's answer; what the second paid is counted."""
    fake_model.rules = [Rule(reply="random", latency=0.2)]
    with ResponseCache(cache.path, limits=Limits(megabytes=10, days=30), now=time.time) as other:
        here, there = Cached(transport, cache), Cached(transport, other)
        replies = await asyncio.gather(*(ask(each, fake_model) for each in (here, there, here, there)))
    assert fake_model.calls == 2
    assert len({reply.text for reply in replies}) == 1
    assert [reply.from_cache for reply in replies] == [False, False, True, True]
    assert cache.stats().answers == 1


async def test_fresh_draws_of_two_processes_at_once_are_one_answer(fake_model, transport, cache):
    fake_model.rules = [Rule(reply="random")]
    old = await ask(Cached(transport, cache), fake_model)
    with ResponseCache(cache.path, limits=Limits(megabytes=10, days=30), now=time.time) as other:
        one, two = (Cached(transport, each, use=CacheUse.OWN) for each in (cache, other))
        first, second = await ask(one, fake_model), await ask(two, fake_model)
        assert fake_model.calls == 3
        assert old.text != first.text == second.text == (await ask(one, fake_model)).text


async def test_what_another_process_stored_and_nobody_can_use_is_replaced(fake_model, transport, cache):
    cached = Cached(transport, cache)
    request = (await last_request(cached, fake_model)).request

    def strict(response):
        if response.body == b"junk":
            raise ServerFault("not good enough")
        return response

    class Meanwhile:
        async def send(self, asked, read):
            cache.put(key_of(asked), asked, replace(answer, body=b"junk"))
            return read(answer)

    answer = await cached.send(request, lambda response: response)
    cache.clear()
    assert (await Cached(Meanwhile(), cache).send(request, strict)).body == answer.body
    assert cache.get(key_of(request)).body == answer.body


async def test_a_replay_calls_nobody_and_says_which_call_is_missing(fake_model, transport, cache):
    await ask(Cached(transport, cache), fake_model, "known")
    missed = []
    replay = Cached(transport, cache, use=CacheUse.REPLAY, missed=missed.append)
    assert (await ask(replay, fake_model, "known")).text == "known"
    with pytest.raises(NotCached, match="fake: the cache has no answer to this call of small"):
        await ask(replay, fake_model, "unknown")
    assert fake_model.calls == 1
    assert [request.sample for request in missed] == ["r1"]


async def test_an_answer_that_its_reader_no_longer_accepts_is_asked_for_anew(fake_model, transport, cache):
    cached = Cached(transport, cache)
    await ask(cached, fake_model)

    def strict(response):
        if response.from_cache:
            raise ServerFault("not good enough")
        return response

    request = (await last_request(cached, fake_model)).request
    assert (await cached.send(request, strict)).body
    assert fake_model.calls == 2


async def test_a_cache_that_cannot_be_written_costs_no_answer_and_is_said_once(fake_model, transport, tmp_path):
    said: list[str] = []
    cache = ResponseCache(tmp_path / "cache.db", limits=Limits(megabytes=10, days=30), now=time.time)
    cached = Cached(transport, cache, log=said.append)
    cache._db.execute("PRAGMA query_only = ON")
    assert (await ask(cached, fake_model, "a")).text == "a"
    assert (await ask(cached, fake_model, "b")).text == "b"
    assert len(said) == 1
    assert said[0].startswith("the response cache cannot be written")
    assert said[0].endswith("calls go on, and a later run may have to make them again")
    cache._db.execute("PRAGMA query_only = OFF")
    cache.close()


async def test_where_nobody_else_keeps_answers_none_is_paid_for_that_could_not_be_kept(fake_model, transport, tmp_path):
    said: list[CacheError] = []
    cache = ResponseCache(tmp_path / "cache.db", limits=Limits(megabytes=10, days=30), now=time.time)
    room = Room(tmp_path)
    cached = Cached(transport, cache, room=room, unkept=said.append)
    assert (await ask(cached, fake_model, "a")).text == "a"
    cache._db.execute("PRAGMA query_only = ON")
    # What was on its way when it happened is an answer still; after it nothing is asked.
    assert (await ask(cached, fake_model, "b")).text == "b"
    assert not room.give()
    with pytest.raises(Stopped, match="could not be kept"):
        await ask(cached, fake_model, "c")
    assert (await ask(cached, fake_model, "a")).from_cache
    assert fake_model.calls == 2
    assert [each.message.split(" (")[0] for each in said] == ["the response cache cannot be written"]
    cache._db.execute("PRAGMA query_only = OFF")
    cache.close()


async def test_the_room_that_was_held_takes_what_was_on_its_way(fake_model, transport, tmp_path):
    said: list[CacheError] = []
    with ResponseCache(tmp_path / "cache.db", limits=Limits(megabytes=10, days=30), now=time.time) as cache:

        class Disk(Room):
            def give(self) -> bool:
                cache._db.execute("PRAGMA max_page_count = 1000000")
                return super().give()

        room = Disk(tmp_path)
        cached = Cached(transport, cache, room=room, unkept=said.append)
        await ask(cached, fake_model, "a")
        cache._db.execute("PRAGMA max_page_count = 1")
        long = "b" * 9_000 + "".join(map(str, range(9_000)))
        await ask(cached, fake_model, long)
        assert (await ask(cached, fake_model, long)).from_cache
    assert [each.message.split(";")[0] for each in said] == ["the disk is full"]


async def test_without_room_nothing_is_asked(fake_model, transport, cache, tmp_path):
    said: list[CacheError] = []
    cached = Cached(transport, cache, room=Room(tmp_path / "gone"), unkept=said.append)
    for _ in range(2):
        with pytest.raises(Stopped):
            await ask(cached, fake_model)
    assert fake_model.calls == 0
    assert [each.message for each in said] == [
        f"there is no room for answers beside {cache.path}: No such file or directory"
    ]
    assert said[0].next_step == "free 16 MB there, or name another place with --cache"


class last_request:  # noqa: N801 an awaitable that remembers what was sent
    def __init__(self, sender: Sender, fake: FakeModel) -> None:
        self._sender, self._fake = sender, fake
        self.request = None

    async def send(self, request, read):
        self.request = request
        return await self._sender.send(request, read)

    def __await__(self):
        yield from ask(self, self._fake).__await__()
        return self


IMPORTED = """
import sys, threading
from evalgate.cli.models import CacheChoice, Models
from evalgate.llm.cached import Cached
import evalgate.tasks.prompt, evalgate.llm.chat
from evalgate.suite.config import Budget, Config, ResponseCache
from pathlib import Path
config = Config.model_construct(budget=Budget(), cache=ResponseCache(), prices={})
models = Models(config, choice=CacheChoice(path=Path(sys.argv[1])), stop=print, log=print)
models.sender()
for thread in set(threading.enumerate()) - {threading.main_thread()}:
    thread.join()
print(*sorted({"aiohttp", "httpx", "openai", "genai_prices"} & {*sys.modules}))
"""


@pytest.mark.parametrize(("kept", "imported"), [(True, ""), (False, "aiohttp genai_prices")])
def test_a_client_is_imported_ahead_only_where_nothing_could_be_a_hit(tmp_path, kept, imported):
    import subprocess
    import sys

    path = tmp_path / "cache.db"
    if kept:
        path.touch()
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, str(path)], cwd=root, check=True, timeout=60, capture_output=True, text=True
    )
    assert done.stdout.strip() == imported
