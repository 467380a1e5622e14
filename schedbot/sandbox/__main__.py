"""`python -m schedbot.sandbox SETUP`: the child that `schedbot.sandbox.start` starts. SETUP is JSON.

One line of JSON on stdout says where it listens, or why it can't; the next thing it says is nothing.
"""

import asyncio
import json
import sys

from schedbot.errors import SchedbotError
from schedbot.sandbox.server import serve, setup_from


def main() -> int:
    """Serve until told to end; 1 if it could not begin."""
    try:
        asyncio.run(serve(setup_from(json.loads(sys.argv[1])), lambda port: _say({"port": port})))
    except SchedbotError as error:
        _say({"error": str(error), "hint": error.hint, "code": error.code})
        return error.code
    return 0


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
