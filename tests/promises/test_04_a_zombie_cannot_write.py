"""Promise 4: a pool that was stopped past its lease neither stores a result nor starts another post."""

import signal

from tests.house import House, until


def test_a_pool_stopped_past_its_lease_writes_nothing_when_it_wakes(house: House) -> None:
    house.lease_s = 2
    house.due_now(1)
    house.slack.order("hold")
    zombie = house.start("work", "--processes", "1")
    house.slack.wait_for(1)
    zombie.send_signal(signal.SIGSTOP)
    house.slack.clear()
    assert house.work(within=60).returncode == 0
    record = house.db.rows("SELECT * FROM jobs, attempts ON attempts.job_id = jobs.id")
    house.slack.release()
    zombie.send_signal(signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    zombie.communicate(timeout=30)
    assert house.db.rows("SELECT * FROM jobs, attempts ON attempts.job_id = jobs.id") == record
    assert house.slack.texts() == ["report-0"]
    assert house.states() == {"succeeded": 1}


def test_a_pool_stopped_before_its_posts_left_does_not_send_them_when_it_wakes(house: House) -> None:
    house.lease_s = 2
    house.due_now(4, channels=1)
    zombie = house.start("work", "--processes", "1")
    until(lambda: house.states().get("succeeded") == 1)
    zombie.send_signal(signal.SIGSTOP)
    assert house.work(within=60).returncode == 0
    zombie.send_signal(signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    zombie.communicate(timeout=30)
    assert sorted(house.slack.texts()) == [f"report-{number}" for number in range(4)]
    assert house.states() == {"succeeded": 4}


def test_a_token_is_new_at_each_claim(house: House) -> None:
    from schedbot.store import claims

    house.due_now(1)
    tokens = set()
    for _ in range(3):
        with house.db.writing():
            [job] = claims.claim(house.db, claims.Wanted(job_now(house), 1, job_now(house) + 1))
            claims.give_back(house.db, [(job.id, job.token, job.available_at)])
        tokens.add(job.token)
    assert len(tokens) == 3


def job_now(house: House) -> int:
    return int(house.db.value("SELECT max(available_at) FROM jobs")) + 1
