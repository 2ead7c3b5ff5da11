"""The server: routes, faults, counting."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

from aiohttp import web

from tests.fake_model.answers import completion, last_user_text
from tests.fake_model.protocols import anthropic, bedrock, completions, embeddings, gemini, responses
from tests.fake_model.rules import Rule, Throttle

ODD_ANSWERS = frozenset({"empty_choices", "null_content", "refusal", "content_filter"})
"""Faults that are answers all the same."""


class FakeModel:
    """An endpoint that speaks OpenAI's protocols and Anthropic's at `base_url`, others at `root`.

    `rules` may be changed at any time; the first that fits applies.
    """

    def __init__(self, *rules: Rule, seed: int = 1, port: int = 0) -> None:
        self.rules: list[Rule] = list(rules)
        self.seed = seed
        self.throttle: Throttle | None = None
        self.refused = 0
        """How many calls the throttle refused."""
        self.port = port
        self.calls = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.by_model: Counter[str] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=5_000)
        """The latest requests: path, headers, body."""
        self._draws: Counter[bytes] = Counter()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """Return what goes into `endpoints.<name>.base_url`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def root(self) -> str:
        """Return the address without `/v1`: Gemini is at `/v1beta`, Bedrock and Azure right below it."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._model(completions))
        app.router.add_post("/openai/deployments/{model}/chat/completions", self._model(completions))
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_post("/v1/responses", self._model(responses))
        app.router.add_post("/v1/messages", self._model(anthropic))
        for action in ("generateContent", "streamGenerateContent"):
            for version in ("v1", "v1beta"):
                app.router.add_post(f"/{version}/models/{{model}}:{action}", self._model(gemini))
        for action in ("converse", "converse-stream"):
            app.router.add_post(f"/model/{{model}}/{action}", self._model(bedrock))
        for action in ("invoke", "invoke-with-response-stream"):
            app.router.add_post(f"/model/{{model}}/{action}", self._model(anthropic))
        app.router.add_get("/__calls", self._counts)
        app.router.add_post("/__rules", self._configure)
        app.router.add_post("/__reset", self._reset)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def forget(self) -> None:
        """Reset the counters."""
        self.calls = self.most_in_flight = self.refused = 0
        self.by_model.clear()
        self.requests.clear()
        self._draws.clear()

    def _model(self, protocol: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            raw = await request.read()
            body = json.loads(raw)
            model = request.match_info.get("model") or body.get("model", "")
            asked = protocol.chat({"model": model, **body}, model)
            self.calls += 1
            number = self.calls
            self.by_model[model] += 1
            said = {"path": request.path, "query": request.query_string, "headers": dict(request.headers), "body": body}
            self.requests.append(said)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                served, headers = self.throttle.admit(time.monotonic()) if self.throttle else (True, {})
                if not served:
                    self.refused += 1
                    return _json({"error": {"message": "Rate limit reached"}}, status=429, headers=headers)
                rule = self._rule(asked, number)
                if rule.reply == "headers":
                    rule = replace(rule, reply=_headers(request))
                if rule.latency:
                    await asyncio.sleep(rule.latency)
                document = protocol.answer(_unanswered(self._completion(asked, rule, number), rule.fault), number)
                streams = body.get("stream") is True or "stream" in request.path.lower()
                if streams and rule.fault in {None, *ODD_ANSWERS, "cut_stream"}:
                    return await _streamed(request, protocol, body, document, rule)
                if rule.fault in {None, *ODD_ANSWERS}:
                    return _json(document, headers={**headers, **rule.headers})
                return await self._fail(request, protocol, rule, document)
            finally:
                self.in_flight -= 1

        return handle

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        """Answer with vectors of words, as late as rules say; what one of them breaks is refused."""
        body = await request.json()
        self.calls += 1
        self.by_model[body["model"]] += 1
        self.requests.append({"path": request.path, "headers": dict(request.headers), "body": body})
        await asyncio.sleep(max((rule.latency for rule in self.rules), default=0.0))
        for rule in self.rules:
            if rule.fault == "status" and any((rule.when or "") in text for text in body["input"]):
                return _json({"error": {"message": "no such input"}}, status=rule.status)
        return _json(embeddings.answer(body))

    def _rule(self, body: dict[str, Any], number: int) -> Rule:
        text = last_user_text(body)
        for rule in self.rules:
            if rule.fits(body, text=text, call=number, seed=self.seed):
                rule.used += 1
                return rule
        return Rule()

    def _completion(self, body: dict[str, Any], rule: Rule, number: int) -> dict[str, Any]:
        key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
        self._draws[key] += 1
        return completion(body, rule, seed=self.seed, draw=self._draws[key], number=number)

    async def _fail(self, request: web.Request, protocol: Any, rule: Rule, whole: dict[str, Any]) -> web.StreamResponse:
        if rule.fault == "hang":
            await self._closing.wait()
            return web.Response(status=503)
        if rule.fault in {"reset", "reset_mid_body"}:
            return await _dropped(request, whole if rule.fault == "reset_mid_body" else None)
        refused = _refused(request, protocol, rule) or _strange(rule, whole)
        assert refused is not None, rule.fault
        return refused

    async def _counts(self, _: web.Request) -> web.Response:
        return _json({"total": self.calls, "by_model": self.by_model, "most_in_flight": self.most_in_flight})

    async def _configure(self, request: web.Request) -> web.Response:
        try:
            self.rules = [Rule.parse(each) for each in await request.json()]
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, status=400)
        return _json({"rules": len(self.rules)})

    async def _reset(self, _: web.Request) -> web.Response:
        self.forget()
        self.rules = []
        return _json({})


async def _streamed(
    request: web.Request, protocol: Any, body: dict[str, Any], document: dict[str, Any], rule: Rule
) -> web.StreamResponse:
    """Send the answer as events, all of them or half."""
    invoked = request.path.endswith("/invoke-with-response-stream")
    events = bedrock.invoked_stream(document) if invoked else protocol.stream(body, document)
    kind = bedrock.CONTENT_TYPE if invoked else protocol.CONTENT_TYPE
    if rule.fault == "cut_stream":
        events = events[: len(events) // 2]
    response = web.StreamResponse(headers={"content-type": kind, **rule.headers})
    await response.prepare(request)
    for event in events:
        await response.write(event)
    await response.write_eof()
    return response


def _headers(request: web.Request) -> str:
    return " ".join(f"{name}: {value}" for name, value in request.headers.items())


def _unanswered(whole: dict[str, Any], fault: str | None) -> dict[str, Any]:
    """Return the completion, or what one of ODD_ANSWERS makes of it."""
    choice = whole["choices"][0]
    match fault:
        case "empty_choices":
            whole["choices"] = []
        case "null_content":
            choice["message"] = {"role": "assistant", "content": None}
        case "refusal":
            choice["message"] = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
        case "content_filter":
            choice["message"]["content"] = ""
            choice["finish_reason"] = "content_filter"
    return whole


def _refused(request: web.Request, protocol: Any, rule: Rule) -> web.Response | None:
    """Return what an endpoint that says no would answer."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    said = {
        "status": (rule.status, rule.message or f"status {rule.status} on demand", None),
        "error_in_200": (200, "upstream failed", rule.status),
        "quota": (429, "You exceeded your current quota", "insufficient_quota"),
        "filtered_prompt": (400, "The prompt was filtered", "content_filter"),
        "echo_key": (401, f"Incorrect API key provided: {key}", "invalid_api_key"),
        "echo_headers": (rule.status, _headers(request), None),
    }
    if rule.fault not in said:
        return None
    status, message, code = said[rule.fault]
    return _json(protocol.error(status, message, code), status=status, headers=rule.headers)


def _strange(rule: Rule, whole: dict[str, Any]) -> web.Response | None:
    """Return what no endpoint should answer."""
    match rule.fault:
        case "truncated_json":
            text = json.dumps(whole)
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        case "wrong_content_type":
            return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")
        case "huge":
            return web.Response(body=b'{"x": "' + b"a" * rule.size + b'"}', content_type="application/json")
        case "redirect":
            status = rule.status if 300 <= rule.status < 400 else 307
            return web.Response(status=status, headers={"Location": rule.location})
    return None


async def _dropped(request: web.Request, whole: dict[str, Any] | None) -> web.StreamResponse:
    """Drop the connection, after half of `whole` where given."""
    response = web.StreamResponse()
    if whole is not None:
        payload = json.dumps(whole).encode()
        response.content_length = len(payload)
        response.content_type = "application/json"
        await response.prepare(request)
        await response.write(payload[: len(payload) // 2])
        await asyncio.sleep(0.01)
    assert request.transport is not None
    request.transport.abort()
    return response


def _json(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=json.dumps(value), status=status, headers=headers, content_type="application/json")
