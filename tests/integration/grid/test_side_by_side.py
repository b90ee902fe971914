"""What two processes at once may do to incidents: two sweeps, and this release beside the one before."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from services.grid.domain import merging
from services.grid.domain.standing import Main
from services.grid.domain.states import Command, IncidentState
from services.grid.store.incident_rows import INCIDENT
from services.grid.store.incidents import IncidentStore
from services.grid.usecases import CLOCK
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW
from tests.unit.grid import steps
from tests.unit.grid.samples import LIMITS, closed, dispatched, incident, verified
from tests.waiting import wait_for


def test_two_sweeps_never_mend_the_same_incident(engine_of: Engine) -> None:
    forgotten = [incident(at=NOW - timedelta(days=n)) for n in (900, 901)]
    with engine_of("grid").begin() as connection:
        for each in forgotten:
            IncidentStore(connection).add(each)
    with engine_of("grid").connect() as one, engine_of("grid").connect() as other:
        found = [IncidentStore(connection).unwatched(CLOCK) for connection in (one, other)]
        assert len({each.id for each in found if each}) == 2
    with engine_of("grid").begin() as connection:
        connection.execute(sa.delete(INCIDENT).where(INCIDENT.c.id.in_([each.id for each in forgotten])))


def test_a_main_incident_that_is_being_closed_waits_until_its_duplicate_is_merged(engine_of: Engine) -> None:
    """So that no duplicate is left behind: the close finds it, or the merging finds a main incident that has ended."""
    main, duplicate = verified(), incident()
    with engine_of("grid").begin() as connection:
        for each in (main, duplicate):
            IncidentStore(connection).add(each)
    with engine_of("grid").connect() as merging, engine_of("grid").connect() as closing, ThreadPoolExecutor() as aside:
        IncidentStore(merging).save(steps.merge(duplicate, IncidentStore(merging).load_main(main.id, "37")))
        close = aside.submit(IncidentStore(closing).save, steps.close(main))
        wait_for("the close to wait", lambda: waiting(merging))
        merging.commit()
        close.result()
        assert IncidentStore(closing).duplicates_of(main.id) == [duplicate.id]
        closing.rollback()
    with engine_of("grid").begin() as connection:
        connection.execute(sa.delete(INCIDENT).where(INCIDENT.c.id.in_([main.id, duplicate.id])))


def test_a_main_incident_that_is_being_reopened_waits_until_its_duplicate_is_closed(engine_of: Engine) -> None:
    """So that no duplicate stays closed: the reopening finds it, or it is not closed any more."""
    main, duplicate = closed(), incident()
    merged = steps.merge(duplicate, verified())
    merged = replace(merged, main=Main(main.id, main.case_number))
    with engine_of("grid").begin() as connection:
        for each in (main, merged):
            IncidentStore(connection).add(each)
    with engine_of("grid").connect() as following, engine_of("grid").connect() as again, ThreadPoolExecutor() as aside:
        ended = IncidentStore(following).load_main(main.id, "37")
        IncidentStore(following).save(merging.follow(merged, ended, limits=LIMITS, now=NOW))
        reopening = aside.submit(IncidentStore(again).save, steps.DO[Command.REOPEN](main))
        wait_for("the reopening to wait", lambda: waiting(following))
        following.commit()
        reopening.result()
        assert IncidentStore(again).closed_duplicates_of(main.id) == [duplicate.id]
        again.rollback()
    with engine_of("grid").begin() as connection:
        connection.execute(sa.delete(INCIDENT).where(INCIDENT.c.id.in_([main.id, duplicate.id])))


def test_two_incidents_are_never_merged_into_one_another(engine_of: Engine) -> None:
    pair = [incident(), incident()]
    with engine_of("grid").begin() as connection:
        for each in pair:
            IncidentStore(connection).add(each)
    with engine_of("grid").connect() as one, engine_of("grid").connect() as other, ThreadPoolExecutor() as aside:
        stores = [IncidentStore(one), IncidentStore(other)]
        mains = [stores[0].load_main(pair[1].id, "37"), stores[1].load_main(pair[0].id, "37")]
        merges = [steps.merge(pair[number], mains[number]) for number in (0, 1)]
        saving = [aside.submit(store.save, merge) for store, merge in zip(stores, merges, strict=True)]
        errors = [each.exception() for each in saving]
        # Each waits for the row that the other holds: the database lets one of them go on, or none.
        assert errors.count(None) <= 1
        assert all(isinstance(each, sa.exc.OperationalError) for each in errors if each)
        one.rollback()
        other.rollback()
    with engine_of("grid").begin() as connection:
        connection.execute(sa.delete(INCIDENT).where(INCIDENT.c.id.in_([each.id for each in pair])))


def waiting(connection: sa.Connection) -> bool:
    """Some connection waits for a lock."""
    asked = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(connection.execute(asked).scalar_one())


# What the release before names when it writes.
OLD_COLUMNS = """
id case_number version state region owner department type_standard type_kind type_code description address seen_at
reporter_kind reporter_id reporter_citizen_number enterprise_code enterprise_code_doubtful reference filed_at
dispatched_at handle_by dispatch_reason closed_at closing_outcome
"""


def test_the_release_before_goes_on_working(engine_of: Engine) -> None:
    names = OLD_COLUMNS.split()
    filed = incident()
    with engine_of("grid").connect() as connection:
        store = IncidentStore(connection)
        store.add(filed)
        row = connection.execute(sa.select(INCIDENT).where(INCIDENT.c.id == filed.id)).mappings().one()
        connection.execute(sa.delete(INCIDENT).where(INCIDENT.c.id == filed.id))
        old = {name: row[name] for name in names}
        marks = ", ".join(f":{name}" for name in names)
        connection.execute(sa.text(f"INSERT INTO incident ({', '.join(names)}) VALUES ({marks})"), old)
        loaded = store.load(filed.id, "37")
        assert loaded.deadline is not None
        assert replace(loaded, deadline=filed.deadline, clocks=filed.clocks) == filed
        close = "UPDATE incident SET version = 2, state = 'CLOSED', closed_at = now(), closing_outcome = 'HANDLED'"
        close += ", department = '371102-CGJ', dispatched_at = now(), handle_by = now() WHERE id = :id"
        connection.execute(sa.text(close), {"id": filed.id})
        assert store.load(filed.id, "37").deadline is None
        connection.rollback()


# What the release before writes when it changes an incident that is to it ACCEPTED.
HANDLED = (
    "UPDATE incident SET version = version + 1, state = 'HANDLED', handled_at = now(), handling_outcome = 'REPORTED'"
)


def test_what_is_in_a_new_state_is_to_the_release_before_in_the_nearest_that_it_knows(engine_of: Engine) -> None:
    on_hold = steps.grant(steps.ask_hold(steps.accept(dispatched())))
    voided, merged = steps.void(incident()), steps.merge(incident())
    new = [
        steps.reported(),
        steps.check(steps.reported()),
        steps.decline(steps.reported()),
        steps.send_outside(incident()),
    ]
    with engine_of("grid").connect() as connection:
        store = IncidentStore(connection)
        for each in (on_hold, voided, merged, *new):
            store.add(each)
        wanted = sa.select(INCIDENT.c.state).where(INCIDENT.c.id == sa.bindparam("id"))
        states = [connection.execute(wanted, {"id": each.id}).scalar_one() for each in (on_hold, voided, merged)]
        assert states == ["ACCEPTED", "CLOSED", "FILED"]
        states = [connection.execute(wanted, {"id": each.id}).scalar_one() for each in new]
        assert states == ["FILED", "FILED", "CLOSED", "ACCEPTED"]
        connection.execute(sa.text(HANDLED + " WHERE id = :id"), {"id": on_hold.id})
        assert store.load(on_hold.id, "37").state is IncidentState.HANDLED
        connection.execute(sa.text("UPDATE incident SET returned_by = owner WHERE id = :id"), {"id": merged.id})
        assert store.load(merged.id, "37").returns == 1, "which it does not count"
        connection.rollback()


def test_what_is_open_at_the_upgrade_gets_its_clock_and_the_moment_of_its_next_look(engine_of: Engine) -> None:
    upgrade = importlib.import_module("services.grid.migrations.versions.0005_clocks")
    filed, sent, done = incident(), dispatched(), closed()
    with engine_of("grid").connect() as connection:
        store = IncidentStore(connection)
        for each in (filed, sent, done):
            store.add(replace(each, clocks=()))
        connection.execute(sa.text(upgrade.RUNNING.replace(":", "\\:")))
        assert [store.load(each.id, "37").clocks for each in (filed, sent, done)] == [(), sent.clocks[-1:], ()]
        due = "SELECT key, due_at FROM chassis.due WHERE name = :timer AND key = ANY(:keys)"
        keys = [str(each.id) for each in (filed, sent, done)]
        rows = connection.execute(sa.text(due), {"timer": CLOCK, "keys": keys})
        found = {row.key: row.due_at for row in rows}
        assert found == {str(each.id): each.deadline for each in (filed, sent)}
        connection.rollback()
