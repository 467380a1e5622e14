"""Histories that take long hold up no post: look-ups have connections of their own."""

from tests.support.app import House, now_ms, rfc3339, until

WITHIN = 40  # s: a pool starts, and a lost answer is waited for
WORKSPACES = 5


def unknown_in_many(house: House) -> None:
    """A post of unknown fate in each of some workspaces."""
    due_at = now_ms() // 1000 * 1000
    for number in range(WORKSPACES):
        token = house.folder / f"token-{number}"
        token.write_text(f"xoxb-{number}")
        token.chmod(0o600)
        house.run("workspace", "add", f"w{number}", "--token-file", str(token))
        house.slack.add_workspace(f"w{number}", f"xoxb-{number}", ["C0000000001"])
        house.schedule(f"s{number}", as_of=due_at - 30_000, at=rfc3339(due_at), workspace=f"w{number}", grace="1h")
    house.tick(now_ms())
    house.slack.order("drop_before", times=WORKSPACES)
    house.slack.order("hold_before", method="conversations.history", times="forever")


def test_slow_histories_of_many_workspaces_hold_up_no_post(house: House) -> None:
    house.timeout_s = 8
    unknown_in_many(house)
    house.start("work", "--processes", "1", "--in-flight", "1")
    until(lambda: house.slack.waiting() >= 3, within=WITHIN)
    house.schedule("other", cron="0 0 1 1 *", channel="C0000000002")
    house.run("run-now", "other")
    until(lambda: "other" in house.slack.texts(), within=4)
