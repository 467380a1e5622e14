"""Tests of the reports. `render` renders a report as `schedbot work` does, and posts nothing.

pytest
"""

import pytest

from schedbot.reports import File, skip
from schedbot.testing import Message, NotReady, Render, SlackSandbox, text_of

MONDAY = "2026-12-07 09:00"
LONDON = "Europe/London"


def test_weekly_has_the_numbers_of_the_week(render: Render) -> None:
    text = text_of(render("weekly", account="acme", due=MONDAY, tz=LONDON))
    assert "Acme & Sons: your week" in text
    assert "30 November to 6 December 2026" in text


def test_weekly_without_orders_posts_nothing(render: Render) -> None:
    assert render("weekly", account="nobody", due=MONDAY, tz=LONDON) == skip("no orders in the week")


def test_weekly_waits_for_its_data(render: Render) -> None:
    result = render("weekly", account="acme", due="2199-01-07 09:00", tz=LONDON)
    assert isinstance(result, NotReady)
    assert result.reason == "the sales of the week are not loaded"


def test_morning_is_about_the_day_before(render: Render) -> None:
    assert text_of(render("morning", account="globex", due=MONDAY, tz=LONDON)).startswith("Sunday: ")
    assert render("morning", account="initech", due=MONDAY, tz=LONDON) == skip("no orders on Sunday")


def test_top_products_begin_with_the_best(render: Render) -> None:
    assert "`██████████` Espresso beans" in text_of(render("top_products", account="acme", due=MONDAY, tz=LONDON))
    assert text_of(render("top_products", account="nobody", due=MONDAY)) == "No sales in the last seven days."


def test_month_has_a_chart_and_a_file(render: Render) -> None:
    message = render("month", account="acme", due=MONDAY, tz=LONDON)
    assert isinstance(message, Message)
    chart, table = message.files
    assert isinstance(table, File)
    assert (chart.name, table.name) == ("orders.png", "sales-2026-11.csv")
    lines = table.content.decode("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("day,orders,revenue", 31)


@pytest.mark.parametrize("report", ["standup", "sales_by_day", "refunds"])
def test_other_reports_give_a_message(render: Render, report: str) -> None:
    assert text_of(render(report, account="acme", due=MONDAY, tz=LONDON))


def test_goals_show_the_param_and_mention_the_owner(render: Render) -> None:
    params = {"goal": "Ship <it>", "owner": "U0SANDBOX01"}
    text = text_of(render("goals", due=MONDAY, tz=LONDON, params=params))
    assert "Ship <it>\nAsk <@U0SANDBOX01>." in text


def test_weekly_is_posted_to_its_channel(sandbox: SlackSandbox) -> None:
    schedule = ["globex-weekly", "--cron", "0 9 * * mon", "--tz", LONDON, "--channel", "C0SANDBOX01"]
    sandbox.run("add", *schedule, "--report", "weekly", "--account", "globex")
    sandbox.run("run-now", "globex-weekly")
    sandbox.run("work", "--drain")
    assert [text.partition(".")[0] for text in sandbox.texts("C0SANDBOX01")] == ["Globex: your week"]
