"""A refused token pauses its workspace, unless another has taken its place or a person has resumed it since."""

from tests.house import House, now_ms, rfc3339, until


def due_in(house: House, workspace: str, token: str, count: int = 2) -> None:
    """Jobs of a workspace of its own that are due now, each in a channel of its own."""
    house.run("workspace", "add", workspace, *token.split(" ", 1))
    due_at = now_ms() // 1000 * 1000
    for number in range(count):
        said = {"channel": f"C{number:010d}", "at": rfc3339(due_at), "workspace": workspace}
        house.schedule(f"{workspace}-{number}", as_of=due_at - 30_000, **said)
    house.tick(due_at)


def is_paused(house: House) -> bool:
    return bool(house.db.value("SELECT count(*) FROM workspaces WHERE paused_at IS NOT NULL"))


def test_a_refusal_that_was_on_its_way_at_a_resume_does_not_pause_again(house: House) -> None:
    house.timeout_s = 20
    due_in(house, "initech", "--token-env INITECH_TOKEN")
    house.slack.order("hold_before", channel="C0000000000")
    house.start("work", "--processes", "1", INITECH_TOKEN="xoxb-initech")
    house.slack.wait_for(1)
    until(lambda: is_paused(house))
    house.slack.add_workspace("initech", "xoxb-initech", ["C0000000000", "C0000000001"])  # the app is there again
    house.run("workspace", "resume", "initech")
    house.slack.release()
    until(lambda: house.states() == {"succeeded": 2}, within=20)
    assert not is_paused(house)
    assert house.db.value("SELECT max(spent) FROM jobs") == 1
