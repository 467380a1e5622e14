"""Remedies of the table of error codes: each names the command that helps, or says that nothing is needed."""

RETRIED = " schedbot tries again automatically."
RETRIED_HOURLY = " schedbot tries again every hour."
NOTHING_TO_DO = "Nothing to do:"

RESUME = "Fix this, then run `schedbot workspace resume NAME`: the waiting jobs are sent."
NEW_TOKEN = "Put a valid token into the workspace's token source, then run `schedbot workspace resume NAME`."
CHECK = "Run `schedbot workspace check NAME`: it lists the missing scopes."
CHANNEL = "Run `schedbot edit NAME --channel CHANNEL`, then run `schedbot resume NAME` and `schedbot retry`."
PERSON = (
    "Run `schedbot edit NAME --channel CHANNEL` with another person or channel, then run `schedbot resume NAME` and "
    "`schedbot retry`."
)
IM_WRITE = (
    "Add the scope im:write to the app (OAuth & Permissions) and install it again, then run `schedbot resume NAME` and "
    "`schedbot retry`."
)
INVITE = "In Slack, `/invite` the app to the channel, then run `schedbot resume NAME` and `schedbot retry`."
ASK_ADMIN = "Ask an admin of the Slack workspace, then run `schedbot resume NAME` and `schedbot retry`."
REPORT = "Run `schedbot preview NAME` to see the message, fix the report, then run `schedbot retry`."
NOT_READY = f"{NOTHING_TO_DO} The report is asked again until the job's deadline. Then it fails."
NEW_MESSAGE = f"{NOTHING_TO_DO} schedbot posts a new message instead."
APP_NAME = (
    f"{NOTHING_TO_DO} the message is posted with the app's own name and icon. `schedbot workspace check NAME` lists "
    "the missing scopes."
)
NO_REPORT = "Use `schedbot edit NAME --on-empty TEXT` to post a text instead."
NOTHING = f"{NOTHING_TO_DO}{RETRIED}"
LOOKED_UP = f"{NOTHING_TO_DO} schedbot looks the message up in the channel's history."
START_REMEDY = f"Check memory, `ulimit -v`, `ulimit -u` and the settings; the log of `schedbot work` has more.{RETRIED}"
BUG = "This is a bug in schedbot. Please report it with the output of `schedbot audit JOB --json`."
LOOKED_UP_FILE = f"{NOTHING_TO_DO} schedbot asks Slack about the file."
FILES_SCOPE = (
    "Add the scopes files:write and files:read to the app and install it again (`schedbot workspace check NAME` lists "
    "what is missing), then run `schedbot retry`."
)
ADMIN_OF_FILES = "Ask an admin of the Slack workspace, or leave the file out of the report. Then run `schedbot retry`."
NEW_FILE = "Run `schedbot run-now NAME` to render the report and post it again."
RESTRICTED = (
    "A setting of the workspace forbids the app to post in this channel, or to use a mention such as <!channel> there."
)
NETWORK = f"Run `schedbot doctor --online` to test the connection to Slack.{RETRIED}"
