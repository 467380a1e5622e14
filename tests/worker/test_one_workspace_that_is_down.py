"""Slack may be down for one workspace alone: the others' posts go out as ever, and what probes is not that one's."""

from schedbot.store.jobs import outage
from tests.support.app import House, now_ms, rfc3339, until


def due(house: House, workspace: str, count: int, at: int) -> None:
    """`count` jobs of a workspace that are due at an instant, one a channel."""
    for number in range(count):
        channel = f"C{'19'[workspace == 'default']}{number:09d}"
        said = {"workspace": workspace, "channel": channel, "at": rfc3339(at)}
        house.schedule(f"{workspace}-{number}", as_of=at - 30_000, **said)
    house.tick(at)


def down(house: House, workspace: str) -> None:
    house.slack.order("status", status=503, workspace=workspace, method="*", times="forever")


def test_a_workspace_that_gets_no_answer_makes_nobody_else_late(house: House) -> None:
    house.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    down(house, "globex")
    start = now_ms() // 1000 * 1000
    due(house, "default", 1, start)
    house.start("work", GLOBEX_TOKEN="xoxb-sandbox-globex")
    until(lambda: house.states() == {"succeeded": 1})
    due(house, "globex", 30, (soon := now_ms() // 1000 * 1000 + 1_000))
    for number in range(1, 4):
        house.schedule(f"later-{number}", as_of=soon - 30_000, at=rfc3339(soon + number * 1_000))
    house.tick(soon)
    until(lambda: house.states() == {"succeeded": 4, "unknown": 30})
    later = [job["lateness_ms"] for job in house.audit() if job["schedule"].startswith("later-")]
    assert max(later) < 1_000


def test_a_pool_that_begins_in_an_outage_probes_by_another_workspace_than_the_last_that_was_silent(
    house: House,
) -> None:
    house.run("workspace", "add", "globex", "--token-env", "GLOBEX_TOKEN")
    [first, name] = house.db.row("SELECT id, name FROM workspaces ORDER BY id LIMIT 1") or ()
    down(house, "globex" if name == "globex" else "acme")
    at = now_ms() // 1000 * 1000
    due(house, "default", 3, at)
    due(house, "globex", 3, at)
    with house.db.writing():
        outage.keep(house.db, 7, first, at)
    house.start("work", "--drain", GLOBEX_TOKEN="xoxb-sandbox-globex")
    until(lambda: house.states() == {"succeeded": 3, "unknown": 3})
