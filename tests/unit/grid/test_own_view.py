"""Whoever reported an incident is shown what is theirs; a field that nobody decided on is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from egov.grid.v1 import incidents_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.grid.domain.states import Command
from services.grid.wire.messages import incident_message
from services.grid.wire.own_view import OWN, own_view
from tests.contract.golden import filled
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, REPORTER

# Words that departments write for one another, what they ask of each other, and pictures that staff took.
KEPT_BACK = {
    "closing_reason", "refusal_reason", "dispatch_reason",
    "asked.kind", "asked.reason", "asked.asked_at", "asked.review_at", "asked.units",
    "intake.remark", "outside.answer_reason", "report.evidence.superseded", "evidence.kind", "evidence.reference",
    "evidence.sha256", "evidence.given_at", "evidence.superseded", "department_numbers.department",
    "department_numbers.number", "supervision.reason", "supervision.missed",
}  # fmt: skip


def paths(kind: Descriptor, before: str = "") -> Iterator[str]:
    """Every field of a message and of those in it."""
    for field in kind.fields:
        inner = field.message_type
        if inner is None or inner.full_name == "google.protobuf.Timestamp":
            yield before + field.name
        else:
            yield from paths(inner, f"{before}{field.name}.")


def shown(message: Message, before: str = "") -> set[str]:
    """The fields that are set."""
    found: set[str] = set()
    for field, value in message.ListFields():
        inner = field.message_type
        if inner is None or inner.full_name == "google.protobuf.Timestamp":
            found.add(before + field.name)
            continue
        for each in value if field.is_repeated else [value]:
            found |= shown(each, f"{before}{field.name}.")
    return found


def test_of_every_field_it_is_decided_whether_it_is_theirs() -> None:
    every = set(paths(incidents_pb2.Incident.DESCRIPTOR))
    assert every == OWN | KEPT_BACK
    assert not OWN & KEPT_BACK


def test_nothing_but_that_is_shown_of_an_incident_that_says_everything() -> None:
    full = filled(incidents_pb2.Incident())
    assert shown(full) == OWN | KEPT_BACK
    assert isinstance(full, incidents_pb2.Incident)
    assert shown(own_view(full)) == OWN


def test_the_reason_of_a_close_is_for_departments_and_the_reply_for_who_reported() -> None:
    closed = replace(samples.closed(), closing_reason="张某某重复投诉", reply="已清理完毕")
    own, of_centre = incident_message(closed, None, REPORTER), incident_message(closed, CENTRE)
    assert (own.closing_reason, own.reply) == ("", "已清理完毕")
    assert (of_centre.closing_reason, of_centre.reply) == ("张某某重复投诉", "已清理完毕")


def test_words_from_the_site_and_from_an_outside_body_stay_with_those_who_answer_for_it() -> None:
    checked = steps.check(steps.reported(), found=False)
    there = steps.DO[Command.OUTSIDE_UNDONE](steps.send_outside(samples.accepted()))
    for department, party in ((None, REPORTER), ("371102-SCJG", None)):
        assert not incident_message(checked, department, party).intake.remark
        assert not incident_message(there, department, party).outside.answer_reason
    assert incident_message(checked, CENTRE).intake.remark
