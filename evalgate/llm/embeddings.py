"""What texts are about, as vectors of a model: one call a text for whoever caches, one for many on the wire."""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from evalgate.errors import ConfigurationError
from evalgate.llm.call import Reader, Request, Response, Sender
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import BadRequest, CallFailed, Garbled
from evalgate.llm.whole import whole_document
from evalgate.records import Json, JsonObject

T = TypeVar("T")

PATH: Final = "/embeddings"
LONGEST: Final = 6_000
"""Characters of a text that are sent: models take 8,000 tokens, and a question says what it is about before that."""
_TEXTS: Final = 96
_CHARACTERS: Final = 150_000
"""In one request: OpenAI takes 300,000 tokens, others fewer."""
_AT_ONCE: Final = 2_000
_SAMPLE: Final = "embedding"
"""A text has one vector; what programs ask for through evalgate has the sample of their run, and is left as it is."""
_DIGITS: Final = 6
"""Of a number that is kept: a vector of 1,536 numbers as they come is 30 kB."""

Vector = list[float]


def check_embeds(endpoint: ModelEndpoint) -> None:
    """Raise ConfigurationError for an endpoint whose protocol has no embeddings."""
    if endpoint.api not in {"chat", "responses"}:
        raise ConfigurationError(
            f"endpoint {endpoint.name!r} speaks {endpoint.api}, which has no embeddings that evalgate knows",
            next_step="name a model of an endpoint with `api: chat`, or leave the embedding out",
        )


async def embed(sender: Sender, endpoint: ModelEndpoint, *, model: str, texts: Sequence[str]) -> list[Vector]:
    """Return the vector of every text, in their order, all of one length; only the start of a long text counts.

    Every text is a request of its own, so that it is paid for once whatever it is asked for with: `Batched` below a
    cache makes few calls of them. Raises CallFailed, ConfigurationError.
    """
    check_embeds(endpoint)
    vectors: dict[str, Vector] = {}
    asked = [text[:LONGEST].encode("utf-8", "replace").decode() or " " for text in texts]
    different = list(dict.fromkeys(asked))
    for start in range(0, len(different), _AT_ONCE):
        some = different[start : start + _AT_ONCE]
        requests = [_request(endpoint, model, [text]) for text in some]
        found = await asyncio.gather(*(sender.send(each, _read_one) for each in requests), return_exceptions=True)
        failed = next((each for each in found if isinstance(each, BaseException)), None)
        if failed is not None:
            raise failed
        vectors.update(zip(some, (each for each in found if isinstance(each, list)), strict=True))
    if len({len(each) for each in vectors.values()}) > 1:
        raise Garbled(f"{endpoint.name}: {model} answered with vectors of different lengths")
    return [vectors[text] for text in asked]


class Batched:
    """Sends requests for embeddings that are made at the same moment as few; all others as they are.

    The answer to a batch is taken apart again, each with its share of the cost: a cache above keeps them one by one. A
    text that the model does not take fails alone.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._waiting: list[_Waiting] = []
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, request: Request, read: Reader[T]) -> T:
        """Return what `read` makes of the answer. Raises CallFailed."""
        text = _only_text(request)
        if text is None:
            return await self._sender.send(request, read)
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._start)
        mine = _Waiting(request=request, text=text, answer=loop.create_future())
        self._waiting.append(mine)
        return read(await mine.answer)

    def _start(self) -> None:
        waiting, self._waiting = self._waiting, []
        for batch in _batches(waiting):
            task = asyncio.create_task(self._ask(batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _ask(self, batch: list[_Waiting]) -> None:
        first = batch[0].request
        together = _request(first.endpoint, first.model, [each.text for each in batch])
        try:
            answers = await self._sender.send(
                replace(together, timeout=first.timeout), lambda found: _apart(found, batch)
            )
        except BadRequest as failure:
            if len(batch) == 1:
                _fail(batch, failure)
            else:
                await asyncio.gather(*(self._ask([each]) for each in batch))
        except CallFailed as failure:
            _fail(batch, failure)
        except BaseException as error:
            _fail(batch, error)
            raise
        else:
            for each, answer in zip(batch, answers, strict=True):
                if not each.answer.done():
                    each.answer.set_result(answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    request: Request
    text: str
    answer: asyncio.Future[Response]


def _fail(batch: list[_Waiting], error: BaseException) -> None:
    for each in batch:
        if not each.answer.done():
            if isinstance(error, CallFailed):
                each.answer.set_exception(error.reworded(str))
            else:
                each.answer.cancel()


def _batches(waiting: list[_Waiting]) -> list[list[_Waiting]]:
    of_each: defaultdict[tuple[str, str, str], list[_Waiting]] = defaultdict(list)
    for each in waiting:
        of_each[each.request.endpoint.name, each.request.url, each.request.model].append(each)
    batches: list[list[_Waiting]] = []
    for alike in of_each.values():
        size = _CHARACTERS
        for each in alike:
            if size + len(each.text) > _CHARACTERS or len(batches[-1]) == _TEXTS:
                batches.append([])
                size = 0
            batches[-1].append(each)
            size += len(each.text)
    return batches


def _request(endpoint: ModelEndpoint, model: str, texts: list[str]) -> Request:
    body = {"model": model, "input": texts}
    return Request(
        endpoint=endpoint,
        url=endpoint.url(PATH, model),
        sample=_SAMPLE,
        model=model,
        timeout=endpoint.timeout,
        body=json.dumps(body, separators=(",", ":")).encode("ascii"),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )


def _only_text(request: Request) -> str | None:
    if request.sample != _SAMPLE:
        return None
    texts = json.loads(request.body)["input"]
    return texts[0] if len(texts) == 1 else None


def _apart(response: Response, batch: list[_Waiting]) -> list[Response]:
    """Return the answer to each text of a batch, as if it had been asked for alone."""
    document = whole_document(response)
    vectors = _vectors(document, len(batch))
    usage = document.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, Mapping) else None
    weights = [len(each.text) + 1 for each in batch]
    all_of_it = sum(weights)
    answers, before = [], 0
    for vector, weight in zip(vectors, weights, strict=True):
        own: dict[str, Json] = {"data": [{"index": 0, "embedding": [round(each, _DIGITS) for each in vector]}]}
        if type(tokens) is int and tokens >= 0:
            # Shares of whole tokens that add up to what was taken.
            share = tokens * (before + weight) // all_of_it - tokens * before // all_of_it
            own["usage"] = {"prompt_tokens": share}
        before += weight
        cost = None if response.cost is None else response.cost * weight / all_of_it
        answers.append(
            replace(
                response,
                headers={"content-type": "application/json"},
                body=json.dumps(own, separators=(",", ":")).encode("ascii"),
                cost=cost,
            )
        )
    return answers


def _read_one(response: Response) -> Vector:
    return _vectors(whole_document(response), 1)[0]


def _vectors(document: JsonObject, number: int) -> list[Vector]:
    """Return as many vectors as texts were asked about. Raises Garbled: a text with another's vector is worse."""
    data = document.get("data")
    found: dict[int, Vector] = {}
    for position, each in enumerate(data if isinstance(data, list) else ()):
        vector = each.get("embedding") if isinstance(each, Mapping) else None
        index = each.get("index", position) if isinstance(each, Mapping) else None
        if isinstance(vector, list) and vector and all(map(_is_number, vector)) and type(index) is int:
            found[index] = [float(value) for value in vector]
    if set(found) != set(range(number)):
        raise Garbled(f"the answer has {len(found)} vectors for {number} texts", retry=True)
    return [found[index] for index in range(number)]


def _is_number(value: object) -> bool:
    return type(value) in {int, float} and math.isfinite(value)  # type: ignore[arg-type]  # one of the two


__all__ = ["LONGEST", "Batched", "Vector", "check_embeds", "embed"]
