"""Phones that submit batches: in a process of their own, and what they leave behind."""

from __future__ import annotations

import sqlalchemy as sa

from services.chassis.database import create_engine
from tests.integration.grid.desk import Desk, noted


class Counter:
    """How many rows came since the test began."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._before = self._now()

    def _now(self) -> tuple[int, int]:
        filed = "SELECT count(*) FROM chassis.event_log WHERE type = 'egov.grid.v1.IncidentFiled'"
        counts = self._connection.execute(sa.text(f"SELECT (SELECT count(*) FROM incident), ({filed})"))
        incidents, events = counts.one()
        return incidents, events

    def new(self) -> tuple[int, int]:
        """Incidents, and events that say so."""
        incidents, events = self._now()
        return incidents - self._before[0], events - self._before[1]


def submit_in_a_process(url: str, *items: bytes) -> None:
    """As a process of its own, which EGOV_FAULTPOINTS may kill."""
    engine = create_engine(url, application="test-killed", pool_size=2)
    Desk(engine).submit(*(type(noted()).FromString(each) for each in items))
