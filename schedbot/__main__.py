"""Entry point, also of `python -m schedbot`. Ctrl-C ends the program quietly, even while it imports."""

import sys

INTERRUPTED = 130  # a shell's exit code for SIGINT


def main() -> None:
    """Run the command line."""
    try:
        from schedbot import command_line

        command_line.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
