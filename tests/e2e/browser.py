"""Debian's Chromium without a window, driven by its DevTools protocol: what a page shows once its programs ran."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.debian import program

_PATIENCE_S = 90.0
_SIZE = "1440,900"


class Page:
    """One page of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0
        self.events: list[tuple[str, dict[str, Any]]] = []
        """What the browser told of by itself, by its name there, once `watch` asked it to."""

    async def shows(self, address: str, *texts: str) -> str:
        """Go to an address and return what stands there once all of `texts` do. Raises with it where they never do."""
        await self._do("Page.navigate", url=address)
        until, text = time.monotonic() + _PATIENCE_S, ""
        while time.monotonic() < until:
            text = await self.value("document.body ? document.body.innerText : ''")
            if all(each in text for each in texts):
                return text
            await asyncio.sleep(0.2)
        missing = [each for each in texts if each not in text]
        raise AssertionError(f"{address} does not show {missing}, but:\n{text}")

    async def value(self, expression: str) -> Any:
        """Return what a piece of JavaScript comes to."""
        found = await self._do("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value", "")

    async def watch(self) -> None:
        """Ask to be told of requests, of what programs say, of their errors, and of dialogs."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self._do(f"{domain}.enable")

    async def opens(self, address: str) -> None:
        """Go to an address and wait until its page is there and its programs ran."""
        await self._do("Page.navigate", url=address)
        until = time.monotonic() + _PATIENCE_S
        while await self.value("document.readyState + location.href") != f"complete{address}":
            assert time.monotonic() < until, f"{address} never ended loading"
            await asyncio.sleep(0.05)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, by the names that pages know them by (`j`, `/`, `Escape`)."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            await self._do("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
            await self._do("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def size(self, width: int, height: int) -> None:
        """Give the page another size, in pixels."""
        await self._do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def prefers(self, scheme: str) -> None:
        """Be somebody who likes pages `light` or `dark`."""
        await self._do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def without_programs(self) -> None:
        """Run no program of the pages to come."""
        await self._do("Emulation.setScriptExecutionDisabled", value=True)

    async def picture(self) -> bytes:
        """Return what is seen, a PNG file."""
        return base64.b64decode((await self._do("Page.captureScreenshot", format="png"))["data"])

    async def whole(self, address: str, *, width: int) -> bytes:
        """Return a whole page of a width, however long it is, a PNG file."""
        metrics = {"deviceScaleFactor": 1, "mobile": False}
        await self._do("Emulation.setDeviceMetricsOverride", width=width, height=200, **metrics)
        await self._do("Page.navigate", url=address)
        until = time.monotonic() + _PATIENCE_S
        while not await self.value(f"document.readyState == 'complete' && location.href == {json.dumps(address)}"):
            assert time.monotonic() < until, f"{address} was not shown"
            await asyncio.sleep(0.05)
        height = int(await self.value("Math.ceil(document.documentElement.getBoundingClientRect().height)"))
        await self._do("Emulation.setDeviceMetricsOverride", width=width, height=max(height, 1), **metrics)
        return await self.picture()

    async def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async for message in self._socket:
            said = message.json()
            if "method" in said:
                self.events.append((said["method"], said["params"]))
            if said.get("id") == self._number:
                assert "error" not in said, (method, said["error"])
                return said["result"]
        raise AssertionError(f"the browser went away at {method}")


@contextmanager
def _running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars")
    command = [program("chromium"), *options, *quiet, f"--window-size={_SIZE}", f"--user-data-dir={folder}"]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        browser = subprocess.Popen(
            [*command, "--remote-debugging-port=0", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield browser
    finally:
        browser.terminate()
        browser.wait(30)


@asynccontextmanager
async def page(folder: Path) -> AsyncIterator[Page]:
    """Start a browser whose profile is `folder`, and give an empty page."""
    with _running(folder) as browser:
        port = await _port(folder, browser)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (blank,) = [each for each in await answer.json() if each["type"] == "page"]
            async with session.ws_connect(blank["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Page(socket)


async def _port(folder: Path, browser: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and browser.poll() is None:
        try:
            return int((folder / "DevToolsActivePort").read_text().split()[0])
        except (OSError, IndexError, ValueError):
            await asyncio.sleep(0.05)
    raise AssertionError(f"Chromium did not start: {folder}.log says why")
