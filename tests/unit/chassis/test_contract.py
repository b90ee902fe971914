"""What the chassis reads from the contract, and what it refuses at start."""

from __future__ import annotations

import pytest
from egov.chassis.v1 import operations_service_pb2
from egov.common.v1 import options_pb2
from egov.grid.v1 import events_pb2, grid_service_pb2
from egov.identity.v1 import events_pb2 as identity_events
from egov.identity.v1 import identity_service_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, MethodDescriptor

from services.chassis.contract import (
    ContractError,
    aggregate_field,
    event_kind,
    field_value,
    method_of,
    methods_of,
    topic_of,
)


def built(change: str) -> tuple[MethodDescriptor, Descriptor]:
    """A contract with one method and one event; `change` says what is wrong with them."""
    file = descriptor_pb2.FileDescriptorProto(name=f"tests/{change}.proto", package=f"tests.{change}", syntax="proto3")
    file.dependency.append("egov/common/v1/options.proto")
    message = file.message_type.add(name="Happened")
    field = message.field.add(name="thing_id", number=1, type=9, label=1)
    if change != "no_id":
        field.options.Extensions[options_pb2.envelope] = options_pb2.ENVELOPE_PART_AGGREGATE_ID
    if change != "no_event":
        message.options.Extensions[options_pb2.event].public = True
    method = file.service.add(name="Service").method.add(name="Do")
    method.input_type = method.output_type = f".tests.{change}.Happened"
    method.server_streaming = change == "streams"
    access = method.options.Extensions[options_pb2.access]
    if change == "scope_and_anonymous":
        access.outward.scope, access.outward.anonymous = "a.b", True
    elif change == "neither":
        access.outward.SetInParent()
    elif change != "no_door":
        access.inward.services.append("grid")
    made = descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    return made.services_by_name["Service"].methods_by_name["Do"], made.message_types_by_name["Happened"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("streams", "streams"),
        ("no_door", "no access rule"),
        ("neither", "name a scope or be anonymous"),
        ("scope_and_anonymous", "name a scope or be anonymous"),
    ],
)
def test_a_method_that_breaks_a_rule_is_refused(change: str, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        method_of(built(change)[0])


@pytest.mark.parametrize(
    ("change", "why"), [("no_event", "not an event"), ("no_id", "AGGREGATE_ID"), ("fine", "AGGREGATE_VERSION")]
)
def test_an_event_that_lacks_what_every_event_has_is_refused(change: str, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        event_kind(built(f"event_{change}")[1] if change == "fine" else built(change)[1])


def test_a_method_is_read_with_its_options() -> None:
    grid = methods_of(grid_service_pb2.DESCRIPTOR.services_by_name["GridService"])
    file_incident, get_incident = grid["FileIncident"], grid["GetIncident"]
    assert file_incident.path == "/egov.grid.v1.GridService/FileIncident"
    assert file_incident.full_name == "egov.grid.v1.GridService/FileIncident"
    assert file_incident.changing and not get_incident.changing
    assert file_incident.access.outward.scope == "grid.incidents.file"
    identity = methods_of(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"])
    assert identity["GetRegion"].cache_seconds == 600


def test_operations_are_callable_from_outside_but_for_what_the_case_trace_asks() -> None:
    service = operations_service_pb2.DESCRIPTOR.services_by_name["OperationsService"]
    inward = {name for name, method in methods_of(service).items() if method.access.WhichOneof("door") == "inward"}
    assert inward == {"ListEffects"}


def test_what_a_request_is_about_is_an_aggregate_of_its_service_and_no_person() -> None:
    grid = methods_of(grid_service_pb2.DESCRIPTOR.services_by_name["GridService"])
    identity = methods_of(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"])
    assert aggregate_field(grid["CloseIncident"]) == "incident_id"
    assert aggregate_field(grid["FileIncident"]) is None
    assert event_kind(identity_events.HolderRegistered.DESCRIPTOR).aggregate_id == "holder_id"
    assert aggregate_field(identity["GetHolder"]) is None


def test_an_event_is_read_with_its_options() -> None:
    kind = event_kind(events_pb2.IncidentClosed.DESCRIPTOR)
    assert (kind.aggregate_id, kind.aggregate_version, kind.phase) == ("incident_id", "version", "closes")
    assert topic_of(kind.name) == "egov.grid.v1"


def test_a_field_without_a_value_has_none() -> None:
    event = events_pb2.IncidentDispatched(incident_id="x")
    assert field_value(event, "incident_id") == "x"
    assert [field_value(event, name) for name in ("case_number", "version", "handle_by")] == [None, None, None]
