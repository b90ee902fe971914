from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from egov.inspection.v1.inspection_service_pb2 import RecordRecheckRequest
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.moments import moment, moment_in, stamp

NOON = datetime(2026, 11, 23, 12, 0, 0, 250_000, UTC)


def test_a_moment_goes_both_ways_and_is_aware() -> None:
    written = stamp(NOON)
    assert written is not None
    assert moment(written) == NOON
    assert moment(written).tzinfo is UTC


def test_a_moment_of_another_zone_is_the_same_instant() -> None:
    assert stamp(NOON.astimezone(timezone(timedelta(hours=8)))) == stamp(NOON)


def test_an_unset_field_is_no_moment_and_no_moment_leaves_it_unset() -> None:
    assert moment_in(RecordRecheckRequest(), "rectify_by") is None
    assert not RecordRecheckRequest(rectify_by=stamp(None)).HasField("rectify_by")


def test_the_beginning_of_1970_is_a_moment() -> None:
    assert moment_in(RecordRecheckRequest(rectify_by=Timestamp()), "rectify_by") == datetime(1970, 1, 1, tzinfo=UTC)
