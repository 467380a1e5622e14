"""Table of all commands, in the order of the help. The folder of a command's module is its section."""

DESCRIPTION = "Post your customers' reports to Slack at the minute they chose: nothing lost, nothing twice."
EXAMPLE = "schedbot demo"

GLOBAL_OPTIONS = {"config": "Configuration file.", "database": "Database file."}

OPTIONS = {
    **{f"--{name} FILE": sentence for name, sentence in GLOBAL_OPTIONS.items()},
    "--version": "Show the version and exit.",
    "--install-completion": "Install completion for the current shell.",
    "--show-completion": "Show completion for the current shell, to copy it or customize the installation.",
    "-h, --help": "Show this message and exit.",
}

# The variable with which a shell asks for completions.
COMPLETION_REQUEST = "_SCHEDBOT_COMPLETE"

COMMANDS: dict[str, dict[str, str]] = {
    "Setup": {
        "demo": "Show schedbot at work in the sandbox, without a Slack account.",
        "init": "Create the database and a commented schedbot.toml.",
        "sandbox": "Run a local Slack, with a page and faults.",
        "workspace": "Manage Slack workspaces and their token sources.",
    },
    "Schedules": {
        "add": "Add a schedule.",
        "list": "List schedules.",
        "show": "Show a schedule.",
        "edit": "Change a schedule.",
        "pause": "Pause schedules.",
        "resume": "Resume paused or suspended schedules.",
        "skip-next": "Skip the next occurrence of a schedule.",
        "remove": "Remove schedules.",
        "next": "Show the next occurrences.",
        "simulate": "Simulate a span of time in a copy of the database.",
        "calendar": "Set send windows for an account or a workspace.",
        "preview": "Show the message that a schedule would post.",
        "test-send": "Post a schedule's message now, marked as a test.",
        "run-now": "Post a schedule's message now, as an extra job.",
        "import": "Import schedules from CSV or JSON Lines, all or nothing.",
        "sync": "Make schedules equal to a list of your own.",
        "export": "Export schedules as CSV or JSON Lines.",
    },
    "Delivery": {
        "tick": "Enqueue due schedules (run by cron).",
        "work": "Post due jobs.",
        "audit": "Show jobs: when due, where posted, why failed.",
        "retry": "Retry failed jobs.",
        "backfill": "Enqueue past occurrences that have no job.",
        "why": "Explain why a schedule did or did not post.",
    },
    "Operations": {
        "alerts": "Send alerts about failures to a person.",
        "backup": "Copy the database and check the copy.",
        "cron": "Manage the lines of your crontab that run 'schedbot tick'.",
        "service": "Manage units of systemd for 'schedbot work' and for the tick.",
        "log": "Show who changed what, when and from where.",
        "undo": "Undo a recorded change.",
        "reports": "List and check the reports of the configuration.",
        "doctor": "Check the installation.",
        "health": "Show whether posts are going out.",
        "metrics": "Print metrics for Prometheus.",
        "prune": "Delete old jobs, and give their space back.",
        "restore": "Replace the database by a backup.",
        "stats": "Show posts, failures and lateness by day, account and so on.",
    },
}
# These names are keywords, builtins or look like tests, so their modules have other names.
MODULES = {"import": "import_", "list": "list_", "next": "next_", "test-send": "send_test"}


def module_name(command: str) -> str:
    """Return the module of a command; its folder is the command's section."""
    folder = next(title.lower() for title, section in COMMANDS.items() if command in section)
    return f"schedbot.commands.{folder}.{MODULES.get(command, command.replace('-', '_'))}"
