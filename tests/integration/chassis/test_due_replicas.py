"""What is due, with three replicas of which one is killed in the middle: shared, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.local.children import Child, answers
from tests.integration.chassis.harness import World
from tests.waiting import wait_for

NAME, ROWS, REPLICAS = "permit-end", 400, 3
# A method that takes a while, so that no replica has done everything before the others have looked.
PROGRAM = f"""
import os, sys
from services.chassis import run
from services.chassis.entrypoints import due
from services.permits.service import PermitsService

@due("{NAME}")
def permit_due(self, due):
    done = "INSERT INTO done_by SELECT '%s', %d FROM pg_sleep(0.02)"
    self.uow.connection.exec_driver_sql(done % (due.key, os.getpid()))

PermitsService.permit_due = permit_due
sys.exit(run.main(sys.argv[1:]))
"""


@pytest.fixture
def done_by(world: World) -> Iterator[None]:
    """A table without a key: it takes a second effect as it does the first."""
    world.sql("CREATE TABLE done_by (key text, process int)", owner=True)
    world.sql("GRANT ALL ON done_by TO PUBLIC", owner=True)
    yield
    world.sql("DROP TABLE done_by", owner=True)


def replica(world: World, number: int, running: ExitStack, **more: str) -> Child:
    admin = world.servers.ports.address(f"permits-admin-{number}")
    started = world.process("timers", ready=False, program=PROGRAM, EGOV_ADMIN_LISTEN=admin, **more)
    child = running.enter_context(started)
    wait_for("the replica is ready", lambda: answers(f"http://{admin}/readyz") or not child.alive())
    assert child.alive(), child.last_lines()
    return child


@pytest.mark.usefixtures("done_by")
def test_replicas_share_what_is_due_and_do_nothing_twice_though_one_is_killed(world: World) -> None:
    with ExitStack() as running:
        killed = replica(world, 1, running, EGOV_FAULTPOINTS="due.before_commit=kill@20")
        for number in range(2, REPLICAS + 1):
            replica(world, number, running)
        world.set_due(NAME, **dict.fromkeys((f"k{number}" for number in range(ROWS)), 0.0))
        wait_for("one is killed", lambda: killed.exit_code() == -9)
        wait_for(
            "the others did theirs", lambda: world.value("SELECT count(*) FROM chassis.due WHERE attempts = 0") == 0
        )
        wait_for("they are done", lambda: world.value("SELECT count(*) FROM chassis.due") <= 2)
        in_hand = world.value("SELECT count(*) FROM chassis.due WHERE claim IS NOT NULL")
        assert in_hand >= 1, "what the killed one had in hand waits for its lease"
        world.sql("UPDATE chassis.due SET try_at = now()")
        wait_for("all is done", lambda: world.value("SELECT count(*) FROM chassis.due") == 0)
    done = world.sql("SELECT key, process FROM done_by")
    assert Counter(key for key, _ in done) == Counter(f"k{number}" for number in range(ROWS)), "each once"
    shares = Counter(process for _, process in done)
    print(f"\ndone by each: {sorted(shares.values())}, in hand when killed: {in_hand}")
    assert len(shares) == REPLICAS, "each did a part"
