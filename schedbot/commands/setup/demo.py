"""`schedbot demo`: show schedbot at work in the sandbox."""

import shlex
import signal
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Any

import typer

from schedbot import clock, demo, errors
from schedbot.presentation import output
from schedbot.presentation.message.print_message import print_message


def run(
    folder: Annotated[
        str | None,
        typer.Option("--dir", metavar="FOLDER", help="Use this folder and keep it; it must be new or empty."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the sandbox running at the end, until Ctrl-C.")] = False,
) -> None:
    """Show schedbot at work in the sandbox: add, tick, work, audit and the posted messages. Takes half a minute.

    It needs no Slack account and sends nothing to Slack: the real commands run against a local Slack. Without --dir all
    files are deleted at the end. Exit code 0 if all went as expected, else 1.

    Example:  schedbot demo --keep
    """
    try:
        with stop_on_signal(), demo.open_environment(folder) as environment:
            print_note(f"A local Slack is running. Its page, until the demo ends: {environment.slack.url}/")
            with closing(demo.run_steps(environment)) as steps:
                has_failed = print_steps(steps)
            if keep:
                keep_running(environment)
    except KeyboardInterrupt:
        output.note("\nStopped. No process is left.")
        raise typer.Exit(errors.FAILED) from None
    print_next_commands(folder, keep)
    raise typer.Exit(errors.FAILED if has_failed else errors.DONE)


@contextmanager
def stop_on_signal() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C. A second signal does not interrupt the clean-up."""
    handlers = {number: signal.signal(number, interrupt) for number in demo.STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def interrupt(number: int, frame: Any) -> None:
    for stop_signal in demo.STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    raise KeyboardInterrupt


def print_steps(steps: Iterable[demo.Step]) -> bool:
    """Print the steps while they happen. Does any of them report an error?"""
    has_failed, is_after_note = False, True
    progress_line = ProgressLine()
    for step in steps:
        progress_line.show(step) if isinstance(step, demo.Progress) else progress_line.clear()
        # No empty line between a note and its command.
        if isinstance(step, demo.Command | demo.Note) and not is_after_note:
            output.print_line()
        is_after_note = isinstance(step, demo.Note)
        has_failed = has_failed or (isinstance(step, demo.Note) and step.is_error)
        print_step(step)
        sys.stdout.flush()
    return has_failed


def print_step(step: demo.Step) -> None:
    match step:
        case demo.Command(words):
            for text in format_command(words):
                output.print_line(text, style="bold")
        case demo.Output(text):
            for line in wrap_lines(text):
                output.print_line(line)
        case demo.Note(text, is_error):
            print_note(text, "bold red" if is_error else "dim")
        case demo.ChannelMessages():
            print_channel(step)


def print_note(text: str, style: str = "dim") -> None:
    for line in textwrap.wrap(text, output.width() - 2):
        output.print_line(f"# {line}", style=style)


def wrap_lines(text: str) -> Iterator[str]:
    """Yield the lines of a command's output, broken between words where they are wider than the terminal."""
    for line in text.split("\n"):
        yield from textwrap.wrap(line.rstrip(), output.width(), subsequent_indent="       ", tabsize=8) or [""]


def format_command(words: tuple[str, ...]) -> list[str]:
    """Return the command as lines that a shell accepts, with quotes and line breaks."""
    first, *rest = words
    typed = [first] if first == "kill" else ["schedbot", first]
    typed += [word if word in ("&", "%1") else shlex.quote(word) for word in rest]
    lines, line = [], "$"
    for index, word in enumerate(typed):
        # An option stays with its value.
        value = f" {typed[index + 1]}" if word.startswith("--") and index + 1 < len(typed) else ""
        if len(line) + 1 + len(word + value) > output.width() - 2:
            lines.append(f"{line} \\")
            line = "     "
        line = f"{line} {word}"
    return [*lines, line]


class ProgressLine:
    """A line on the terminal that shows the progress; nothing without a terminal."""

    def __init__(self) -> None:
        self.is_shown = False

    def show(self, progress: demo.Progress) -> None:
        if not sys.stdout.isatty():
            return
        status = "looking up the message without a response"
        if progress.next_at is not None:
            status = f"the next is due in {max(0, progress.next_at - clock.now_ms()) / 1000:.0f} s"
        text = f"  {progress.ended} of {progress.ended + progress.open} jobs ended; {status} ..."
        print(f"\r{text[: output.width() - 1]:<{output.width() - 1}}", end="", flush=True)
        self.is_shown = True

    def clear(self) -> None:
        if self.is_shown:
            print("\r" + " " * (output.width() - 1) + "\r", end="", flush=True)
            self.is_shown = False


def print_channel(step: demo.ChannelMessages) -> None:
    """Print a channel's messages as Slack shows them."""
    output.print_line(f"\n{step.channel}", style="bold")
    for index, message in enumerate(step.messages):
        if index:
            output.print_line()
        print_message(message, min(76, output.width() - 4), prefix="  | ")


def keep_running(environment: demo.DemoEnvironment) -> None:
    """Print how to use the sandbox, and wait for Ctrl-C."""
    output.print_line("\nThe sandbox keeps running. In another terminal:")
    for name, value in environment.variables().items():
        output.print_line(f"  export {name}={shlex.quote(value)}")
    output.print_line("  schedbot list; schedbot run-now la-standup; schedbot work --drain")
    try:
        output.print_line(f"Page: {environment.slack.url}/    Ctrl-C stops the sandbox.")
        sys.stdout.flush()
        signal.pause()
    except KeyboardInterrupt:
        output.print_line()


def print_next_commands(folder: str | None, keep: bool) -> None:
    output.print_line()
    if folder:
        output.print_line(f"The database and the configuration are in {folder}.")
        output.print_line("The history of a single job:")
        output.print_line(f"  schedbot --config {shlex.quote(folder)}/schedbot.toml audit 1")
    if not keep:
        output.print_line("Next:  schedbot demo --keep    keep the sandbox running and try more commands")
    output.print_line("       schedbot init --example sales    reports from your data: docs/reports.md")
    output.print_line("       schedbot init           set up schedbot; README.md explains the Slack app")
