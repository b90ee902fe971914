"""The envelope: what is sealed is what is opened, and what is no envelope says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from egov.certificates.v1.events_pb2 import CertificateIssued
from egov.chassis.v1 import events_pb2 as chassis_events
from egov.common.v1 import parties_pb2
from egov.grid.v1 import events_pb2, incidents_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.contract import ContractError
from services.chassis.envelope import BadEnvelope, Envelope, open_envelope, seal, text_of

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CASE = "371102-20261123-2000427-X"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

codes = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters=",:"), min_size=1)
ids = codes.filter(lambda text: len(text) <= 200)
moments = st.integers(0, 200_000_000_000).map(lambda ms: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
envelopes = st.builds(
    Envelope,
    id=ids,
    type=ids,
    source=ids,
    time=moments,
    key=ids,
    version=st.integers(1, 2**62),
    case_number=st.none() | codes,
    case_phase=st.sampled_from([None, "opens", "closes"]),
    holder=st.none() | codes,
    deadline=st.none() | moments,
    region=st.none() | codes,
    subject_type=st.none() | codes,
    audience=st.none() | codes,
    actor=st.none() | codes,
    links=st.lists(st.tuples(st.sampled_from(["merged", "caused", "concerns"]), codes), max_size=4).map(tuple),
    traceparent=st.none() | st.just(TRACE),
)


def on_the_wire(envelope: Envelope) -> list[tuple[str, bytes | None]]:
    headers: list[tuple[str, bytes | None]] = [(name, text.encode()) for name, text in envelope.headers().items()]
    return [*headers, ("traceparent", envelope.traceparent.encode())] if envelope.traceparent else headers


@given(envelopes)
def test_what_was_sealed_is_what_is_opened(envelope: Envelope) -> None:
    assert open_envelope(on_the_wire(envelope)) == envelope


@given(st.lists(st.tuples(st.text(), st.none() | st.binary())))
def test_whatever_the_headers_are_they_are_an_envelope_or_refused(headers: list[tuple[str, bytes | None]]) -> None:
    with pytest.raises(BadEnvelope):
        open_envelope(headers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ce_specversion": "0.3"},
        {"ce_id": ""},
        {"ce_id": "x" * 201},
        {"ce_subject": ""},
        {"ce_time": "yesterday"},
        {"ce_time": "2026-11-23T08:00:00"},
        {"ce_aggregateversion": "one"},
        {"ce_deadline": "2026-11-23T08:00:00"},
    ],
)
def test_what_is_missing_or_malformed_is_no_envelope(wrong: Mapping[str, str]) -> None:
    right = Envelope(id="i", type="t", source="s", time=NOW, key="k", version=1)
    headers = {**right.headers(), **wrong}
    with pytest.raises(BadEnvelope):
        open_envelope([(name, text.encode()) for name, text in headers.items()])


def test_an_events_options_become_its_envelope() -> None:
    event = events_pb2.IncidentFiled(
        incident_id="an-id", version=1, case_number=CASE, region="371102003002", holder="department/371102-ZHZX"
    )
    sealed = seal(event, id="i", source="/egov/grid", time=NOW, case_number="another", actor="client/rizhao-ssp")
    assert (sealed.type, sealed.key, sealed.version) == ("egov.grid.v1.IncidentFiled", "an-id", 1)
    assert (sealed.case_number, sealed.case_phase) == (CASE, "opens")
    assert (sealed.region, sealed.holder) == ("371102003002", "department/371102-ZHZX")
    assert (sealed.audience, sealed.actor) == ("grid.incidents.read", "client/rizhao-ssp")


def test_what_kind_of_thing_it_is_about_is_one_code_or_several() -> None:
    kind = incidents_pb2.IncidentTypeKey(
        standard="GB/T 47678.5-2026", kind=incidents_pb2.INCIDENT_KIND_EVENT, code="06010"
    )
    facts: dict[str, Any] = {"id": "i", "source": "s", "time": NOW, "case_number": CASE, "actor": None}
    filed = seal(events_pb2.IncidentFiled(incident_id="x", version=1, type=kind), **facts)
    issued = seal(CertificateIssued(certificate_id="x", version=1, type_code="11100000MB0328832T014"), **facts)
    unsaid = seal(events_pb2.IncidentFiled(incident_id="x", version=1), **facts)
    assert filed.subject_type == filed.headers()["ce_subjecttype"] == "GB/T 47678.5-2026/event/06010"
    assert (issued.subject_type, unsaid.subject_type) == ("11100000MB0328832T014", None)


def test_an_event_without_a_case_of_its_own_belongs_to_the_calls() -> None:
    event = chassis_events.EventParked(occurrence_id="o", version=1, event_id="cause")
    sealed = seal(event, id="i", source="/egov/grid", time=NOW, case_number=CASE, actor=None)
    assert (sealed.case_number, sealed.links) == (CASE, (("caused", "cause"),))


def test_times_are_written_in_utc() -> None:
    east = datetime(2026, 11, 23, 16, 0, tzinfo=timezone(timedelta(hours=8)))
    envelope = Envelope(id="i", type="t", source="s", time=east, key="k", version=1, deadline=east)
    assert envelope.headers()["ce_time"] == envelope.headers()["ce_deadline"] == "2026-11-23T08:00:00.000Z"


def test_only_events_with_id_and_version_are_sealed() -> None:
    with pytest.raises(ContractError, match="not an event"):
        seal(parties_pb2.Party(), id="i", source="s", time=NOW, case_number=None, actor=None)
    for incomplete in (events_pb2.IncidentFiled(version=1), events_pb2.IncidentFiled(incident_id="x")):
        with pytest.raises(ValueError, match="aggregate id and version"):
            seal(incomplete, id="i", source="s", time=NOW, case_number=None, actor=None)


@given(st.none() | st.binary())
def test_any_header_becomes_text_that_a_database_takes(raw: bytes | None) -> None:
    assert "\0" not in text_of(raw)
    assert text_of(text_of(raw).encode()) == text_of(raw)
