"""A refused token pauses its workspace, unless another has taken its place or a person has resumed it since."""

from tests.support.app import House, now_ms, rfc3339, until

WITHIN = 40  # s: a pool starts, and a lost answer is waited for


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
    house.slack.wait_for(1, within=WITHIN)
    until(lambda: is_paused(house), within=WITHIN)
    house.slack.add_workspace("initech", "xoxb-initech", ["C0000000000", "C0000000001"])  # the app is there again
    house.run("workspace", "resume", "initech")
    house.slack.release()
    until(lambda: house.states() == {"succeeded": 2}, within=WITHIN)
    assert not is_paused(house)
    assert house.db.value("SELECT max(spent) FROM jobs") == 1


def kept_in(house: House, token: str) -> str:
    """A token that a command prints, and that Slack knows from now on in place of the one before."""
    (house.folder / "token").write_text(token)
    house.slack.add_workspace("initech", token, [f"C{number:010d}" for number in range(3)])
    return f"--token-command cat {house.folder}/token"


def tries(house: House) -> list[list[str]]:
    return [[attempt["outcome"] for attempt in job["attempts"]] for job in house.audit("--schedule", "initech-*")]


def was_paused(house: House) -> bool:
    return bool(house.db.value("SELECT count(*) FROM changes WHERE command = 'work'"))


def test_a_token_that_was_rotated_behind_its_command_pauses_nothing(house: House) -> None:
    due_in(house, "initech", kept_in(house, "xoxb-one"), count=1)
    house.start("work", "--processes", "1")
    until(lambda: house.states() == {"succeeded": 1}, within=WITHIN)
    kept_in(house, "xoxb-two")
    assert house.run("run-now", "initech-0").returncode == 0
    until(lambda: house.states() == {"succeeded": 2}, within=WITHIN)
    assert sorted(tries(house)) == [["posted"], ["token_refused", "posted"]]
    assert house.db.value("SELECT max(spent) FROM jobs") == 1
    assert not was_paused(house)


def test_a_rotated_token_that_is_refused_too_pauses_its_workspace(house: House) -> None:
    due_in(house, "initech", "--token-command date +xoxb-%N", count=1)  # another each time, and none is good
    assert house.work().returncode == 3
    assert tries(house) == [["token_refused", "token_refused"]]
    assert is_paused(house)
    assert house.db.value("SELECT spent FROM jobs") == 0


def test_a_look_up_goes_on_with_a_token_that_was_rotated(house: House) -> None:
    due_in(house, "initech", kept_in(house, "xoxb-one"), count=1)
    house.slack.order("drop_before")
    house.start("work", "--processes", "1")
    until(lambda: house.states() == {"unknown": 1}, within=WITHIN)
    kept_in(house, "xoxb-two")
    until(lambda: house.states() == {"succeeded": 1}, within=WITHIN)
    assert [row[0] for row in house.db.rows("SELECT answer FROM lookups ORDER BY id")] == ["later", "absent"]
    assert not was_paused(house)
