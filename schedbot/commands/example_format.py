"""Examples of help texts in lines that fit the terminal and can be pasted into a shell."""

import re

WORD = r"""(?:'[^']*'|"[^"]*"|[^\s'"])+"""
# A word of a shell with its quotes; an option keeps its value beside it.
PART = re.compile(rf"--[\w-]+\s+(?!-){WORD}|{WORD}")
CONTINUED = "    "


def split_help(text: str) -> tuple[str, str]:
    """Return the description and the example of a help text."""
    description, _, example = text.partition("Example:")
    return description.strip(), " ".join(example.split())


def shell_lines(example: str, width: int) -> list[str]:
    """Return a shell command in lines of at most `width` columns, with a backslash where it goes on.

    It is broken before an option or a word; a part that is longer than a line stays whole.
    """
    lines = [""]
    for part in PART.findall(example):
        joined = f"{lines[-1]} {part}" if lines[-1].strip() else lines[-1] + part
        if len(joined) > width - len(" \\") and lines[-1].strip():
            lines.append(CONTINUED + part)
        else:
            lines[-1] = joined
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
