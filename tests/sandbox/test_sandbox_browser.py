"""The page in a real browser: threads, files and edits, its width, and hostile messages."""

import asyncio
import zlib
from struct import pack
from typing import Any

import pytest

from tests.support.sandbox import browser
from tests.support.sandbox.client import SandboxClient
from tests.support.sandbox.uploads import upload

pytestmark = [
    pytest.mark.skipif(browser.COMMAND is None, reason="Chromium is missing"),
    pytest.mark.slow,  # a browser starts
]
CHANNEL = "C0SANDBOX01"
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>" + "W" * 400
TOO_WIDE = (
    "[document.documentElement, document.getElementById('messages')].filter((n) => n.scrollWidth > n.clientWidth)"
)

AT_END = "((list) => list.scrollTop + list.clientHeight >= list.scrollHeight - 2)(document.querySelector('#messages'))"


def chunk(name: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))


def draw_picture(width: int) -> bytes:
    """Return a grey PNG."""
    pixels = zlib.compress((b"\0" + b"\x80" * width) * 20)
    header = pack(">IIBBBBB", width, 20, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def share(server: SandboxClient, name: str, content: bytes, **fields: str) -> None:
    files = [{"id": upload(server, name, content)}]
    server("files.completeUploadExternal", files=files, channel_id=CHANNEL, **fields)


def post(server: SandboxClient, text: str, **fields: Any) -> str:
    return str(server("chat.postMessage", channel=CHANNEL, text=text, **fields).body["ts"])


def fill_channel(server: SandboxClient) -> str:
    """Post messages of all kinds. Returns the ts of the message with a thread."""
    ts = post(server, "Weekly sales", username="Acme reports")
    share(server, "sales.csv", b"a,b\n", thread_ts=ts)
    share(server, "chart.png", draw_picture(2_000))
    cells = [[{"type": "raw_text", "text": f"column {number}"} for number in range(20)]] * 2
    post(server, "table", blocks=[{"type": "table", "rows": cells}, {"type": "markdown", "text": f"**{HOSTILE}**"}])
    post(server, HOSTILE, attachments=[{"title": HOSTILE, "text": HOSTILE}])
    server("chat.update", channel=CHANNEL, ts=ts, text="Weekly sales, corrected")
    return ts


async def read_page(url: str, server: SandboxClient, ts: str) -> dict[str, Any]:
    async with browser.open_browser() as page:
        wide: dict[int, int] = {}
        for width in (1280, 390):
            await page.open(url, width, dark=width == 390)
            await page.wait_for("document.querySelector('.message img')?.naturalWidth === 2000")
            wide[width] = await page.evaluate(f"{TOO_WIDE}.length")
            await page.wait_for(AT_END)
        post(server, "late reply", thread_ts=ts)
        await page.wait_for("document.querySelectorAll('.thread li').length === 2")
        return {
            "wide": wide,
            "parent": await page.evaluate("document.querySelector('.thread').closest('.message').innerText"),
            "download": await page.evaluate("document.querySelector('.thread a.file').download"),
            "days": await page.evaluate("document.querySelectorAll('.day').length"),
            "hacked": await page.evaluate("[window.hacked, document.querySelectorAll('.message script').length]"),
            "hosts": await page.evaluate(
                "[...new Set(performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin))]"
            ),
        }


def test_page_shows_all_kinds_of_messages(any_server: SandboxClient) -> None:
    ts = fill_channel(any_server)
    shown = asyncio.run(read_page(any_server.running.url, any_server, ts))
    assert shown["wide"] == {1280: 0, 390: 0}
    assert shown["parent"].startswith("Acme reports")
    assert "(edited)" in shown["parent"]
    assert "Weekly sales, corrected" in shown["parent"]
    assert "2 replies" in shown["parent"]
    assert shown["parent"].endswith("late reply")
    assert (shown["download"], shown["days"]) == ("sales.csv", 1)
    assert shown["hacked"] == [None, 0]
    assert shown["hosts"] == [any_server.running.url]
