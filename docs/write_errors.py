"""Makes docs/errors.md from the table of Slack's answers and ours:  python docs/write_errors.py"""

from pathlib import Path

from schedbot.model import Outcome
from schedbot.slack import error_codes

TARGET = Path(__file__).with_name("errors.md")
HEAD = """\
# Errors

What each code in the audit's `error` means, and what helps. Made from `schedbot/slack/error_codes.py` by
`docs/write_errors.py`; codes that Slack never sends (what happened on the way, or before it) stand among them.

A code that is not here counts as unknown: the channel's history is asked whether the message arrived, and a person is
told. Nothing is sent again and again because of it.
"""
GROUPS = {
    Outcome.RATE_LIMITED: "The workspace waits as long as Slack says. No attempt is used up.",
    Outcome.QUOTA: "The workspace is tried again every hour. No attempt is used up.",
    Outcome.UNKNOWN: "The message may be there. The channel's history is asked; found, the job succeeds; not found, "
    "it is sent again. If the history cannot be asked, `--on-unknown` decides.",
    Outcome.NOT_POSTED: "Nothing was posted. Tried again with growing pauses, each an attempt.",
    Outcome.TOKEN_REFUSED: "A token that was rotated meanwhile is read anew, and the job tried again; else the "
    "workspace is paused and its jobs wait. No attempt is used up.",
    Outcome.CHANNEL_REFUSED: "The job fails at once, and its schedule is suspended with the reason.",
    Outcome.MESSAGE_REFUSED: "The job fails at once: the report is at fault.",
    Outcome.OUR_DEFECT: "The job fails at once.",
    Outcome.RENDER_FAILED: "The job fails at once; nothing was sent.",
    Outcome.LOST_UNSENT: "Nothing was sent. The job is queued again; no attempt is used up.",
}


def text() -> str:
    """The page."""
    parts = [HEAD]
    for outcome, does in GROUPS.items():
        rows = [
            f"| `{one.code}` | {one.sentence} | {one.remedy} |"
            for one in error_codes.ERROR_CODES.values()
            if one.outcome is outcome
        ]
        parts += [f"## {outcome.value}\n", f"{does}\n", "| code | what happened | what helps |", "|---|---|---|"]
        parts += [*rows, ""]
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text())
