"""Writes schedbot/sandbox/page/emoji.txt from emoji.json of the npm package emoji-datasource, whose names are Slack's:

    npm pack emoji-datasource && tar xzf emoji-datasource-*.tgz && python docs/write_emoji.py package/emoji.json

Source: https://github.com/iamcal/emoji-data (MIT licence)
"""

import json
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "schedbot" / "sandbox" / "page" / "emoji.txt"


def text(emoji: list[dict[str, object]]) -> str:
    """Return a line for each emoji: the letter, then its names."""
    lines = []
    for entry in sorted(emoji, key=lambda entry: str(entry["short_name"])):
        letter = "".join(chr(int(code, 16)) for code in str(entry["unified"]).split("-"))
        names = entry["short_names"]
        assert isinstance(names, list)
        lines.append(" ".join([letter, *names]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(json.loads(Path(sys.argv[1]).read_text())))
