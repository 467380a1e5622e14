"""Rows of a query from any database that SQLAlchemy knows: the extra `schedbot[sql]`.

Rules: a process keeps one engine for each URL, with its connections open. Each query has a transaction of its own that
is read-only where the database has such (PostgreSQL, MySQL, MariaDB, Oracle, SQLite), and is always rolled back. An
error never contains the URL or its password.
"""

import importlib.util
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from schedbot.errors import ReportFailed
from schedbot.log import redact_tokens
from schedbot.reports.sources.database_secrets import strike_out
from schedbot.reports.sources.query_rows import Query, more_than_read, query_failed, too_slow

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TextClause

POOL_SIZE = 20  # connections that stay open; a report's `concurrency` limits all
RECYCLE_S = 1_800
CONNECT_TIMEOUT_S = 10
HAS_CONNECT_TIMEOUT = ("psycopg", "psycopg2", "pymysql", "mysqldb", "mariadbconnector")
MILLISECONDS = ("due_at", "previous", "period_start", "period_end")
# Codes of PostgreSQL (texts), MySQL and MariaDB (numbers).
TOO_SLOW = ("57014", 3024, 1969)
READ_ONLY = ("25006", 1792)
ENGINES: dict[str, "Engine"] = {}
LOCK = threading.Lock()


def stream(query: Query, url: str) -> Iterator[Sequence[Any]]:
    """Yield the names of the columns, then at most `max_rows` + 1 rows one by one. Raises ReportFailed."""
    engine = find_engine(query, url)
    try:
        with engine.connect() as connection:
            limit(connection, query.timeout_ms, query.max_rows)
            result = connection.execute(build_clause(query), dict(query.values))
            yield list(result.keys())
            yield from islice(result, query.max_rows + 1)
    except MemoryError:
        raise
    except Exception as error:  # a driver may raise errors of its own
        raise explain(query, url, error) from None


def find_engine(query: Query, url: str) -> "Engine":
    """Return the engine of a URL. Raises ReportFailed if SQLAlchemy, the dialect or its driver is not installed."""
    try:
        with LOCK:
            if url not in ENGINES:
                ENGINES[url] = create_engine(query, url)
            return ENGINES[url]
    except ModuleNotFoundError as error:
        module = (error.name or "sqlalchemy").split(".")[0]
        package = "'schedbot[sql]'" if module == "sqlalchemy" else module
        problem = f"The database '{query.database}' needs the Python package '{module}', which is not installed."
        raise ReportFailed(problem, f"Install it beside schedbot: pip install {package}") from None


def create_engine(query: Query, url: str) -> "Engine":
    """Return a new engine. Raises ReportFailed for a URL that cannot be read, and ModuleNotFoundError."""
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        parsed = sqlalchemy.make_url(url)
        if parsed.drivername == "postgresql" and importlib.util.find_spec("psycopg"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        has_timeout = parsed.get_driver_name() in HAS_CONNECT_TIMEOUT and "connect_timeout" not in parsed.query
        engine = sqlalchemy.create_engine(
            parsed,
            hide_parameters=True,
            poolclass=sqlalchemy.QueuePool,
            pool_size=POOL_SIZE,
            max_overflow=-1,
            pool_pre_ping=True,
            pool_recycle=RECYCLE_S,
            pool_use_lifo=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S} if has_timeout else {},
        )
    except NoSuchModuleError:
        name = url.partition("://")[0]
        problem = f"SQLAlchemy knows no database '{name}' (URL of the database '{query.database}')."
        raise ReportFailed(problem, "Fix the URL, or install the package of this dialect beside schedbot.") from None
    except (ArgumentError, ValueError, TypeError):
        hint = "Write it like postgresql+psycopg://user:password@host/name; an '@' in the password is %40."
        raise ReportFailed(f"The URL of the database '{query.database}' cannot be read.", hint) from None
    if engine.dialect.is_async:
        problem = f"The URL of the database '{query.database}' has the asynchronous driver '{engine.driver}'."
        raise ReportFailed(problem, "Use a driver that is not asynchronous, such as postgresql+psycopg://.")
    return engine


def build_clause(query: Query) -> "TextClause":
    """Return the statement with its values as SQLAlchemy binds them."""
    import sqlalchemy

    parts = query.statement.parts
    clause = sqlalchemy.text("".join(text if name else text.replace(":", r"\:") for text, name in parts))
    # A database finds no type for NULL or a small number by itself.
    names = [name for name in query.statement.names if name in MILLISECONDS]
    return clause.bindparams(*(sqlalchemy.bindparam(name, type_=sqlalchemy.BigInteger()) for name in names))


def limit(connection: "Connection", timeout_ms: int, max_rows: int) -> None:
    """Make the connection's transaction read-only, and end its query after `timeout_ms`.

    Sources: https://www.postgresql.org/docs/current/sql-set-transaction.html,
    https://dev.mysql.com/doc/refman/8.4/en/commit.html, https://mariadb.com/kb/en/aborting-statements/
    """
    run = connection.exec_driver_sql
    match connection.dialect.name:
        case "postgresql":
            run("SET TRANSACTION READ ONLY")
            run(f"SET LOCAL statement_timeout = {timeout_ms}")
            run("SET LOCAL cursor_tuple_fraction = 1")  # all rows of the cursor are read
            connection.execution_options(stream_results=True)
        case "mysql" | "mariadb":
            is_mariadb = getattr(connection.dialect, "is_mariadb", False)
            setting = ("max_statement_time", timeout_ms / 1_000) if is_mariadb else ("max_execution_time", timeout_ms)
            run("SET SESSION {} = {}".format(*setting))
            run(f"SET SESSION sql_select_limit = {max_rows + 1}")  # the driver reads all rows into memory
            run("START TRANSACTION READ ONLY")
        case "oracle":
            run("SET TRANSACTION READ ONLY")
        case "sqlite":
            deadline = time.monotonic() + timeout_ms / 1_000
            run("PRAGMA query_only = ON")
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(lambda: time.monotonic() > deadline, 50_000)


def explain(query: Query, url: str, error: Exception) -> ReportFailed:
    """Return the error for an exception of SQLAlchemy or of a driver."""
    from sqlalchemy.exc import DBAPIError

    cause: Any = getattr(error, "orig", None) or error
    has_number = len(cause.args) > 1 and isinstance(cause.args[0], int)  # of MySQL: (1064, "You have an error ...")
    reason = redact_tokens(strike_out(str(cause.args[1] if has_number else cause), url))
    codes = find_codes(cause)
    if any(code in TOO_SLOW for code in codes) or reason == "interrupted":
        return too_slow(query)
    if any(code in READ_ONLY for code in codes) or "data-modifying" in reason or "readonly database" in reason:
        return more_than_read()
    is_unreachable = isinstance(error, DBAPIError) and (error.statement is None or error.connection_invalidated)
    if is_unreachable:
        line = reason.strip().split("\n")[0].rstrip(".")[:500]
        hint = f"Check the server and the URL in [databases.{query.database}]."
        return ReportFailed(f"The database '{query.database}' cannot be reached: {line}.", hint)
    return query_failed(query, reason or type(cause).__name__)


def find_codes(cause: Any) -> list[Any]:
    """Return the codes of a driver's error, as psycopg, psycopg2, pg8000 and the drivers of MySQL give them."""
    first = cause.args[0] if cause.args else None
    code = first.get("C") if isinstance(first, dict) else first
    return [getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None), code]
