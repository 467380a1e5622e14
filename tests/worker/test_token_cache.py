"""Token cache: a token command that hangs delays its own workspace's posts alone."""

import asyncio
import os
import shlex
from pathlib import Path

from schedbot.model import TokenSource
from schedbot.worker.children.token_cache import TokenCache

# More than asyncio's default executor has threads, on any machine.
POSTS = 40
SOON_S = 5


def token_command(script: str) -> TokenSource:
    return TokenSource("command", f"sh -c {shlex.quote(script)}")


def test_hanging_token_command_runs_once_and_delays_no_other(tmp_path: Path) -> None:
    fifo, runs = tmp_path / "fifo", tmp_path / "runs"
    os.mkfifo(fifo)
    hanging = token_command(f"echo once >> {runs}; cat {fifo}")

    async def read_tokens() -> list[str]:
        cache = TokenCache()
        waiting = [asyncio.ensure_future(cache.get(hanging)) for _ in range(POSTS)]
        await asyncio.sleep(0)  # now each waits for the command
        await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo("localhost", 80), SOON_S)
        other = await asyncio.wait_for(cache.get(token_command("echo xoxb-other")), SOON_S)
        waiting.pop().cancel()  # a caller that no longer waits does not end the command
        await asyncio.to_thread(fifo.write_text, "xoxb-late\n")
        return [other, *await asyncio.gather(*waiting)]

    assert asyncio.run(read_tokens()) == ["xoxb-other"] + ["xoxb-late"] * (POSTS - 1)
    assert runs.read_text() == "once\n"
