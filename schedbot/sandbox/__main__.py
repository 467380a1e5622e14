"""`python -m schedbot.sandbox CONFIG`: the child process of `schedbot.sandbox.start`. CONFIG is JSON.

Prints a single line of JSON to stdout: the port, or the error that prevents the start.
"""

import asyncio
import json
import sys

from schedbot.errors import SchedbotError
from schedbot.sandbox.server import parse_config, serve


def main() -> int:
    """Serve until a signal. Returns the exit code, which is not 0 if the server could not start."""
    try:
        asyncio.run(serve(parse_config(json.loads(sys.argv[1])), lambda port: _print_json({"port": port})))
    except SchedbotError as error:
        _print_json({"error": str(error), "hint": error.hint, "code": error.code})
        return error.code
    return 0


def _print_json(fields: dict[str, object]) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    sys.exit(main())
