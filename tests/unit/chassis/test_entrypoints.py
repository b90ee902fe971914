from __future__ import annotations

import pytest
from egov.chassis.v1.events_pb2 import EventRefused
from egov.grid.v1.events_pb2 import IncidentFiled

from services.chassis.consumers import demand_agreement
from services.chassis.contract import ContractError
from services.chassis.due import Dues
from services.chassis.entrypoints import BEGINNING, DueMethod, On, OnAny


def test_a_services_event_is_taken_from_that_services_topic() -> None:
    assert On(IncidentFiled, id="some", start=BEGINNING).topic == "egov.grid.v1"


def test_an_event_of_the_chassis_is_taken_from_the_topic_that_is_named() -> None:
    taken = On(EventRefused, id="some", start=BEGINNING, topic="egov.certificates.v1")
    assert (taken.topic, taken.kind.name) == ("egov.certificates.v1", "egov.chassis.v1.EventRefused")


def test_a_topic_is_named_for_events_of_the_chassis_and_no_others() -> None:
    with pytest.raises(ContractError):
        On(EventRefused, id="some", start=BEGINNING)
    with pytest.raises(ContractError):
        On(IncidentFiled, id="some", start=BEGINNING, topic="egov.certificates.v1")


def test_an_observer_shares_its_id_with_nobody() -> None:
    one, other = OnAny(id="watch", start=BEGINNING), OnAny(id="watch", start=BEGINNING)
    with pytest.raises(ContractError, match="shares its id with nobody"):
        demand_agreement("watch", [one, other])
    demand_agreement("watch", [one])


def test_a_name_of_what_is_due_has_one_method() -> None:
    dues = Dues()
    one = DueMethod("incident-clock")
    dues.declare(one)
    with pytest.raises(ContractError, match="incident-clock"):
        dues.declare(DueMethod("incident-clock"))
    with pytest.raises(ContractError, match="no name"):
        DueMethod("incident clock")
