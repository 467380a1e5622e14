"""Python reports of this project. schedbot.toml names them: `python = "sales_reports:weekly"`.

After a change: `pytest`, and `schedbot preview acme-weekly`.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from schedbot.reports import (
    File,
    Message,
    NotReady,
    ReportContext,
    Skip,
    add_days,
    add_weeks,
    csv_file,
    escape,
    escape_markdown,
    not_ready,
    number,
    percent,
    skip,
)

DATABASE = Path(__file__).with_name("sales.db")
TOTALS = """
SELECT coalesce(sum(orders), 0) AS orders, coalesce(sum(revenue), 0) AS revenue, coalesce(sum(refunds), 0) AS refunds
  FROM sales WHERE account = ? AND day >= ? AND day < ?
"""
TOTALS_OF_ALL = """
SELECT account, day, sum(orders), sum(revenue)
  FROM sales WHERE day BETWEEN ? AND ? GROUP BY account, day
"""
DAYS = """
SELECT day, sum(orders), sum(revenue) FROM sales WHERE account = ? AND day >= ? AND day < ? GROUP BY day ORDER BY day
"""


def weekly(context: ReportContext) -> Message | Skip | NotReady:
    """Return the last week of an account in numbers, compared with the week before."""
    start, end = context.period.start, context.period.end  # `period` of the report in schedbot.toml
    with closing(connect()) as database:
        last_day = database.execute("SELECT max(day) FROM sales").fetchone()[0]
        if last_day is None or last_day < day(add_days(end, -1)):
            return not_ready("the sales of the week are not loaded", retry_in="10m")
        name = find_name(database, context.account)
        orders, revenue, refunds = database.execute(TOTALS, (context.account, day(start), day(end))).fetchone()
        before = database.execute(TOTALS, (context.account, day(add_weeks(start, -1)), day(start))).fetchone()
    if not orders:
        return skip("no orders in the week")
    values = {
        "Orders": number(orders) + compare(orders, before[0]),
        "Revenue": f"${number(revenue)}" + compare(revenue, before[1]),
        "Average order": f"${number(revenue / orders, 2)}",
        "Refunds": number(refunds) + compare(refunds, before[2]),
    }
    fields = [{"type": "mrkdwn", "text": f"*{title}*\n{value}"} for title, value in values.items()]
    note = f"{start:%-d %B} to {add_days(end, -1):%-d %B %Y}, compared with the week before"
    return Message(
        text=f"{escape(name)}: your week. {number(orders)} orders, ${number(revenue)}.",  # for notifications
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": f"{name}: your week"}},
            {"type": "section", "fields": fields},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": note}]},
        ],
    )


def morning(contexts: Sequence[ReportContext]) -> list[str | Skip]:
    """Return the sales of yesterday for many accounts, with one query: `batch` in schedbot.toml."""
    days = sorted(day(context.period.start) for context in contexts)  # not the same day in all time zones
    with closing(connect()) as database:
        rows = database.execute(TOTALS_OF_ALL, (days[0], days[-1])).fetchall()
    totals = {(account, date): (orders, revenue) for account, date, orders, revenue in rows}
    return [describe_day(context, totals) for context in contexts]


def describe_day(context: ReportContext, totals: dict[tuple[str, str], tuple[int, int]]) -> str | Skip:
    """Return yesterday's sales of an account in a sentence. A plain text needs no `escape`."""
    date = context.period.start
    if (context.account, day(date)) not in totals:
        return skip(f"no orders on {date:%A}")
    orders, revenue = totals[context.account, day(date)]
    return f"{date:%A}: {number(orders)} orders, ${number(revenue)}."


def month(context: ReportContext) -> Message | Skip:
    """Return the month of an account in Markdown, with a chart of its days, and a CSV file for its accountant."""
    start, end = context.period.start, context.period.end
    with closing(connect()) as database:
        days = database.execute(DAYS, (context.account, day(start), day(end))).fetchall()
        name = find_name(database, context.account)
    if not days:
        return skip("no orders in the month")
    orders, revenue = sum(row[1] for row in days), sum(row[2] for row in days)
    return Message(
        text=f"{escape(name)}: {number(orders)} orders in {start:%B}.",
        markdown=f"# {escape_markdown(name)}: {start:%B %Y}\n\n"
        f"- **Orders**: {number(orders)}\n- **Revenue**: ${number(revenue)}\n\n![Orders by day](orders.svg)",
        files=[
            File("orders.svg", draw_days([row[1] for row in days])),
            csv_file(f"sales-{start:%Y-%m}.csv", [("day", "orders", "revenue"), *days], title=f"Sales of {start:%B}"),
        ],
    )


def draw_days(orders: Sequence[int]) -> str:
    """Return a chart of the orders of each day as SVG. A figure of matplotlib or plotly works likewise."""
    most = max(orders)
    bars = "".join(
        f'<rect x="{place * 20}" y="{100 - 100 * count / most:.0f}" width="16" height="{100 * count / most:.0f}"/>'
        for place, count in enumerate(orders)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{len(orders) * 20}" height="100" fill="#1264a3">{bars}</svg>'
    )


def connect() -> sqlite3.Connection:
    """Return a connection that only reads."""
    return sqlite3.connect(f"{DATABASE.as_uri()}?mode=ro", uri=True)


def find_name(database: sqlite3.Connection, account: str) -> str:
    """Return the name of an account."""
    row = database.execute("SELECT name FROM accounts WHERE account = ?", (account,)).fetchone()
    return str(row[0]) if row else account


def day(at: datetime) -> str:
    """Return a day as the column `day` has it: `2026-12-07`."""
    return f"{at:%Y-%m-%d}"


def compare(value: int, before: int) -> str:
    """Return the change in percent: ` (+4%)`."""
    return f" ({percent((value - before) / before, sign=True)})" if before else ""
