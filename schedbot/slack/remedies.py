"""Slack's reasons and remedies as a user reads them, with the names of a schedule, a workspace and a job filled in."""

import re
import shlex

from schedbot.slack.error_codes import explain, is_known

WORKSPACE_COMMAND = re.compile(r"(workspace (?:resume|check)) NAME")
START_CODES = frozenset({"no_posters", "no_renderers", "no_live_renderers"})
PLACEHOLDER = re.compile(r"\b(?:NAME|WORKSPACE|JOB)\b")


def fill_names(remedy: str, workspace: str, schedule: str = "NAME", job: str = "JOB") -> str:
    """Return a remedy of `error_codes` ready to type: commands in quotes, placeholders replaced by names."""
    template = WORKSPACE_COMMAND.sub(r"\1 WORKSPACE", remedy.replace("`", "'"))
    names = {"NAME": shlex.quote(schedule), "WORKSPACE": shlex.quote(workspace), "JOB": job}
    return PLACEHOLDER.sub(lambda match: names[match[0]], template)


def describe_reason(reason: str | None) -> str:
    """Return the reason, led by its meaning if it is a known code: `the channel is archived (is_archived)`."""
    if not reason:
        return ""
    if not is_known(reason):
        return reason
    sentence = explain(reason).sentence.rstrip(".")
    if not sentence.startswith("Slack"):
        sentence = sentence[0].lower() + sentence[1:]
    return f"{sentence} ({reason})"


def explain_passing_failure(code: str, workspace: str, detail: str) -> tuple[str, str]:
    """Return sentence and remedy of a failure that may pass: of a workspace's token source, or ('') of this machine."""
    if workspace:
        sentence = f"Workspace {shlex.quote(workspace)} has no token: {detail}"
        return sentence, "Its jobs wait and are tried again. After 5 min the workspace is paused."
    entry = explain(code)
    sentence = f"{entry.sentence} The last failed: {detail}" if code in START_CODES else entry.sentence
    return sentence, entry.remedy.replace("`", "'")
