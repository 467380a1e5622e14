"""Named reports: the tables `[reports.NAME]` and `[databases.NAME]` of schedbot.toml.

Only the configuration names code: a schedule has the name of a report, never a function, a command or a query. A table
that is not valid fails its own report alone, at each use. Paths are relative to the configuration file.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from schedbot import times
from schedbot.errors import BadInput
from schedbot.reports.definition_fields import check_table, parse_memory, parse_strings, parse_text, parse_whole
from schedbot.rules import periods
from schedbot.settings import Settings

SOURCES = ("python", "command", "query", "template", "text")  # a table has one of them; a query may have a template
COMMON_KEYS = ("timeout", "memory", "concurrency", "prepare", "period", "on_empty")
KEYS = {
    "python": ("python", "batch"),
    "command": ("command", "env"),
    "query": ("query", "database", "template", "max_rows"),
    "template": ("template",),
    "text": ("text",),
}
KINDS = {"python": "python", "command": "command", "query": "sql", "template": "template", "text": "text"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
OWN_LIMIT_MS = 2_000
MAX_BATCH, MAX_CONCURRENCY, MAX_ROWS = 1_000, 1_000, 100_000


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """A named report. `kind`: text, template, sql, python or command; `place`: its text, path or function.

    `timeout_ms` and `memory_bytes` limit each rendering; `concurrency` counts all renderers. `prepare_ms`: how long
    before its instant it may be rendered. `database`: a name, `max_rows`: of a query. `batch`: contexts in one call.
    `section`: `sync` for the source of a sync.
    """

    name: str
    kind: str
    place: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    database: str = ""
    template: str = ""
    max_rows: int = 1_000
    batch: int = 1
    timeout_ms: int = 30_000
    memory_bytes: int = 512 << 20
    concurrency: int = 20
    prepare_ms: int = 0
    period: str = ""
    on_empty: str = ""
    section: str = "reports"

    @property
    def end_after_ms(self) -> int:
        """Time after which its process is ended; a query or a program is ended before, with a better reason."""
        return self.timeout_ms + (OWN_LIMIT_MS if self.kind in ("sql", "command") else 0)

    @property
    def title(self) -> str:
        """Return `the report 'weekly'`, or `the sync 'product'` for a table `[sync.product]`."""
        return f"the {self.section.removesuffix('s')} '{self.name}'"

    @property
    def subject(self) -> str:
        """Return the title as the begin of a sentence: `The report 'weekly'`."""
        return f"T{self.title[1:]}"


@dataclass(frozen=True, slots=True)
class DatabaseDefinition:
    """A database of reports: its URL, or the environment variable that holds the URL. The URL may hold a password."""

    name: str
    url: str = field(default="", repr=False)
    url_env: str = ""
    folder: str = ""

    def resolve_url(self) -> str:
        """Return the URL. Raises BadInput if its variable is not set."""
        if self.url:
            return anchor_sqlite(self.url, Path(self.folder))
        url = os.environ.get(self.url_env, "")
        if not url:
            problem = f"The variable {self.url_env} is not set: it holds the URL of the database '{self.name}'."
            raise BadInput(problem, f"Set {self.url_env} where 'schedbot work' starts.")
        return anchor_sqlite(url, Path(self.folder))


@dataclass(frozen=True, slots=True)
class Definitions:
    """All named reports and their databases. `problems`: names of invalid tables, with their errors."""

    reports: Mapping[str, ReportDefinition]
    databases: Mapping[str, DatabaseDefinition]
    python_path: tuple[str, ...]
    problems: Mapping[str, BadInput]

    def find(self, name: str) -> ReportDefinition:
        """Return a named report. Raises BadInput if the configuration has none, or if its table is not valid."""
        if name in self.problems:
            raise self.problems[name]
        if name not in self.reports:
            raise BadInput(f"The configuration has no report {times.quote(name)}.", self.suggest(name))
        return self.reports[name]

    def suggest(self, name: str) -> str:
        """Return a hint for a name that no report has."""
        near = get_close_matches(name, self.reports, n=1)
        if near:
            return f"Did you mean '{near[0]}'? 'schedbot reports' lists all."
        return f"Write a table [reports.{name}] in schedbot.toml, or give the path of a template."

    def has(self, name: str) -> bool:
        """Is there a table for the report, valid or not?"""
        return name in self.reports or name in self.problems

    def find_database(self, definition: ReportDefinition) -> DatabaseDefinition:
        """Return the database of a query. Raises BadInput if the configuration has none."""
        if f"[databases.{definition.database}]" in self.problems:
            raise self.problems[f"[databases.{definition.database}]"]
        if definition.database not in self.databases:
            problem = f"{definition.subject} names the database '{definition.database}', which is not there."
            raise BadInput(problem, f"Write a table [databases.{definition.database}] with url or url_env.")
        return self.databases[definition.database]

    def find_url(self, definition: ReportDefinition) -> str:
        """Return the URL of a report's database, '' for a report without one. Raises BadInput."""
        return self.find_database(definition).resolve_url() if definition.kind == "sql" else ""


NO_DEFINITIONS = Definitions({}, {}, (), {})


def load(settings: Settings) -> Definitions:
    """Return the named reports of the settings. An invalid table is kept as a problem of its name."""
    folder = settings.config.parent if settings.config else Path.cwd()
    reports: dict[str, ReportDefinition] = {}
    databases: dict[str, DatabaseDefinition] = {}
    problems: dict[str, BadInput] = {}
    for name, table in settings.report_tables.items():
        try:
            reports[name] = parse_report_table(name, table, folder)
        except BadInput as error:
            problems[name] = error
    for name, table in settings.database_tables.items():
        try:
            databases[name] = parse_database_table(name, table, folder)
        except BadInput as error:
            problems[f"[databases.{name}]"] = error
    path = tuple(str(folder / Path(entry).expanduser()) for entry in settings.python_path)
    return Definitions(reports, databases, path, problems)


def parse_report_table(name: str, table: Any, folder: Path) -> ReportDefinition:
    """Return the report of a table `[reports.NAME]`. Raises BadInput with table and key."""
    place = f"[reports.{name}]"
    if not NAME.fullmatch(name):
        raise BadInput(f"The report name {times.quote(name)} is not valid.", "Use letters, digits, '_', '-' and '.'.")
    check_table("reports", name, table)
    source = find_source(place, table)
    refuse_unknown_keys(place, table, (*KEYS[source], *COMMON_KEYS))
    return ReportDefinition(
        name=name,
        kind=KINDS[source],
        place=parse_place(place, source, table, folder),
        command=parse_strings(place, "command", table) if source == "command" else (),
        env=parse_env(place, table),
        folder=str(folder),
        database=parse_database_name(place, table) if source == "query" else "",
        template=parse_path(place, "template", table, folder) if source == "query" and "template" in table else "",
        max_rows=parse_whole(place, "max_rows", table, 1_000, MAX_ROWS),
        batch=parse_whole(place, "batch", table, 1, MAX_BATCH),
        timeout_ms=parse_span(place, "timeout", table, 30_000, least=1_000),
        memory_bytes=parse_memory(place, "memory", table, 512 << 20),
        concurrency=parse_whole(place, "concurrency", table, 20, MAX_CONCURRENCY),
        prepare_ms=parse_span(place, "prepare", table, 0, least=0),
        period=parse_period(place, table),
        on_empty=parse_text(place, "on_empty", table),
    )


def find_source(place: str, table: Mapping[str, Any]) -> str:
    """Return the key that says where the report comes from. Raises BadInput unless there is exactly one."""
    keys = [key for key in SOURCES if key in table]
    if "query" in keys and "template" in keys:
        keys.remove("template")
    if not keys:
        raise BadInput(f"{place} does not say where the report comes from.", f"Use one of {', '.join(SOURCES)}.")
    if len(keys) > 1:
        raise BadInput(f"{place} has both '{keys[0]}' and '{keys[1]}'.", "A report has one source: delete one of them.")
    return keys[0]


def refuse_unknown_keys(place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known keys here: {', '.join(known)}."
            raise BadInput(f"Unknown key '{key}' in {place}.", hint)


def parse_place(place: str, source: str, table: Mapping[str, Any], folder: Path) -> str:
    """Return the text, the path, the function or the program of a report."""
    match source:
        case "query" | "template":
            return parse_path(place, source, table, folder)
        case "command":
            return parse_strings(place, "command", table)[0]
        case "python":
            function = parse_text(place, "python", table)
            if not FUNCTION.fullmatch(function):
                problem = f"'python' in {place} is {times.quote(function)}, which names no function."
                raise BadInput(problem, "Write module:function, for example acme_reports.weekly:report.")
            return function
    text = parse_text(place, "text", table)
    if not text.strip():
        raise BadInput(f"'text' in {place} is empty.", "Write the message in quotes.")
    return text


def parse_path(place: str, key: str, table: Mapping[str, Any], folder: Path) -> str:
    """Return an absolute path. Raises BadInput for an empty one."""
    path = parse_text(place, key, table)
    if not path:
        raise BadInput(f"'{key}' in {place} is empty.", "Write the path of a file.")
    return str(folder / Path(path).expanduser())


def parse_database_name(place: str, table: Mapping[str, Any]) -> str:
    name = parse_text(place, "database", table)
    if not name:
        raise BadInput(
            f"{place} has a query and no database.", 'Write database = "NAME", and a table [databases.NAME].'
        )
    return name


def parse_env(place: str, table: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a command. Raises BadInput unless all values are texts."""
    env = table.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise BadInput(f"'env' in {place} is not a table of texts.", 'Write it like env = { LANG = "C.UTF-8" }.')
    return dict(env)


def parse_period(place: str, table: Mapping[str, Any]) -> str:
    """Return a period in its normal form; '' if there is none. Raises BadInput."""
    text = parse_text(place, "period", table)
    try:
        return periods.parse_period(text).value if text else ""
    except BadInput as error:
        raise BadInput(f"'period' in {place}: {error}", error.hint) from None


def parse_span(place: str, key: str, table: Mapping[str, Any], default: int, least: int) -> int:
    """Return a duration in milliseconds. Raises BadInput."""
    if key not in table:
        return default
    text = str(table[key])
    try:
        span_ms = 0 if text == "0s" else times.parse_duration(text)
    except BadInput as error:
        raise BadInput(f"'{key}' in {place}: {error}", error.hint) from None
    if span_ms < least:
        raise BadInput(f"'{key}' in {place} is {times.quote(text)}, which is too short.", 'Write it like "30s".')
    return span_ms


def parse_database_table(name: str, table: Any, folder: Path) -> DatabaseDefinition:
    """Return the database of a table `[databases.NAME]`. Raises BadInput; the message never has the URL."""
    place = f"[databases.{name}]"
    check_table("databases", name, table)
    refuse_unknown_keys(place, table, ("url", "url_env"))
    if ("url" in table) == ("url_env" in table):
        raise BadInput(f"{place} needs either 'url' or 'url_env'.", "url_env names a variable that holds the URL.")
    url, url_env = parse_text(place, "url", table), parse_text(place, "url_env", table)
    if url and "://" not in url:
        raise BadInput(f"'url' in {place} is not a database URL.", 'Write it like url = "sqlite:///sales.db".')
    return DatabaseDefinition(name, url, url_env, str(folder))


def anchor_sqlite(url: str, folder: Path) -> str:
    """Return the URL; the path of `sqlite:///sales.db` is relative to the configuration file."""
    scheme, separator, path = url.partition(":///")
    if not separator or not scheme.startswith("sqlite") or path.startswith(("/", ":memory:")) or not path:
        return url
    return f"{scheme}:///{folder / path}"
