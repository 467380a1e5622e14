"""`schedbot demo`: the whole way in the sandbox."""

import shlex
import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Any

import typer

from schedbot import clock, demo, errors
from schedbot.presentation import terminal
from schedbot.reports import terminal_preview

STYLES = {"plain": "", "bold": "bold", "dim": "dim", "link": "cyan"}


def run(
    folder: Annotated[
        str | None, typer.Option("--dir", metavar="FOLDER", help="Play in this folder, which stays. New or empty.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the sandbox up at the end, until Ctrl-C.")] = False,
) -> None:
    """Show the whole way in the sandbox: add, tick, work, audit, and what was posted. Takes about half a minute.

    No Slack account is needed, and nothing leaves this machine: the real commands run against a Slack on loopback.
    Without --dir all of it is gone at the end. Exit code 0 when everything went as told, else 1.

    Example:  schedbot demo --keep
    """
    try:
        with ended_cleanly(), demo.stage(folder) as on:
            remark(f"A Slack on loopback. Its page, while this runs: {on.slack.url}/")
            with closing(demo.play(on)) as steps:
                bad = shown(steps)
            if keep:
                kept(on)
    except KeyboardInterrupt:
        terminal.note("\nStopped. Nothing is left running.")
        raise typer.Exit(errors.FAILED) from None
    advise(folder, keep)
    raise typer.Exit(errors.FAILED if bad else errors.DONE)


@contextmanager
def ended_cleanly() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does, and a second one does not disturb the clearing away."""
    before = {number: signal.signal(number, interrupt) for number in demo.ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(number: int, frame: Any) -> None:
    for one in demo.ENDINGS:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def shown(steps: Iterable[demo.Step]) -> bool:
    """Print the steps as they come. Did anything not go as told?"""
    bad, after_remark = False, True
    count_down = CountDown()
    for step in steps:
        count_down.show(step) if isinstance(step, demo.Waiting) else count_down.clear()
        # A remark and the command that it is about stand together.
        if isinstance(step, demo.Typed | demo.Remark) and not after_remark:
            terminal.say()
        after_remark = isinstance(step, demo.Remark)
        bad = bad or (isinstance(step, demo.Remark) and step.bad)
        show(step)
        sys.stdout.flush()
    return bad


def show(step: demo.Step) -> None:
    """Print one step."""
    match step:
        case demo.Typed(words):
            for text in as_typed(words):
                terminal.say(text, style="bold")
        case demo.Output(text):
            for line in folded(text):
                terminal.say(line)
        case demo.Remark(text, bad):
            remark(text, "bold red" if bad else "dim")
        case demo.Drawn():
            draw(step)


def remark(text: str, style: str = "dim") -> None:
    for line in textwrap.wrap(text, terminal.width() - 2):
        terminal.say(f"# {line}", style=style)


def folded(text: str) -> Iterator[str]:
    """A command's lines as they are; one that is wider than the terminal is broken between words."""
    for line in text.split("\n"):
        yield from textwrap.wrap(line.rstrip(), terminal.width(), subsequent_indent="       ", tabsize=8) or [""]


def as_typed(words: tuple[str, ...]) -> list[str]:
    """The command's lines, with the marks and the breaks that a shell needs to take them as they are."""
    first, *rest = words
    said = [first] if first == "kill" else ["schedbot", first]
    said += [word if word in ("&", "%1") else shlex.quote(word) for word in rest]
    lines, line = [], "$"
    for place, word in enumerate(said):
        # An option stays with its value.
        value = f" {said[place + 1]}" if word.startswith("--") and place + 1 < len(said) else ""
        if len(line) + 1 + len(word + value) > terminal.width() - 2:
            lines.append(f"{line} \\")
            line = "     "
        line = f"{line} {word}"
    return [*lines, line]


class CountDown:
    """One line on the terminal that says what is waited for; without a terminal, nothing."""

    def __init__(self) -> None:
        self.written = False

    def show(self, waiting: demo.Waiting) -> None:
        if not sys.stdout.isatty():
            return
        what = "asking the history for the one without an answer"
        if waiting.next_at is not None:
            what = f"the next is due in {max(0, waiting.next_at - clock.now_ms()) / 1000:.0f} s"
        text = f"  {waiting.settled} of {waiting.settled + waiting.open} settled; {what} ..."
        print(f"\r{text[: terminal.width() - 1]:<{terminal.width() - 1}}", end="", flush=True)
        self.written = True

    def clear(self) -> None:
        if self.written:
            print("\r" + " " * (terminal.width() - 1) + "\r", end="", flush=True)
            self.written = False


def draw(step: demo.Drawn) -> None:
    """A channel's messages, as a person would see them."""
    terminal.say(f"\n{step.channel}", style="bold")
    for number, message in enumerate(step.messages):
        if number:
            terminal.say()
        for style, text in terminal_preview.preview_lines(message, min(76, terminal.width() - 4)):
            terminal.say(f"  | {text}", style=STYLES[style])


def kept(on: demo.Stage) -> None:
    """Leave the sandbox up until Ctrl-C, and say how to play on."""
    terminal.say("\nThe sandbox stays up. In another terminal:")
    for name, value in on.variables().items():
        terminal.say(f"  export {name}={shlex.quote(value)}")
    terminal.say("  schedbot list; schedbot run-now la-standup; schedbot work --drain")
    try:
        terminal.say(f"Look: {on.slack.url}/    Ctrl-C ends it.")
        sys.stdout.flush()
        signal.pause()
    except KeyboardInterrupt:
        terminal.say()


def advise(folder: str | None, keep: bool) -> None:
    terminal.say()
    if folder:
        terminal.say(f"The database and the configuration are in {folder}.")
        terminal.say("One post's whole story:")
        terminal.say(f"  schedbot --config {shlex.quote(folder)}/schedbot.toml audit 1")
    if not keep:
        terminal.say("Next:  schedbot demo --keep    leaves the sandbox up, to look at and to try")
    terminal.say("       schedbot init           begins for real; README.md has the app for Slack")
