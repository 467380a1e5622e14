"""What `run-now` sends of a paused schedule is tried again like any post; a pause that comes after it ends that."""

from tests.support.app import House, until


def lost_on_the_way(house: House) -> None:
    """An extra job of a paused schedule, whose first request Slack never answers."""
    house.schedule("acme", cron="0 9 1 1 *")
    assert house.run("pause", "acme").returncode == 0
    house.slack.order("drop_before")
    assert house.run("run-now", "acme").returncode == 0


def test_it_is_tried_again(house: House) -> None:
    lost_on_the_way(house)
    house.work()
    assert (house.states(), house.slack.texts()) == ({"succeeded": 1}, ["acme"])


def test_a_pause_afterwards_ends_that(house: House) -> None:
    lost_on_the_way(house)
    house.start("work")
    until(lambda: house.states() == {"unknown": 1})
    house.run("pause", "acme", "--reason", "not now")
    until(lambda: house.states() == {"cancelled": 1}, within=30)
    assert house.slack.texts() == []
