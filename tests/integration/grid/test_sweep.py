"""The sweep over a PostgreSQL: what it looks at, and what it leaves and says."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from deploy.local.stack import Stack
from services.chassis import metrics
from services.chassis.call import Call
from services.chassis.database import create_engine, standalone
from services.chassis.transaction import Transaction
from services.grid.config import GridSettings
from services.grid.service import GridService
from services.grid.store.incidents import ANSWER, OTHERS, IncidentStore
from services.grid.store.reference import replace_centres
from tests.bench.grid_filling import COUNTIES, fill
from tests.integration.grid.desk import Desk
from tests.integration.grid.plans import passed, plan_of, scans
from tests.unit.fakes import caller
from tests.unit.grid.samples import CENTRE, ELSEWHERE, incident


def swept(engine: sa.Engine) -> int:
    """How many it mended until nothing was left."""
    mended, going_on = -1, True
    while going_on:
        call = Call(kind="timer", name="mend_incidents", caller=caller())
        with Transaction(Desk(engine).runtime, call) as uow:
            service = GridService()
            service.uow, service.config = uow, GridSettings()
            going_on = service.mend_incidents()
            uow.commit()
        mended += 1
    return mended


def test_a_centre_with_another_code_takes_over_and_what_has_none_is_said(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        replace_centres(connection, {"371102": "371102-WGZX"})
        for each in (replace(incident(region=ELSEWHERE), owner=""), incident(), incident()):
            IncidentStore(connection).add(each)
    assert swept(engine) == 2 + 1, "two of the centre that was, and one that nobody looked at either"
    owners = "SELECT owner, count(*) FROM incident GROUP BY owner ORDER BY owner"
    with engine.begin() as connection:
        assert [tuple(row) for row in connection.execute(sa.text(owners))] == [("", 1), ("371102-WGZX", 2)]
        replace_centres(connection, {"371102": CENTRE, "371100": "371100-ZHZX"})
    assert metrics.left_unmended() == {"UNHELD": 1}
    assert "no grid centre" in caplog.text
    assert swept(engine) == 3
    assert metrics.left_unmended() == {}


def test_a_round_looks_at_codes_and_not_at_incidents(engine: sa.Engine, postgres: Stack) -> None:
    owner = create_engine(
        postgres.wiring.database("grid", owner=True), application="test-fill", pool_size=1, patience_s=None
    )
    fill(owner, 10_000)
    owner.dispose()
    given = {"centres": [f"{county}-ZHZX" for county in COUNTIES[1:]]}
    with standalone(engine).connect() as connection:
        for column, condition in ANSWER.items():
            asked = sa.text(OTHERS.format(column=column, open=condition))
            found = connection.execute(asked, given).scalars().all()
            assert found == ([f"{COUNTIES[0]}-ZHZX"] if column == "owner" else [])
            nodes = plan_of(connection, asked, given)
            assert scans(nodes) == set()
            assert passed(nodes) <= 40
