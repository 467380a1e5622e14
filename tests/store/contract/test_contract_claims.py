"""Claims: a lease under a new fencing token, in the order of time, each job for one claimer."""

from schedbot.store.database import Database
from schedbot.store.jobs import claims, rescue
from schedbot.store.jobs.fairness import RoundRobin
from schedbot.store.schedules import workspaces
from tests.store.contract.worker import DUE_AT, LEASE_MS, Worker
from tests.support.bulk_rows import flood
from tests.support.schedules import Schedules
from tests.support.sql import read_rows


def test_job_is_claimed_once(schedules: Schedules, worker: Worker, other: Database) -> None:
    schedules.add()
    assert len(worker.claim()) == 1
    assert Worker(other).claim() == []


def test_job_is_not_claimed_before_its_instant(schedules: Schedules, worker: Worker) -> None:
    schedules.add()
    worker.now = DUE_AT - 1
    assert worker.claim() == []
    worker.now = DUE_AT
    assert len(worker.claim()) == 1


def test_claim_takes_the_earliest_jobs_up_to_its_limit(schedules: Schedules, worker: Worker) -> None:
    for name in ("a", "b", "c"):
        schedules.add(name)
    worker.now = DUE_AT + 5_000
    assert [job.schedule for job in worker.claim(limit=2)] == ["a", "b"]
    assert [job.schedule for job in worker.claim(limit=2)] == ["c"]


def test_claim_has_a_new_token_each_time(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    first = worker.claim_one()
    with db.writing():
        claims.release(db, first.id, first.token, worker.now)
    assert worker.claim_one().token not in (0, first.token)


def test_claim_carries_the_schedule_as_it_stands(schedules: Schedules, worker: Worker) -> None:
    schedules.add(account="acme")
    schedules.edit(channel="C0000000002")
    job = worker.claim_one()
    assert (job.schedule, job.account, job.channel, job.version) == ("daily", "acme", "C0000000002", 2)


def test_renewed_lease_lasts_longer(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    with db.writing():
        assert claims.renew(db, job.token, [job.id], DUE_AT + 2 * LEASE_MS) == 1
    assert rescue.list_expired_leases(db, DUE_AT + LEASE_MS + 1, LEASE_MS) == []
    assert [past.id for past in rescue.list_expired_leases(db, DUE_AT + 2 * LEASE_MS + 1, LEASE_MS)] == [job.id]


def test_stale_token_renews_expires_and_returns_nothing(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    stale = worker.claim_one()
    with db.writing():
        claims.release(db, stale.id, stale.token, worker.now)
    job = worker.claim_one()
    before = read_rows(db, "SELECT * FROM jobs")
    with db.writing():
        assert claims.renew(db, stale.token, [stale.id], DUE_AT + 9 * LEASE_MS) == 0
        claims.release(db, stale.id, stale.token, 0)
        claims.expire(db, stale.id, stale.token)
    assert read_rows(db, "SELECT * FROM jobs") == before
    assert claims.get_lease_end(db, job.id, job.token) == DUE_AT + LEASE_MS


def test_expired_job_without_attempt_is_missed(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    job = worker.claim_one()
    with db.writing():
        claims.expire(db, job.id, job.token)
    assert schedules.jobs() == ["2026-12-01 09:00 missed deadline"]


def test_jobs_of_a_paused_workspace_are_not_claimed(schedules: Schedules, worker: Worker, db: Database) -> None:
    schedules.add()
    workspace = workspaces.by_name(db, "default")
    assert workspace
    with db.writing():
        workspaces.pause(db, workspace.id, "token_revoked", "tester", DUE_AT)
    assert worker.claim() == []
    with db.writing():
        workspaces.resume(db, workspace.id, DUE_AT)
    assert len(worker.claim()) == 1


def test_workspaces_take_turns_in_a_flood(worker: Worker, db: Database) -> None:
    flood(db, "large", jobs=300)
    flood(db, "small", jobs=5)
    worker.now = 1 << 50
    jobs = worker.claim(limit=40, turns=RoundRobin())
    assert sum(job.workspace == "small" for job in jobs) == 5


def test_claims_of_two_workers_share_all_jobs(worker: Worker, db: Database, other: Database) -> None:
    flood(db, "large", jobs=60)
    worker.now = 1 << 50
    second = Worker(other, worker.now)
    ids: list[int] = []
    while batch := [*worker.claim(limit=7), *second.claim(limit=7)]:
        ids += [job.id for job in batch]
    assert len(ids) == len(set(ids)) == 60
