"""The Health page as it is made from stored rows."""

from __future__ import annotations

import sqlalchemy as sa
from google.protobuf.message import Message

from observability.casetrace.console.pages.health import page
from observability.casetrace.domain.effects import Source
from observability.casetrace.domain.series import Window
from observability.casetrace.store.metrics import MetricStore, Thinned
from observability.casetrace.store.open_effects import OpenEffectStore
from observability.casetrace.usecases import health
from observability.casetrace.wire import health as wire
from tests.integration.casetrace.test_health import connection, today, told
from tests.unit.casetrace.console.visits import visit
from tests.unit.casetrace.samples import effect, event_id
from tests.unit.casetrace.test_series import BOUNDS

__all__ = ["connection", "today"]


def test_the_page_is_made_from_what_is_stored(connection: sa.Connection, today: Window) -> None:
    store, parked = MetricStore(connection), effect(event_id(1), "parked", reason="HANDLER_FAILED")
    store.add(told(today))
    OpenEffectStore(connection).keep([parked])

    def ask(method: str, request: Message) -> Message:
        if method == "ListOpenEffects":
            return wire.open_answer(OpenEffectStore(connection).listed("3711"))
        over = Thinned().over(store, today, today.end)
        sources = [Source("notification", "", today.end)]
        found = health(store, over, ["notification"], sources, today, today.end, BOUNDS)
        return wire.health_answer(found, today)

    shown = page(visit("/console/health", ask)).get_data(as_text=True)
    assert 'id="service-grid"' in shown and 'data-state="no_leader"' in shown
    assert 'id="service-notification"' in shown and 'data-state="unheard"' in shown
    assert f'data-event="{parked.event_id}"' in shown
