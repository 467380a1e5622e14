"""`schedbot demo`: run schedbot in the sandbox, from `add` to the posted messages."""

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
        str | None,
        typer.Option("--dir", metavar="FOLDER", help="Use this folder and keep it; it must be new or empty."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the sandbox running at the end, until Ctrl-C.")] = False,
) -> None:
    """Show schedbot at work in the sandbox: add, tick, work, audit and the posted messages. Takes half a minute.

    It needs no Slack account and sends nothing to Slack: the real commands run against a Slack imitation on this
    machine. Without --dir all files are deleted at the end. Exit code 0 if all went as expected, else 1.

    Example:  schedbot demo --keep
    """
    try:
        with clean_exit(), demo.stage(folder) as on:
            print_remark(f"A Slack imitation runs on this machine. Its page: {on.slack.url}/")
            with closing(demo.play(on)) as steps:
                has_failed = show_steps(steps)
            if keep:
                wait_for_interrupt(on)
    except KeyboardInterrupt:
        terminal.note("\nStopped. All processes have ended.")
        raise typer.Exit(errors.FAILED) from None
    print_next_steps(folder, keep)
    raise typer.Exit(errors.FAILED if has_failed else errors.DONE)


@contextmanager
def clean_exit() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo like Ctrl-C; a second signal does not disturb the clean-up."""
    before = {number: signal.signal(number, interrupt) for number in demo.ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(number: int, frame: Any) -> None:
    for ending in demo.ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def show_steps(steps: Iterable[demo.Step]) -> bool:
    """Print the steps as they come. Return whether a step failed."""
    has_failed, after_remark = False, True
    count_down = CountDown()
    for step in steps:
        count_down.show(step) if isinstance(step, demo.Waiting) else count_down.clear()
        # No empty line between a remark and its command.
        if isinstance(step, demo.Typed | demo.Remark) and not after_remark:
            terminal.print_line()
        after_remark = isinstance(step, demo.Remark)
        has_failed = has_failed or (isinstance(step, demo.Remark) and step.bad)
        show(step)
        sys.stdout.flush()
    return has_failed


def show(step: demo.Step) -> None:
    """Print one step."""
    match step:
        case demo.Typed(words):
            for text in shell_lines(words):
                terminal.print_line(text, style="bold")
        case demo.Output(text):
            for line in wrap(text):
                terminal.print_line(line)
        case demo.Remark(text, bad):
            print_remark(text, "bold red" if bad else "dim")
        case demo.Drawn():
            draw_channel(step)


def print_remark(text: str, style: str = "dim") -> None:
    for line in textwrap.wrap(text, terminal.width() - 2):
        terminal.print_line(f"# {line}", style=style)


def wrap(text: str) -> Iterator[str]:
    """Yield a command's lines; a line wider than the terminal is wrapped."""
    for line in text.split("\n"):
        yield from textwrap.wrap(line.rstrip(), terminal.width(), subsequent_indent="       ", tabsize=8) or [""]


def shell_lines(words: tuple[str, ...]) -> list[str]:
    """Return the command as lines that can be copied into a shell."""
    first, *rest = words
    arguments = [first] if first == "kill" else ["schedbot", first]
    arguments += [word if word in ("&", "%1") else shlex.quote(word) for word in rest]
    lines, line = [], "$"
    for place, word in enumerate(arguments):
        # An option is on the same line as its value.
        value = f" {arguments[place + 1]}" if word.startswith("--") and place + 1 < len(arguments) else ""
        if len(line) + 1 + len(word + value) > terminal.width() - 2:
            lines.append(f"{line} \\")
            line = "     "
        line = f"{line} {word}"
    return [*lines, line]


class CountDown:
    """One line on the terminal with the jobs that the demo waits for; nothing without a terminal."""

    def __init__(self) -> None:
        self.is_visible = False

    def show(self, waiting: demo.Waiting) -> None:
        if not sys.stdout.isatty():
            return
        reason = "checking the channel's history for the unanswered post"
        if waiting.next_at is not None:
            reason = f"the next job is due in {max(0, waiting.next_at - clock.now_ms()) / 1000:.0f} s"
        text = f"  {waiting.settled} of {waiting.settled + waiting.open} finished; {reason} ..."
        print(f"\r{text[: terminal.width() - 1]:<{terminal.width() - 1}}", end="", flush=True)
        self.is_visible = True

    def clear(self) -> None:
        if self.is_visible:
            print("\r" + " " * (terminal.width() - 1) + "\r", end="", flush=True)
            self.is_visible = False


def draw_channel(step: demo.Drawn) -> None:
    """Print a channel's messages as Slack would show them."""
    terminal.print_line(f"\n{step.channel}", style="bold")
    for number, message in enumerate(step.messages):
        if number:
            terminal.print_line()
        for style, text in terminal_preview.preview_lines(message, min(76, terminal.width() - 4)):
            terminal.print_line(f"  | {text}", style=STYLES[style])


def wait_for_interrupt(on: demo.Stage) -> None:
    """Print how to use the running sandbox, and wait for Ctrl-C."""
    terminal.print_line("\nThe sandbox is still running. In another terminal:")
    for name, value in on.variables().items():
        terminal.print_line(f"  export {name}={shlex.quote(value)}")
    terminal.print_line("  schedbot list; schedbot run-now la-standup; schedbot work --drain")
    try:
        terminal.print_line(f"Page: {on.slack.url}/    Ctrl-C stops the sandbox.")
        sys.stdout.flush()
        signal.pause()
    except KeyboardInterrupt:
        terminal.print_line()


def print_next_steps(folder: str | None, keep: bool) -> None:
    terminal.print_line()
    if folder:
        terminal.print_line(f"Database and configuration are in {folder}.")
        terminal.print_line("Time line of one job:")
        terminal.print_line(f"  schedbot --config {shlex.quote(folder)}/schedbot.toml audit 1")
    if not keep:
        terminal.print_line("Next:  schedbot demo --keep    keeps the sandbox running for you to try")
    terminal.print_line("       schedbot init           starts your own set-up; README.md explains the Slack app")
