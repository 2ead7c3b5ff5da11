"""What calls cost, and what a budget makes of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalgate.llm.budget import Purse, Spent
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.halt import Halt
from evalgate.llm.metered import Metered
from evalgate.llm.prices import Prices
from evalgate.llm.tab import opened_tab
from evalgate.llm.usage import TokenUsage, usage_in, usage_of
from evalgate.records import Usage
from evalgate.suite.config import Budget, Price
from tests.fake_model import Rule
from tests.unit.llm.test_transport import ask, endpoint_of

OPENAI = ModelEndpoint(name="openai", base_url="https://api.openai.com/v1")
MILLION = 1_000_000


def used(**counts: int) -> TokenUsage:
    return TokenUsage(**{"input_tokens": MILLION, "output_tokens": MILLION, **counts})


def test_list_prices_are_those_of_the_provider_that_the_address_names():
    prices = Prices({})
    plain = prices.of_call(OPENAI, "gpt-4.1-mini", used())
    assert plain == pytest.approx(0.4 + 1.6)
    cached = prices.of_call(OPENAI, "gpt-4.1-mini", used(cached_tokens=MILLION))
    assert cached == pytest.approx(0.1 + 1.6)


def test_loading_reads_the_whole_list():
    """Its package reads it at the first price, which would be while other calls wait for their answers."""
    code = "import sys; from evalgate.llm.prices import load; load(); print('genai_prices.data' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_nothing_is_guessed_of_another_address_unless_its_provider_is_named():
    gateway = ModelEndpoint(name="corp", base_url="https://models.corp.test/v1")
    named = ModelEndpoint(name="corp", base_url="https://models.corp.test/v1", provider="openai")
    assert Prices({}).of_call(gateway, "gpt-4.1-mini", used()) is None
    assert Prices({}).of_call(named, "gpt-4.1-mini", used()) == pytest.approx(2.0)
    assert Prices({}).of_call(OPENAI, "no-such-model", used()) is None
    nobody = ModelEndpoint(name="corp", base_url="https://models.corp.test/v1", provider="nobody")
    assert Prices({}).of_call(nobody, "no-such-model", used()) is None


def test_a_cheaper_tier_is_priced_as_such_and_an_unknown_one_as_the_list_says():
    whole = Prices({}).of_call(OPENAI, "o3", used())
    assert Prices({}).of_call(OPENAI, "o3", used(tier="flex")) == pytest.approx(whole / 2)
    assert Prices({}).of_call(OPENAI, "o3", used(tier="default")) == whole


def test_own_prices_come_first_with_what_the_provider_had_cached():
    own = {"openai/gpt-4.1-mini": Price(input=10, output=20, cached_input=1), "openai/x": Price(input=3, output=0)}
    prices = Prices(own)
    half = used(cached_tokens=MILLION // 2)
    assert prices.of_call(OPENAI, "gpt-4.1-mini", half) == pytest.approx(5 + 0.5 + 20)
    assert prices.of_call(OPENAI, "x", half) == pytest.approx(3)


def test_more_cached_than_asked_is_not_paid_for():
    prices = Prices({"openai/x": Price(input=1, output=0)})
    assert prices.of_call(OPENAI, "x", used(cached_tokens=10**9)) == pytest.approx(1)


def test_what_a_task_declares_is_priced_by_what_it_names():
    prices = Prices({"mine": Price(input=1, output=1)})
    assert prices.of_declared(Usage(model="m", input_tokens=1, output_tokens=1, cost=0.5)) == 0.5
    assert prices.of_declared(Usage(model="mine", input_tokens=MILLION, output_tokens=0)) == 1
    assert prices.of_declared(Usage(model="gpt-4.1-mini", input_tokens=MILLION, output_tokens=0)) == pytest.approx(0.4)
    assert prices.of_declared(Usage(model="no-such-model", input_tokens=1, output_tokens=1)) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2}, TokenUsage(input_tokens=9, output_tokens=2)),
        (
            {
                "input_tokens": 9,
                "output_tokens": 2,
                "input_tokens_details": {"cached_tokens": 4},
                "output_tokens_details": {"reasoning_tokens": 1},
            },
            TokenUsage(input_tokens=9, output_tokens=2, cached_tokens=4, reasoning_tokens=1),
        ),
        (
            {"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 7},
            TokenUsage(input_tokens=15, output_tokens=2, cached_tokens=5, written_tokens=7),
        ),
        ({"total_tokens": 3}, None),
        ([], None),
        (None, None),
    ],
)
def test_usage_is_read_in_every_protocol(given, expected):
    assert usage_of(given) == expected


def test_usage_is_found_in_streams_of_both_protocols():
    chat = b'data: {"choices": []}\n\ndata: {"choices": [], "usage": {"prompt_tokens": 4}}\n\ndata: [DONE]\n\n'
    assert usage_in(chat, "text/event-stream; charset=utf-8") == TokenUsage(input_tokens=4, output_tokens=0)
    ended = b'event: response.completed\ndata: {"response": {"usage": {"input_tokens": 1, "output_tokens": 2}}}\n\n'
    assert usage_in(ended, "text/event-stream") == TokenUsage(input_tokens=1, output_tokens=2)
    assert usage_in(b'data: {"choices": []}\n\n', "text/event-stream") is None
    assert usage_in(b"not json", "application/json") is None


async def test_a_reader_and_the_tab_see_what_a_call_cost(fake_model, transport):
    fake_model.rules = [Rule(usage={"prompt_tokens": 1000, "completion_tokens": 100})]
    metered = Metered(transport, Prices({"fake/small": Price(input=1, output=10)}), purse())
    with opened_tab("e1") as tab:
        reply = await ask(metered, endpoint_of(fake_model))
        await ask(metered, endpoint_of(fake_model), "more")
    assert reply.cost == pytest.approx(0.002)
    assert tab.usage() == (
        Usage(model="fake/small", input_tokens=2000, output_tokens=200, cost=pytest.approx(0.004), calls=2),
    )


async def test_an_answer_that_does_not_say_what_it_took_makes_the_whole_unknown(fake_model, transport):
    fake_model.rules = [Rule(when="silent", usage={"none": 0})]
    metered = Metered(transport, Prices({}), purse())
    with opened_tab() as tab:
        assert (await ask(metered, endpoint_of(fake_model), "told")).cost is None
        assert (await ask(metered, endpoint_of(fake_model), "silent")).usage is None
    assert (tab.calls, tab.usage()) == (2, None)


def purse(budget: Budget | None = None, **more) -> Purse:
    return Purse(budget or Budget(), Halt(lambda: None), before=more.pop("before", Spent()), log=more.pop("log", print))


@pytest.mark.parametrize(
    ("budget", "message", "step"),
    [
        ({"usd": 0.5}, "The budget is spent: $0.60 of $0.50.", "raise budget.usd"),
        ({"tokens": 2_500}, "The budget is spent: 3,000 of 2,500 tokens.", "raise budget.tokens"),
        ({"calls": 3}, "The budget is spent: 3 of 3 calls.", "raise budget.calls"),
    ],
)
def test_each_limit_stops_the_run_and_says_which(budget, message, step):
    halt = Halt(lambda: None)
    spending = Purse(Budget(**budget), halt, before=Spent(), log=print)
    for _ in range(2):
        spending.pay("m", tokens=1_000, cost=0.2)
    assert halt.reason is None
    spending.pay("m", tokens=1_000, cost=0.2)
    assert halt.reason.message == f"{message} What was answered is kept."
    assert halt.reason.next_step == f"{step}, then evalgate run --resume"


def test_what_a_build_paid_before_it_was_gone_on_with_counts():
    halt = Halt(lambda: None)
    spending = Purse(Budget(usd=1), halt, before=Spent(usd=0.9, calls=9), log=print)
    spending.check()
    assert halt.reason is None
    spending.pay("m", tokens=1, cost=0.1)
    assert halt.reason is not None
    late = Purse(Budget(minutes=2), halt, before=Spent(seconds=90), log=print)
    assert late.seconds_left == 30


def test_what_a_budget_does_not_see_is_said_once():
    said: list[str] = []
    spending = purse(Budget(usd=1, tokens=5), log=said.append)
    for _ in range(2):
        spending.pay("fake/m", tokens=1, cost=None)
        spending.pay("fake/n", tokens=None, cost=1e-9)
    usd, tokens = said
    assert usd == (
        "budget.usd does not see what fake/m uses: its price is unknown; write it down: prices: {fake/m: {input: …,"
        " output: …}}"
    )
    assert tokens == (
        "budget.tokens does not see what fake/n uses: its answers do not say what they took; limit calls or minutes"
        " instead"
    )
