"""Vectors of texts: few calls, each text paid for once, a text that is not taken alone, answers that are none."""

from __future__ import annotations

import time

import pytest

from evalgate.errors import ConfigurationError
from evalgate.llm.budget import Purse, Spent
from evalgate.llm.cache import Limits, ResponseCache
from evalgate.llm.cached import Cached
from evalgate.llm.embeddings import LONGEST, Batched, embed
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import BadRequest, Garbled, ServerFault
from evalgate.llm.halt import Halt
from evalgate.llm.metered import Metered
from evalgate.llm.prices import Prices
from evalgate.suite.config import Budget, Price
from tests.fake_model import Rule
from tests.fake_model.protocols.embeddings import vector

TEXTS = [f"question number {n}" for n in range(250)]


@pytest.fixture
def cache(tmp_path):
    with ResponseCache(tmp_path / "cache.db", limits=Limits(megabytes=10, days=30), now=time.time) as made:
        yield made


@pytest.fixture
def endpoint(fake_model):
    return ModelEndpoint(name="fake", base_url=fake_model.base_url, timeout=5.0)


def nearly(text):
    return pytest.approx(vector(text), abs=1e-6)


async def test_many_texts_are_few_calls_and_each_is_paid_for_once(fake_model, transport, cache, endpoint):
    purse = Purse(Budget(), Halt(lambda: None, goes_on=""), before=Spent(), log=lambda _: None)
    prices = Prices({"fake/small": Price(input=2.0, output=0.0)})
    sender = Cached(Batched(Metered(transport, prices, purse)), cache)
    found = await embed(sender, endpoint, model="small", texts=[*TEXTS, TEXTS[0]])
    assert fake_model.calls == 3
    assert found[7] == nearly(TEXTS[7])
    assert found[-1] == found[0]
    more = await embed(sender, endpoint, model="small", texts=["something new", *reversed(TEXTS)])
    assert fake_model.calls == 4
    assert fake_model.requests[-1]["body"]["input"] == ["something new"]
    assert more[1:] == found[249::-1]
    # What the parts cost is what the whole cost: 3 words each, at 2 dollars a million.
    share = sum(each.cost for each in cache.stats().models)
    assert share == pytest.approx((250 * 3 + 2) * 2e-6)


async def test_a_text_that_is_not_taken_fails_alone_and_the_others_are_kept(fake_model, transport, cache, endpoint):
    fake_model.rules = [Rule(when="number 17", fault="status", status=400)]
    sender = Cached(Batched(transport), cache)
    with pytest.raises(BadRequest, match="no such input"):
        await embed(sender, endpoint, model="small", texts=TEXTS[:30])
    fake_model.rules = []
    fake_model.forget()
    assert len(await embed(sender, endpoint, model="small", texts=TEXTS[:30])) == 30
    assert [each["body"]["input"] for each in fake_model.requests] == [["question number 17"]]


async def test_a_long_text_counts_by_its_start_and_an_empty_one_is_sent_as_a_space(fake_model, transport, endpoint):
    await embed(Batched(transport), endpoint, model="small", texts=["word " * 10_000, "", "half a \ud83d"])
    sent = fake_model.requests[-1]["body"]["input"]
    assert ([len(text) for text in sent[:2]], sent[1:]) == ([LONGEST, 1], [" ", "half a ?"])


async def test_an_endpoint_that_is_away_is_one_failure(fake_model, transport, endpoint):
    fake_model.rules = [Rule(fault="status", status=500)]
    with pytest.raises(ServerFault, match="fake: "):
        await embed(
            Batched(transport),
            ModelEndpoint(name="fake", base_url=endpoint.base_url, timeout=0.5),
            model="m",
            texts=["a", "b"],
        )


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": []}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": ["1"]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [True]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
    ],
)
async def test_an_answer_that_has_not_one_vector_for_each_text_is_none(
    monkeypatch, fake_model, transport, endpoint, data
):
    monkeypatch.setattr("tests.fake_model.protocols.embeddings.answer", lambda _: {"data": data})
    short = ModelEndpoint(name="fake", base_url=endpoint.base_url, timeout=0.3)
    with pytest.raises(Garbled, match="vectors"):
        await embed(Batched(transport), short, model="m", texts=["a", "b"])


async def test_a_protocol_without_embeddings_is_named(transport):
    endpoint = ModelEndpoint(name="claude", base_url="http://127.0.0.1:9", api="anthropic")
    with pytest.raises(ConfigurationError, match="'claude' speaks anthropic, which has no embeddings"):
        await embed(transport, endpoint, model="m", texts=["a"])
