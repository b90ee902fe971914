"""What two processes at once may do to incidents: two timers, and this release beside the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from services.grid.store.incidents import INCIDENT, IncidentStore
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW
from tests.unit.grid.samples import incident


def test_two_timers_never_claim_the_same_incident(engine_of: Engine) -> None:
    long_ago = [incident(at=NOW - timedelta(days=n)) for n in (900, 901)]
    with engine_of("grid").begin() as connection:
        for each in long_ago:
            IncidentStore(connection).add(each)
    now = NOW - timedelta(days=800)
    with engine_of("grid").connect() as one, engine_of("grid").connect() as other:
        claimed = [IncidentStore(connection).claim_overdue(now) for connection in (one, other)]
        assert claimed == long_ago[::-1]
        assert IncidentStore(other).claim_overdue(now) == long_ago[0]
        with engine_of("grid").connect() as third:
            assert IncidentStore(third).claim_overdue(now) is None
    with engine_of("grid").begin() as connection:
        connection.execute(sa.delete(INCIDENT).where(INCIDENT.c.id.in_([each.id for each in long_ago])))


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
        assert replace(loaded, deadline=filed.deadline) == filed
        close = "UPDATE incident SET version = 2, state = 'CLOSED', closed_at = now(), closing_outcome = 'HANDLED'"
        close += ", department = '371102-CGJ', dispatched_at = now(), handle_by = now() WHERE id = :id"
        connection.execute(sa.text(close), {"id": filed.id})
        assert store.load(filed.id, "37").deadline is None
        connection.rollback()
