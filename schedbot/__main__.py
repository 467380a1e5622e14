"""`python -m schedbot`."""

from schedbot.cli import main

if __name__ == "__main__":
    main()
