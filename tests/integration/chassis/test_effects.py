"""What became of events is listed for the case trace: nothing is missed, and what a restore undid is void."""

from __future__ import annotations

from typing import Any

import pytest
from egov.chassis.v1 import operations_service_pb2 as operations

from services.chassis import resume
from services.kernel.errors import Kind, NotYet, Refusal
from services.kernel.ids import uuid7
from tests.integration.chassis.callers import Answer
from tests.integration.chassis.harness import World, event_call, long_ago
from tests.integration.chassis.test_outcomes import Handler, operate
from tests.integration.chassis.test_restore import copy
from tests.waiting import wait_for

OPERATIONS = "egov.chassis.v1.OperationsService"
INSERT = (
    "INSERT INTO chassis.inbox (day, consumer, event_id, event_type, outcome)"
    " VALUES (current_date, 'some', %s, 'egov.grid.v1.IncidentClosed', 'taken')"
)


class Reader:
    """Goes on from cursor to cursor, and keeps of each event what it was told last."""

    def __init__(self, world: World, size: int = 0) -> None:
        self.world, self.size, self.cursor = world, size, ""
        self.known: dict[str, tuple[str, str]] = {}
        self.begun = 0

    def read(self) -> dict[str, tuple[str, str]]:
        """What is known after all that is there now: outcome and reason, by event id."""
        more = True
        while more:
            page = self._page()
            if page.from_beginning:
                self.begun += 1
                self.known.clear()
            for each in page.effects:
                name = operations.EffectOutcome.Name(each.outcome).removeprefix("EFFECT_OUTCOME_")
                self.known[each.event_id] = (name, each.reason)
            self.cursor, more = page.next, page.more
        return self.known

    def _page(self) -> Any:
        return operations.ListEffectsResponse.FromString(ask(self.world, self.cursor, self.size).message)


def ask(world: World, after: str = "", size: int = 0, workload: str = "casetrace") -> Answer:
    request = operations.ListEffectsRequest(after=after, page_size=size)
    return world.call("ListEffects", request, service=OPERATIONS, workload=workload, key=None)


def listed(world: World, count: int) -> list[str]:
    """Some events that were taken; their ids."""
    ids = [str(uuid7()) for _ in range(count)]
    for id in ids:
        world.sql(INSERT, id)
    return ids


def test_each_change_of_an_outcome_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resume, "backoff", lambda attempts: 0.05)
    plans: dict[str, list[Exception | None]] = {
        "refused": [Refusal("PERMIT_ENDED", Kind.FAILED_STATE)],
        "fails": [ValueError("always")],
        "early": [NotYet("PERMIT_NOT_FOUND")],
    }
    handler, reader = Handler(**plans), Reader(world)
    with world.running("events", "rpc", service=world.variant(**event_call(world, handler))):
        ids = {key: world.close_incident(key) for key in ("taken", "refused", "fails", "early")}
        behind = world.close_incident("fails", 4)
        wanted = {
            ids["taken"]: ("TAKEN", ""),
            ids["refused"]: ("REFUSED", "PERMIT_ENDED"),
            ids["fails"]: ("PARKED", "HANDLER_FAILED"),
            ids["early"]: ("RETRYING", "PERMIT_NOT_FOUND"),
            behind: ("WAITING", "BEHIND_ANOTHER"),
        }
        wait_for("all is told", lambda: reader.read() == wanted)
        plans["early"][:], plans["fails"][:] = [None], [None]
        operate(world, "DiscardParked", ids["fails"])
        later = {ids["early"]: ("TAKEN", ""), ids["fails"]: ("DISCARDED", "BY_OPERATOR"), behind: ("TAKEN", "")}
        wait_for("what changed is told", lambda: reader.read() == wanted | later)
    assert reader.begun == 1


def test_an_event_that_the_inbox_does_not_list_is_told_until_it_is_discarded(world: World) -> None:
    reader = Reader(world)
    with world.running("events", "rpc"):
        old = world.close_incident(str(uuid7()), ce_id=long_ago(30))
        wait_for("it is parked", lambda: reader.read() == {old: ("PARKED", "TOO_OLD")})
        operate(world, "DiscardParked", old)
        wait_for("it is given up", lambda: reader.read() == {old: ("DISCARDED", "BY_OPERATOR")})


def test_pages_hold_all_whatever_their_size(world: World) -> None:
    with world.running("rpc"):
        first = listed(world, 7)
        readers = [Reader(world, size) for size in (1, 3, 7, 0)]
        assert all(set(reader.read()) == set(first) for reader in readers)
        more = listed(world, 5)
        assert all(set(reader.read()) == {*first, *more} for reader in readers)


def test_what_is_committed_late_is_not_missed(world: World) -> None:
    reader = Reader(world)
    with world.running("rpc"), world.connect() as slow:
        listed(world, 1)
        reader.read()
        slow.autocommit = False
        late = str(uuid7())
        slow.execute(INSERT, (late,))
        after = listed(world, 3)
        assert not set(reader.read()) & {late, *after}
        slow.commit()
        wait_for("all are told", lambda: {late, *after} <= set(reader.read()))


def test_rows_of_the_release_before_are_listed(world: World) -> None:
    with world.running("rpc"):
        (old,) = listed(world, 1)
        with world.servers.postgres.connect("permits") as administrator:
            administrator.execute("SET session_replication_role = replica")
            administrator.execute("UPDATE chassis.inbox SET changed = NULL")
        assert Reader(world).read() == {old: ("TAKEN", "")}


def test_a_database_whose_files_were_put_back_is_noticed(world: World) -> None:
    reader = Reader(world)
    data, backup = world.servers.postgres.data, world.servers.postgres.data.with_name("backup")
    with world.running("rpc"):
        kept = listed(world, 3)
        reader.read()
    copy(world, data, backup)
    with world.running("rpc"):
        listed(world, 2)
        reader.read()
    copy(world, backup, data)
    with world.running("rpc"):
        # Others have written since, so that the numbers of transactions are beyond the cursor's.
        again = listed(world, 20)
        assert set(reader.read()) == {*kept, *again}
    assert reader.begun == 2


def test_only_the_case_trace_may_ask_and_only_with_a_cursor_of_ours(world: World) -> None:
    with world.running("rpc"):
        assert ask(world, workload="grid").reason == "CALLER_NOT_ALLOWED"
        refused = ask(world, after="bm9uZQ").refusal
    assert refused is not None
    assert refused.reason == "INVALID_ARGUMENT"
    assert [each.rule.upper() for each in refused.violations] == ["PAGE_TOKEN_INVALID"]
