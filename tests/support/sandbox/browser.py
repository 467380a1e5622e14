"""A headless Chromium, controlled over its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/"""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
COMMAND = next((path for name in NAMES if (path := shutil.which(name))), None)
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0")
START_TIMEOUT_S = 30


@dataclass
class BrowserPage:
    """A page of the browser. Expressions are JavaScript."""

    socket: ClientWebSocketResponse
    numbers: Any = field(default_factory=count)

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        number = next(self.numbers)
        await self.socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self.socket.receive_json(timeout=START_TIMEOUT_S)
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    async def open(self, url: str, width: int, height: int = 844, *, dark: bool = False) -> None:
        """Open an address in a window of this size."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.send("Emulation.setEmulatedMedia", features=scheme)
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **metrics)
        await self.send("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression."""
        result = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await self.evaluate(expression):
                await asyncio.sleep(0.05)

    async def screenshot(self, path: Path) -> None:
        """Write a picture of the window."""
        result = await self.send("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(result["data"]))


@asynccontextmanager
async def open_browser() -> AsyncIterator[BrowserPage]:
    """Start a browser with an empty page. It ends with the block."""
    assert COMMAND
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [COMMAND, *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port = await _read_port(Path(folder) / "DevToolsActivePort")
            async with ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as response:
                    targets = json.loads(await response.read())
                address = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield BrowserPage(socket)
        finally:
            child.kill()
            child.wait()


async def _read_port(file: Path) -> int:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            with suppress(OSError, ValueError, IndexError):
                return int(file.read_text().splitlines()[0])
            await asyncio.sleep(0.05)
