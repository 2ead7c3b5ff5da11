"""The server: routes, faults, counting."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web

from tests.fake_model.answers import completion, last_user_text
from tests.fake_model.rules import Rule, Throttle
from tests.fake_model.streams import chat_stream, response_stream


class FakeModel:
    """An OpenAI-compatible endpoint at `base_url`. `rules` may be changed at any time; the first that fits applies."""

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

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._model(self._chat))
        app.router.add_post("/v1/responses", self._model(self._responses))
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

    def _model(
        self, answer: Callable[[dict[str, Any], Rule, int], dict[str, Any]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            raw = await request.read()
            body = json.loads(raw)
            self.calls += 1
            number = self.calls
            self.by_model[body.get("model", "")] += 1
            self.requests.append({"path": request.path, "headers": dict(request.headers), "body": body})
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                served, headers = self.throttle.admit(time.monotonic()) if self.throttle else (True, {})
                if not served:
                    self.refused += 1
                    return _json({"error": {"message": "Rate limit reached"}}, status=429, headers=headers)
                rule = self._rule(body, number)
                if rule.latency:
                    await asyncio.sleep(rule.latency)
                if body.get("stream") is True and rule.fault in {None, "cut_stream"}:
                    return await _streamed(request, body, answer(body, rule, number), rule)
                if rule.fault is None:
                    return _json(answer(body, rule, number), headers={**headers, **rule.headers})
                return await self._fail(request, rule, answer(body, rule, number))
            finally:
                self.in_flight -= 1

        return handle

    def _rule(self, body: dict[str, Any], number: int) -> Rule:
        text = last_user_text(body)
        for rule in self.rules:
            if rule.fits(body, text=text, call=number, seed=self.seed):
                rule.used += 1
                return rule
        return Rule()

    def _chat(self, body: dict[str, Any], rule: Rule, number: int) -> dict[str, Any]:
        key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
        self._draws[key] += 1
        return completion(body, rule, seed=self.seed, draw=self._draws[key], number=number)

    def _responses(self, body: dict[str, Any], rule: Rule, number: int) -> dict[str, Any]:
        made = self._chat(body, rule, number)
        text, usage = made["choices"][0]["message"]["content"] or "", made["usage"]
        part = {"type": "output_text", "text": text, "annotations": []}
        return {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": 1_700_000_000,
            "status": "completed",
            "model": body.get("model", ""),
            "output": [
                {
                    "id": f"msg_{number}",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [part],
                }
            ],
            "usage": {
                "input_tokens": usage["prompt_tokens"],
                "output_tokens": usage["completion_tokens"],
                "total_tokens": usage.get("total_tokens", usage["prompt_tokens"] + usage["completion_tokens"]),
            },
        }

    async def _fail(self, request: web.Request, rule: Rule, whole: dict[str, Any]) -> web.StreamResponse:
        if rule.fault == "hang":
            await self._closing.wait()
            return web.Response(status=503)
        if rule.fault in {"reset", "reset_mid_body"}:
            return await _dropped(request, whole if rule.fault == "reset_mid_body" else None)
        return _refused(request, rule) or _strange(rule, whole) or _json(_unanswered(whole, rule.fault))

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
    request: web.Request, body: dict[str, Any], whole: dict[str, Any], rule: Rule
) -> web.StreamResponse:
    """Send the answer as events, all of them or half."""
    events = chat_stream(body, whole) if "choices" in whole else response_stream(whole)
    if rule.fault == "cut_stream":
        events = events[: len(events) // 2]
    response = web.StreamResponse(headers={"content-type": "text/event-stream; charset=utf-8", **rule.headers})
    await response.prepare(request)
    for event in events:
        await response.write(event)
    await response.write_eof()
    return response


def _unanswered(whole: dict[str, Any], fault: str | None) -> dict[str, Any]:
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


def _refused(request: web.Request, rule: Rule) -> web.Response | None:
    """Return what an endpoint that says no would answer."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    said = {
        "status": (rule.status, rule.message or f"status {rule.status} on demand", None),
        "error_in_200": (200, "upstream failed", rule.status),
        "quota": (429, "You exceeded your current quota", "insufficient_quota"),
        "filtered_prompt": (400, "The prompt was filtered", "content_filter"),
        "echo_key": (401, f"Incorrect API key provided: {key}", "invalid_api_key"),
    }
    if rule.fault not in said:
        return None
    status, message, code = said[rule.fault]
    error = {"message": message, "type": "fake", "param": None, "code": code}
    return _json({"error": error}, status=status, headers=rule.headers)


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
