"""Writes sales.db: invented sales of three accounts, from September 2026 to a year from now.

    python make_sales.py

The numbers of a day are always the same, so that tests can count on them. Replace it by your own database:
[databases.sales] in schedbot.toml.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).with_name("sales.db")
FIRST_DAY = date(2026, 9, 1)
ACCOUNTS = {"acme": ("Acme & Sons", 9.0), "globex": ("Globex", 23.0), "initech": ("Initech", 4.0)}  # orders of a day
PRODUCTS = {"Espresso beans": (1.5, 19), "Filter coffee": (1.0, 14), "Paper filters": (0.7, 6), "Grinder": (0.1, 129)}
SATURDAY = 5
TABLES = """
CREATE TABLE accounts (account TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE sales (
    account TEXT NOT NULL REFERENCES accounts,
    day     TEXT NOT NULL,      -- 2026-12-07, in the account's time zone
    product TEXT NOT NULL,
    orders  INTEGER NOT NULL,
    refunds INTEGER NOT NULL,   -- orders that were sent back
    revenue INTEGER NOT NULL,   -- dollars
    PRIMARY KEY (account, day, product)
);
"""

Row = tuple[str, str, str, int, int, int]


def make_sales(file: Path, today: date) -> None:
    """Write the database anew."""
    file.unlink(missing_ok=True)
    last_day = max(today, date(2026, 12, 31)) + timedelta(days=365)
    days = [FIRST_DAY + timedelta(days=number) for number in range((last_day - FIRST_DAY).days + 1)]
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(TABLES)
        database.executemany("INSERT INTO accounts VALUES (?, ?)", [(key, name) for key, (name, _) in ACCOUNTS.items()])
        rows = (row for account in ACCOUNTS for day in days for row in sales_of_day(account, day))
        database.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?)", rows)


def sales_of_day(account: str, day: date) -> Iterator[Row]:
    """Yield the sales of an account on a day, a row for each product. Initech sells nothing at weekends."""
    is_weekend = day.weekday() >= SATURDAY
    if is_weekend and account == "initech":
        return
    usual = ACCOUNTS[account][1] * (0.6 if is_weekend else 1.0)
    for product, (share, price) in PRODUCTS.items():
        chance = random.Random(f"{account} {day} {product}").random
        orders = round(usual * share * (0.7 + 0.6 * chance()))
        if orders:
            refunds = sum(chance() < 0.02 for _ in range(orders))
            yield account, day.isoformat(), product, orders, refunds, orders * price


if __name__ == "__main__":
    make_sales(FILE, date.today())
    print(f"Wrote {FILE.name}.")
