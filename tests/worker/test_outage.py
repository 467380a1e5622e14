"""While Slack is down nothing is failed for good: a probe at a time goes out, and no attempt is counted."""

from tests.house import House, until


def test_an_outage_uses_up_no_attempt_once_it_is_seen_as_one(house: House) -> None:
    house.due_now(8, max_attempts="2")
    house.sandbox.stop()
    done = house.work()
    assert (done.returncode, "Slack does not answer" in done.stderr) == (1, True)
    assert house.states() == {"queued": 8}
    assert house.db.value("SELECT max(spent) FROM jobs") <= 1


def test_what_waited_is_posted_when_slack_is_back(house: House) -> None:
    house.due_now(8, max_attempts="2")
    house.slack.order("status", status=503, times=5)
    house.start("work")
    until(lambda: house.states() == {"succeeded": 8}, within=60)
    assert len(house.posts()) == 8
