"""Jobs: work after the commit, once when it succeeds, again when it does not, given up at last."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from services.chassis import jobleases, jobs
from services.chassis.call import Job, Retry, outside_transaction
from services.chassis.entrypoints import job
from services.kernel.errors import Refusal, failed_state
from tests.integration.chassis.harness import World
from tests.waiting import wait_for

STATE = "SELECT state, attempts, reason FROM chassis.job"


def printing(world: World, function: Any, **settings: Any) -> type:
    """A variant whose job is this function of (service, job)."""

    def print_sign(self: Any, job: Job) -> None:
        function(self, job)

    return world.variant(print_sign=job(**settings)(print_sign) if settings else job(print_sign))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "backoff", lambda attempts, longest_s: 0.05)


def test_a_job_is_done_once_and_its_effect_and_end_are_committed_together(world: World) -> None:
    with world.running("rpc", "jobs"):
        permit = world.grant().message.permit
        wait_for("it is done", lambda: world.sql(STATE) == [("DONE", 1, None)])
    assert world.printer.read_text() == f"{permit.permit_id}\n"
    assert world.value("SELECT sign_printed FROM permit") is True
    assert world.value("SELECT case_number FROM chassis.job") == permit.case_number


def test_a_job_that_asks_for_it_is_tried_again(world: World) -> None:
    world.printer.mkdir()
    with world.running("rpc", "jobs"):
        world.grant()
        wait_for("it waits", lambda: world.sql(STATE) == [("PENDING", 1, "PRINTER_AWAY")])
        world.printer.rmdir()
        wait_for("it is done", lambda: world.value("SELECT state FROM chassis.job") == "DONE")
    assert world.value("SELECT sign_printed FROM permit") is True


@pytest.mark.parametrize(
    ("error", "tries", "reason"),
    [
        (ValueError("a person's name"), 3, "ValueError"),
        (Retry("PRINTER_AWAY"), 3, "PRINTER_AWAY"),
        (failed_state("PERMIT_ENDED"), 1, "PERMIT_ENDED"),
    ],
)
def test_a_job_is_given_up_after_its_tries_or_at_a_refusal(
    world: World, error: Exception | Refusal, tries: int, reason: str
) -> None:
    last: list[bool] = []

    def fail(service: Any, job: Job) -> None:
        last.append(job.last)
        service.uow.connection.exec_driver_sql("UPDATE permit SET sign_printed = true")
        raise error

    with world.running("rpc", "jobs", service=printing(world, fail, tries=3)):
        world.grant()
        wait_for("it is given up", lambda: world.sql(STATE) == [("FAILED", tries, reason)])
    assert last == [False, False, True][:tries]
    assert world.value("SELECT sign_printed FROM permit") is False


def test_a_job_that_outlives_its_limit_leaves_nothing_and_is_done_by_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobleases, "LEASE_S", 0.2)
    go_on, attempts = threading.Event(), []

    def slow(service: Any, job: Job) -> None:
        attempts.append(job.attempt)
        service.uow.connection.exec_driver_sql("SELECT 1")
        if job.attempt == 1:
            go_on.wait(10)
        service.uow.connection.exec_driver_sql("UPDATE permit SET version = version + 1")

    with world.running("rpc", "jobs", service=printing(world, slow, tries=5, limit_seconds=0.3)):
        world.grant()
        wait_for("another did it", lambda: world.sql(STATE) == [("DONE", 2, None)])
        go_on.set()
    assert attempts == [1, 2]
    assert world.value("SELECT version FROM permit") == 2


def test_what_a_job_keeps_when_it_asks_for_another_try_stays(world: World) -> None:
    def wait(service: Any, job: Job) -> None:
        service.uow.connection.exec_driver_sql("UPDATE permit SET version = version + 1")
        if not job.last:
            raise Retry("PRINTER_AWAY", keep=True)

    with world.running("rpc", "jobs", service=printing(world, wait, tries=3)):
        world.grant()
        wait_for("it is done", lambda: world.sql(STATE) == [("DONE", 3, None)])
    assert world.value("SELECT version FROM permit") == 4


def test_a_job_that_another_has_done_meanwhile_keeps_nothing_when_it_wakes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As of a process that is frozen: nobody renews its lease.
    monkeypatch.setattr(jobleases, "LEASE_S", 0.2)
    monkeypatch.setattr(jobleases.JobLeases, "_renew", lambda self: None)
    go_on, woken = threading.Event(), threading.Event()

    def frozen(service: Any, job: Job) -> None:
        if job.attempt == 1:
            go_on.wait(10)
            service.uow.connection.exec_driver_sql("UPDATE permit SET sign_printed = true")
            woken.set()
            raise Retry("PRINTER_AWAY", keep=True)

    with world.running("rpc", "jobs", service=printing(world, frozen)):
        world.grant()
        wait_for("another did it", lambda: world.sql(STATE) == [("DONE", 2, None)])
        go_on.set()
        assert woken.wait(10)
    assert world.value("SELECT sign_printed FROM permit") is False
    assert world.sql(STATE) == [("DONE", 2, None)]


def test_a_job_that_runs_longer_than_a_lease_is_done_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobleases, "LEASE_S", 0.4)

    def lease_after(moment: Any) -> Any:
        rows = world.sql("SELECT lease_until FROM chassis.job WHERE lease_until > %s", moment)
        return rows and rows[0][0]

    def slow(service: Any, job: Job) -> None:
        # Two renewals on: another runner that looks for work meanwhile finds none.
        first = wait_for("a lease", lambda: lease_after("-infinity"))
        second = wait_for("its renewal", lambda: lease_after(first))
        wait_for("the next", lambda: lease_after(second))

    service = printing(world, slow)
    with world.running("rpc", "jobs", service=service), world.running("jobs", service=service):
        world.grant()
        wait_for("it is done", lambda: world.sql(STATE) == [("DONE", 1, None)])


def test_two_runners_do_each_job_once(world: World) -> None:
    done: list[str] = []
    lock = threading.Lock()

    def note(service: Any, job: Job) -> None:
        with lock:
            done.append(job.id)

    with world.running("rpc"):
        for _ in range(12):
            world.grant()
    service = printing(world, note)
    with world.running("jobs", service=service), world.running("jobs", service=service):
        wait_for("all are done", lambda: world.sql("SELECT DISTINCT state FROM chassis.job") == [("DONE",)])
    assert len(done) == len(set(done)) == 12


def test_a_remote_call_from_inside_the_transaction_is_refused(world: World) -> None:
    def reach_out(service: Any, job: Job) -> None:
        outside_transaction("smtp")
        service.uow.connection.exec_driver_sql("SELECT 1")
        outside_transaction("smtp")

    with world.running("rpc", "jobs", service=printing(world, reach_out, tries=2)):
        world.grant()
        wait_for("it is given up", lambda: world.sql(STATE) == [("FAILED", 2, "REMOTE_CALL_IN_TRANSACTION")])
