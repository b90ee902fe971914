"""A handler that does not come back: its session is ended, its process replaced, its event parked the third time."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from services.chassis import watchdog
from services.kernel.ids import uuid7
from tests.integration.chassis.harness import World, event_call
from tests.waiting import wait_for


def test_a_handler_that_hangs_costs_its_process_and_at_last_only_its_key(world: World, tmp_path: Path) -> None:
    hangs = {"EGOV_HANDLER_SECONDS": "1", "EGOV_FAULTPOINTS": f"consumer.in_handler=pause:{tmp_path / 'never'}"}
    id = world.close_incident(key := str(uuid7()))
    for _ in range(3):
        with world.process("events", ready=False, **hangs) as process:
            wait_for("the process ends by itself", lambda: process.exit_code() is not None)
        assert process.exit_code() == watchdog.OVERDUE_EXIT
        assert any("handler past its deadline" in line and id in line for line in process.last_lines())
        assert world.inbox() == {}
        world.bury()
    behind = world.close_incident(key, 4)
    other = world.close_incident(str(uuid7()))
    with world.running("events"):
        parked = [("PARKED", "HANDLER_CRASHED", 3), ("WAITING", "BEHIND_ANOTHER", 0)]
        wait_for("it is parked, and its key waits", lambda: world.kept() == parked)
        wait_for("other keys go on", lambda: world.inbox() == {id: "parked", behind: "waiting", other: "taken"})


def test_the_database_session_of_a_handler_that_hangs_is_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, tries = threading.Event(), []
    monkeypatch.setattr(watchdog, "end_process", ended.set)

    def handle(service: Any, event: Any, call: Any) -> None:
        tries.append(event.incident_id)
        if len(tries) == 1:
            service.uow.connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            service.uow.connection.exec_driver_sql("SELECT pg_sleep(60)")

    with world.running("events", service=world.variant(**event_call(world, handle)), EGOV_HANDLER_SECONDS="1"):
        id = world.close_incident(str(uuid7()))
        assert ended.wait(30)
        # The try that hung left nothing behind, and the next one can begin: no lock is held.
        wait_for("it is taken again", lambda: world.inbox() == {id: "taken"})
    assert len(tries) == 2
