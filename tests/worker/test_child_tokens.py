"""A token command that hangs holds up its own workspace's posts, and nothing else in the child."""

import asyncio
import os
import shlex
from pathlib import Path

from schedbot.model import TokenSource
from schedbot.worker.children.token_cache import Keyring

# More than asyncio's default executor has threads, on any machine.
POSTS = 40
SOON_S = 5


def command(script: str) -> TokenSource:
    return TokenSource("command", f"sh -c {shlex.quote(script)}")


def test_a_hanging_token_command_runs_once_and_holds_up_neither_dns_nor_others(tmp_path: Path) -> None:
    pipe, asked = tmp_path / "pipe", tmp_path / "asked"
    os.mkfifo(pipe)
    hanging = command(f"echo once >> {asked}; cat {pipe}")

    async def scene() -> list[str]:
        keyring = Keyring()
        waiting = [asyncio.ensure_future(keyring.token(hanging)) for _ in range(POSTS)]
        await asyncio.sleep(0)  # each has asked by now
        await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo("localhost", 80), SOON_S)
        other = await asyncio.wait_for(keyring.token(command("echo xoxb-other")), SOON_S)
        waiting.pop().cancel()  # one that no longer waits takes nothing from the rest
        await asyncio.to_thread(pipe.write_text, "xoxb-late\n")
        return [other, *await asyncio.gather(*waiting)]

    assert asyncio.run(scene()) == ["xoxb-other"] + ["xoxb-late"] * (POSTS - 1)
    assert asked.read_text() == "once\n"
