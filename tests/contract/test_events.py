"""What every event says, who takes it, and what it must not carry."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
import yaml
from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.chassis.contract import event_kind
from services.chassis.denials import Denials
from tests.contract.system import (
    CHASSIS_CONTRACT,
    ROOT,
    SERVICES,
    declared,
    events,
    modules,
    reachable_fields,
    rpcs,
    service_class,
)

ALL = pytest.mark.parametrize("event", events(), ids=lambda event: event.full_name)

# Words that name free text or a person's data. A field of an event is an id, a code, a number or a moment.
FREE_TEXT_WORDS = """
address body citizen comment content description detail details display email explanation message mobile name note
opinion phone photo remark remarks subject summary text title
"""
FREE_TEXT = frozenset(FREE_TEXT_WORDS.split())
# Words that name a person's data wherever they stand.
PERSONAL = frozenset(["address", "citizen", "description", "email", "mobile", "phone"])


def words(field: FieldDescriptor) -> set[str]:
    return set(field.name.split("_"))


def consumers_of(service: str) -> list[Any]:
    """What a service takes: by its own class, and by what the container mixes into every class."""
    both = [*declared(service_class(service)), *declared(Denials)]
    return [entrypoint for _, entrypoint in both if type(entrypoint).__name__ == "On"]


def consumed_by(service: str) -> set[str]:
    return {entrypoint.kind.name for entrypoint in consumers_of(service)}


def topics() -> dict[str, dict[str, object]]:
    declaration = yaml.safe_load((ROOT / "deploy/topics.yaml").read_text("utf-8"))
    found: dict[str, dict[str, object]] = declaration["topics"]
    return found


@ALL
def test_an_event_names_its_aggregate_and_version(event: Descriptor) -> None:
    assert event.GetOptions().HasExtension(options_pb2.event), f"{event.full_name} has no event option"
    parts: dict[int, list[FieldDescriptor]] = defaultdict(list)
    for field in event.fields:
        parts[field.GetOptions().Extensions[options_pb2.envelope]].append(field)
    [aggregate] = parts[options_pb2.ENVELOPE_PART_AGGREGATE_ID]
    [version] = parts[options_pb2.ENVELOPE_PART_AGGREGATE_VERSION]
    assert aggregate.type == FieldDescriptor.TYPE_STRING
    assert version.type == FieldDescriptor.TYPE_INT64


@ALL
def test_an_event_that_moves_a_case_names_it(event: Descriptor) -> None:
    option = event.GetOptions().Extensions[options_pb2.event]
    parts = {field.GetOptions().Extensions[options_pb2.envelope] for field in event.fields}
    if option.case_phase or options_pb2.ENVELOPE_PART_HOLDER in parts:
        assert options_pb2.ENVELOPE_PART_CASE_NUMBER in parts


@ALL
def test_an_event_has_a_consumer_or_is_public(event: Descriptor) -> None:
    option = event.GetOptions().Extensions[options_pb2.event]
    taken_by = [service for service in SERVICES if event.full_name in consumed_by(service)]
    assert taken_by or option.public, f"nobody takes {event.full_name}: add a consumer, or declare it public"


@ALL
def test_an_event_for_members_is_read_under_a_scope_that_exists(event: Descriptor) -> None:
    option = event.GetOptions().Extensions[options_pb2.event]
    scopes = {rpc.access.outward.scope for rpc in rpcs()}
    assert not option.audience or option.audience in scopes


@ALL
def test_no_personal_data_is_reachable_from_an_event(event: Descriptor) -> None:
    personal = [
        path for path, field in reachable_fields(event) if field.GetOptions().Extensions[options_pb2.personal]
    ]  # fmt: skip
    assert not personal, f"{event.full_name} carries {', '.join(personal)}"


@ALL
def test_no_free_text_is_reachable_from_an_event(event: Descriptor) -> None:
    texts = [
        path
        for path, field in reachable_fields(event)
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES) and words(field) & FREE_TEXT
    ]
    assert not texts, f"{event.full_name} carries {', '.join(texts)}: ids and codes only"


def test_a_field_that_sounds_personal_is_marked_so() -> None:
    unmarked = [
        field.full_name
        for module in modules()
        for message in module.DESCRIPTOR.message_types_by_name.values()
        for field in message.fields
        if words(field) & PERSONAL
        and field.type == FieldDescriptor.TYPE_STRING
        and not field.GetOptions().Extensions[options_pb2.personal]
    ]
    assert not unmarked


def test_each_service_with_events_has_its_topic() -> None:
    packages = {event.file.package for event in events()} - {CHASSIS_CONTRACT}
    # A service without events of its own publishes the chassis's, about events that it could not take.
    assert packages <= set(topics()) <= {f"egov.{service}.v1" for service in SERVICES}
    for name, topic in topics().items():
        assert topic["writer"] == name.split(".")[1]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_read_the_topics_that_it_consumes_and_no_others(service: str) -> None:
    consumed = {entrypoint.topic for entrypoint in consumers_of(service)}
    readable = {name for name, topic in topics().items() if service in topic["readers"]}  # type: ignore[operator]
    assert readable == consumed


@ALL
def test_an_event_about_a_person_says_so(event: Descriptor) -> None:
    # Its aggregate id is the person's, and ids of persons stay out of telemetry.
    kind = event_kind(event)
    assert kind.about_person == (kind.aggregate_id in ("person_id", "holder_id"))


@ALL
def test_an_event_has_titles_for_people(event: Descriptor) -> None:
    chinese, english = event_kind(event).titles
    assert chinese and not chinese.isascii(), f"{event.full_name} has no title_zh"
    assert english and english.isascii(), f"{event.full_name} has no title_en"


def test_no_two_events_have_one_title() -> None:
    for titles in zip(*(event_kind(event).titles for event in events()), strict=True):
        assert len(set(titles)) == len(titles)
