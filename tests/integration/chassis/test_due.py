"""What is due: done once at its moment, moved and cancelled up to the end, never in the way of others."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from services.chassis import due, metrics
from services.chassis.call import Due
from services.chassis.entrypoints import due as at_its_moment
from services.kernel.errors import conflict, not_found
from tests.integration.chassis.harness import World
from tests.waiting import wait_for

NAME = "permit-end"
ROWS = "SELECT key, attempts, claim IS NOT NULL, reason FROM chassis.due ORDER BY key"
LONG = 3600.0
EFFECT = "INSERT INTO chassis.kept (name, value) VALUES ('%s', '')"
EFFECTS = "SELECT name FROM chassis.kept WHERE name <> 'key-set' ORDER BY updated_at"

PROGRAM = f"""
import sys
from services.chassis import run
from services.chassis.entrypoints import due
from services.permits.service import PermitsService

@due("{NAME}")
def permit_due(self, due):
    self.uow.connection.exec_driver_sql("{EFFECT}" % due.key)

PermitsService.permit_due = permit_due
sys.exit(run.main(sys.argv[1:]))
"""


def effect(service: Any, due: Due) -> None:
    """What a method does to the database: visible once committed."""
    service.uow.connection.exec_driver_sql(EFFECT % due.key)


def doing(world: World, function: Any = effect) -> type:
    """A variant with a method of this function of (service, due)."""

    def permit_due(self: Any, due: Due) -> None:
        function(self, due)

    return world.variant(permit_due=at_its_moment(NAME)(permit_due))


def effects(world: World) -> list[str]:
    return [name for (name,) in world.sql(EFFECTS)]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "POLL_S", 0.1)
    monkeypatch.setattr(due, "backoff", lambda attempts, longest_s: 0.05)


def test_it_is_done_once_when_its_moment_has_come(world: World) -> None:
    world.set_due(NAME, a=0.3, b=LONG)
    with world.running("timers", service=doing(world)):
        wait_for("it is done", lambda: effects(world) == ["a"])
    assert world.sql(ROWS) == [("b", 0, False, None)]
    assert metrics.REGISTRY.get_sample_value("egov_due_late_seconds", {"due_name": NAME}) == 0


def test_what_the_process_sets_itself_is_done_without_a_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "POLL_S", 600.0)

    def next_one(service: Any, due: Due) -> None:
        effect(service, due)
        if due.key == "a":
            service.uow.set_due(NAME, "b", due.at)

    world.set_due(NAME, a=0.2)
    with world.running("timers", service=doing(world, next_one)):
        wait_for("both are done", lambda: effects(world) == ["a", "b"])
    assert world.sql(ROWS) == []


def test_a_method_may_set_its_own_next_moment(world: World) -> None:
    world.set_due(NAME, a=0)

    def again(service: Any, due: Due) -> None:
        service.uow.connection.exec_driver_sql("UPDATE chassis.kept SET value = value || '.' WHERE name = 'key-set'")
        service.uow.set_due(NAME, due.key, due.at)

    with world.running("timers", service=doing(world, again)):
        wait_for("again and again", lambda: str(world.value("SELECT value FROM chassis.kept")).endswith("..."))
    assert [key for key, *_ in world.sql(ROWS)] == ["a"]


def test_the_last_word_of_a_unit_of_work_counts_and_what_is_undone_is_not_due(world: World) -> None:
    world.set_due(NAME, a=LONG)
    world.set_due(NAME, a=None, b=None)
    assert world.sql(ROWS) == []

    def undone(service: Any, due: Due) -> None:
        service.uow.set_due(NAME, "c", due.at)
        service.uow.set_due(NAME, "d", due.at)
        service.uow.cancel_due(NAME, "c")
        if due.attempt == 1:
            raise ValueError("a person's name")

    world.set_due(NAME, a=0)
    with world.running("timers", service=doing(world, lambda s, d: undone(s, d) if d.key == "a" else effect(s, d))):
        wait_for("it is done", lambda: effects(world) == ["d"])


def test_two_replicas_share_the_work(world: World) -> None:
    keys = {f"k{number:02}": 0.0 for number in range(40)}
    world.set_due(NAME, **keys)
    with world.running("timers", service=doing(world)), world.running("timers", service=doing(world)):
        wait_for("all are done", lambda: world.sql(ROWS) == [])
    assert sorted(effects(world)) == sorted(keys)


def test_after_a_rest_they_come_in_the_order_of_their_moments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "THREADS", 1)
    ages = {f"k{number}": -float(number * 7 % 20) for number in range(20)}
    world.set_due(NAME, **ages)
    with world.running("timers", service=doing(world)):
        wait_for("all are done", lambda: world.sql(ROWS) == [])
    assert effects(world) == sorted(ages, key=lambda key: ages[key])


def test_one_that_fails_is_tried_again_and_holds_up_nobody(world: World) -> None:
    def fail_twice(service: Any, due: Due) -> None:
        effect(service, due)
        if due.key == "bad" and due.attempt < 3:
            raise (conflict("STALE_VERSION") if due.attempt == 2 else ValueError("a person's name"))

    world.set_due(NAME, bad=-10, good=-5, other=0)
    with world.running("timers", service=doing(world, fail_twice)):
        wait_for("all are done", lambda: len(effects(world)) == 3)
    assert effects(world)[-1] == "bad"
    assert world.sql(ROWS) == []


def test_what_there_is_no_more_is_refused_and_gone(world: World) -> None:
    def gone(service: Any, due: Due) -> None:
        effect(service, due)
        if due.key == "a":
            raise not_found()

    world.set_due(NAME, a=-1, b=0)
    with world.running("timers", service=doing(world, gone)):
        wait_for("both are over", lambda: world.sql(ROWS) == [])
    assert effects(world) == ["b"]


@pytest.mark.parametrize(("to", "left"), [(LONG, [("a", 0, False, None)]), (None, [])], ids=["moved", "cancelled"])
def test_what_is_moved_or_cancelled_while_it_is_done_is_undone(world: World, to: float | None, left: Any) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(service: Any, due: Due) -> None:
        effect(service, due)
        begun.set()
        assert go_on.wait(10)

    world.set_due(NAME, a=0)
    outcomes = {"due_name": NAME, "outcome": "lost"}
    before = metrics.REGISTRY.get_sample_value("egov_due_runs_total", outcomes) or 0
    with world.running("timers", service=doing(world, wait)):
        assert begun.wait(10)
        world.set_due(NAME, a=to)
        go_on.set()
        wait_for(
            "the claim is lost",
            lambda: metrics.REGISTRY.get_sample_value("egov_due_runs_total", outcomes) == before + 1,
        )
    assert effects(world) == []
    assert world.sql(ROWS) == left


@pytest.mark.parametrize("point", ["due.after_claim", "due.before_commit"])
def test_one_whose_worker_is_killed_is_done_by_another(world: World, point: str) -> None:
    world.set_due(NAME, a=0)
    with world.process("timers", ready=False, program=PROGRAM, EGOV_FAULTPOINTS=f"{point}=kill") as process:
        wait_for("it was killed", lambda: process.exit_code() == -9)
    assert effects(world) == []
    ((key, attempts, claimed, _),) = world.sql(ROWS)
    assert (key, attempts, claimed) == ("a", 1, True)
    # Its lease is over.
    world.sql("UPDATE chassis.due SET try_at = now()")
    with world.running("timers", service=doing(world)):
        wait_for("another did it", lambda: effects(world) == ["a"])
    assert world.sql(ROWS) == []


def plan(world: World, statement: str) -> tuple[set[str], float, int]:
    """Nodes of a statement's plan, the time that it took in ms, and the blocks that it touched."""
    ((found,),) = world.sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
    nodes: list[Any] = [found[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    top = nodes[0]
    blocks = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return {f"{node['Node Type']} {node.get('Index Name', '')}" for node in nodes}, found[0]["Execution Time"], blocks


def test_a_million_rows_that_are_not_due_cost_one_look_at_the_index(world: World) -> None:
    fill = "INSERT INTO chassis.due (name, key, due_at, try_at) SELECT %s, n::text, at, at FROM ("
    fill += "SELECT n, now() + n * interval '1 s' + interval '1 h' AS at FROM generate_series(1, 1000000) AS n) AS made"
    # The service's own role ends a statement after some seconds.
    world.sql(fill, NAME, owner=True)
    world.sql("ANALYZE chassis.due", owner=True)
    try:
        for statement in (due.LOOK.text, due.CLAIM.text):
            asked = statement.replace(":name", f"'{NAME}'").replace(":lease", "15")
            nodes, took_ms, blocks = plan(world, asked)
            print(f"\n{statement.split()[0]}: {took_ms:.3f} ms, {blocks} blocks, {sorted(nodes)}")
            assert not any(node.startswith("Seq Scan") for node in nodes)
            assert any(node.endswith("due_next") for node in nodes)
            assert blocks < 20
        with world.running("timers", service=doing(world)):
            world.set_due(NAME, a=0)
            wait_for("it is done", lambda: effects(world) == ["a"])
    finally:
        # The server's own housekeeping gives the table up only after a while.
        world.sql("SET lock_timeout = '30 s'; TRUNCATE chassis.due", owner=True)


def test_what_is_due_is_left_alone_while_the_database_is_one_that_was_set_back(world: World) -> None:
    world.set_due(NAME, a=0)
    world.sql("INSERT INTO chassis.restored DEFAULT VALUES")
    with world.running("timers", service=doing(world)) as container:
        wait_for("it is known", container.runtime.restored.is_set)
        assert effects(world) == []
        world.sql("DELETE FROM chassis.restored")
        wait_for("it is done", lambda: effects(world) == ["a"])
