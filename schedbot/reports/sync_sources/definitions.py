"""Tables `[sync.NAME]`: a query with its database, or a Python function, that gives the rows of a list of schedules.

A table that is not valid fails its own sync alone. Paths are relative to the configuration file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schedbot import times
from schedbot.errors import BadInput
from schedbot.reports.definition_fields import check_table, parse_memory
from schedbot.reports.definitions import (
    KINDS,
    NAME,
    ReportDefinition,
    parse_database_name,
    parse_place,
    parse_span,
    refuse_unknown_keys,
)
from schedbot.settings import Settings

KEYS = {"query": ("query", "database"), "python": ("python",)}
COMMON_KEYS = ("timeout", "memory")
MAX_ROWS = 1_000_000
TIMEOUT_MS = 300_000
MEMORY_BYTES = 1 << 30


def find(settings: Settings, name: str) -> ReportDefinition | None:
    """Return the table `[sync.NAME]`; None if there is none. Raises BadInput for a table that is not valid."""
    if name not in settings.sync_tables:
        return None
    folder = settings.config.parent if settings.config else Path.cwd()
    return parse_table(name, settings.sync_tables[name], folder)


def parse_table(name: str, table: Any, folder: Path) -> ReportDefinition:
    """Return the source of a table `[sync.NAME]`. Raises BadInput with table and key."""
    place = f"[sync.{name}]"
    parse_source_name(name)
    check_table("sync", name, table)
    key = find_key(place, table)
    refuse_unknown_keys(place, table, (*KEYS[key], *COMMON_KEYS))
    return ReportDefinition(
        name=name,
        kind=KINDS[key],
        place=parse_place(place, key, table, folder),
        folder=str(folder),
        database=parse_database_name(place, table) if key == "query" else "",
        max_rows=MAX_ROWS,
        timeout_ms=parse_span(place, "timeout", table, TIMEOUT_MS, least=1_000),
        memory_bytes=parse_memory(place, "memory", table, MEMORY_BYTES),
        section="sync",
    )


def find_key(place: str, table: Mapping[str, Any]) -> str:
    """Return the key that says where the rows come from. Raises BadInput unless there is exactly one."""
    keys = [key for key in KEYS if key in table]
    if not keys:
        refuse_unknown_keys(place, table, (*KEYS["query"], *KEYS["python"], *COMMON_KEYS))
        raise BadInput(f"{place} does not say where the schedules come from.", "Use one of query, python.")
    if len(keys) > 1:
        raise BadInput(f"{place} has both 'query' and 'python'.", "A sync has one source: delete one of them.")
    return keys[0]


def parse_source_name(name: str) -> str:
    """Return the name of a sync's source. Raises BadInput."""
    if not NAME.fullmatch(name):
        problem = f"{times.quote(name)} is not a valid name of a source."
        raise BadInput(problem, "Use letters, digits, '_', '-' and '.': --source product")
    return name
