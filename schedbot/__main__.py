"""The way in, also as `python -m schedbot`: Ctrl-C ends the program quietly from its first import on."""

import sys

INTERRUPTED = 130  # what a shell says of a program that SIGINT ended


def main() -> None:
    """Run the command that was typed."""
    try:
        from schedbot import cli
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    cli.main()


if __name__ == "__main__":
    main()
