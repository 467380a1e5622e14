"""The command line. The one place where an error becomes a message and an exit code.

What cron and monitors start each minute (`quick_commands`) runs without the parser of options, which is slow to load.
"""

import gc
import os
import sys
from typing import NoReturn

from schedbot import quick_commands
from schedbot.command_table import COMPLETION_REQUEST
from schedbot.errors import FAILED, BadFile, SchedbotError, explain_machine_failure, redact_tokens
from schedbot.presentation import streams


def main() -> None:
    """Run the command line; exit codes are in `errors`."""
    streams.prepare()
    if COMPLETION_REQUEST in os.environ:
        complete()
    try:
        streams.refuse_other_encodings(sys.argv[1:])
        run_command()
    except SchedbotError as error:
        print_error(error)
        sys.exit(error.code)
    except (OSError, MemoryError, RuntimeError) as error:
        if (explained := explain_machine_failure(error)) is None:
            raise
        error.__traceback__ = None  # its frames hold the files and the memory that the message needs
        print_error(explained)
        sys.exit(explained.code)


def complete() -> NoReturn:
    """Print the completions that a shell asks for."""
    from schedbot import cli
    from schedbot.commands import completion

    with completion.silence():
        cli.app(prog_name="schedbot")
    sys.exit()


def run_command() -> None:
    """Run the command and flush its output. Raises OutputUnwritable."""
    try:
        try:
            run_quick_command()
            from schedbot import cli

            cli.app(prog_name="schedbot")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if (unwritable := streams.unwritable(error)) is None:
            raise
        raise unwritable from None


def run_quick_command() -> None:
    """Run the command and end the program, if the command is a quick one."""
    gc.disable()  # what they import stays: a tenth of their time would go into looking for garbage
    try:
        code = quick_commands.run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        streams.drop_output()
        sys.exit(FAILED)
    if code is not None:
        sys.exit(code)
    gc.enable()


def print_error(error: SchedbotError) -> None:
    """Print the error and its hint, without control characters."""
    from schedbot.presentation import output

    if isinstance(error, BadFile):
        for line in error.lines:
            output.note(line)
    output.note(redact_tokens(f"Error: {error.command_message}"))
    if error.hint:
        output.note(redact_tokens(f"Hint:  {error.hint}"))
