"""Field rules: the contract's own messages, and a message of every other shape that a contract may have."""

import math
import time
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from egov.grid.v1 import grid_service_pb2, incidents_pb2, places_pb2
from egov.identity.v1 import identity_service_pb2
from google.protobuf import timestamp_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.validation import compile_rules
from services.kernel import texts
from services.kernel.clock import FixedClock
from tests.unit.chassis.messages import Pairs, broken

NOW = FixedClock(datetime(2026, 11, 23, tzinfo=UTC))
file_incident = compile_rules(grid_service_pb2.FileIncidentRequest.DESCRIPTOR, NOW)
register_member = compile_rules(identity_service_pb2.RegisterMemberRequest.DESCRIPTOR, NOW)


def type_key(code: str, kind: int, standard: str = "") -> incidents_pb2.IncidentTypeKey:
    """The key of a type. Any number may come as its kind; the stubs name only those that the contract knows."""
    any_kind = cast("incidents_pb2.IncidentKind.ValueType", kind)
    return incidents_pb2.IncidentTypeKey(standard=standard, kind=any_kind, code=code)


def report(**changes: Any) -> grid_service_pb2.FileIncidentRequest:
    """A right request to file an incident, with changes to its report."""
    values: dict[str, Any] = {
        "type": type_key(standard="GB/T 47678.5-2026", kind=2, code="01001"),
        "region": "371102001001",
        "description": "石臼街道海滨二路路边有暴露垃圾，\n请处理。",
        "seen_at": timestamp_pb2.Timestamp(seconds=1_790_000_000),
        "reporter_citizen_number": "11010519491231002X",
        "enterprise_code": "91110000101623741K",
        "reference": "ssp-2026/112233",
    } | changes
    return grid_service_pb2.FileIncidentRequest(report=incidents_pb2.Report(**values))


def member(**changes: Any) -> identity_service_pb2.RegisterMemberRequest:
    """A right request to register a member system, with changes."""
    values: dict[str, Any] = {
        "client_id": "rizhao-ssp",
        "display_name": "随手拍",
        "region": "371100",
        "departments": ["371102-SCJG"],
        "scopes": ["grid.incidents.file", "grid.incidents.read"],
        "public_keys": ["{}"],
    } | changes
    return identity_service_pb2.RegisterMemberRequest(**values)


def test_a_right_request_has_no_violation() -> None:
    assert file_incident(report()) == []
    assert register_member(member()) == []


def test_everything_optional_may_be_unset() -> None:
    bare = report(reporter_citizen_number="", enterprise_code="", reference="", address="")
    bare.report.ClearField("seen_at")
    assert file_incident(bare) == []


def test_an_empty_request_misses_its_report_and_nothing_below() -> None:
    assert broken(file_incident(grid_service_pb2.FileIncidentRequest())) == [("report", "required")]


def test_all_violations_come_together_in_the_order_of_the_fields() -> None:
    wrong = report(
        type=type_key(kind=77, code="1"),
        region="371102",
        description="",
        address="x" * 201,
        reporter_citizen_number="110105194912310021",
        reference="a b",
    )
    assert broken(file_incident(wrong)) == [
        ("report.type.standard", "required"),
        ("report.type.kind", "unknown_enum"),
        ("report.type.code", "pattern"),
        ("report.region", "pattern"),
        ("report.description", "required"),
        ("report.address", "too_long"),
        ("report.reporter_citizen_number", "code_citizen_number_check"),
        ("report.reference", "pattern"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"region": "a village"}, [("report.region", "pattern"), ("report.region", "code_region")]),
        ({"reporter_citizen_number": "1"}, [("report.reporter_citizen_number", "code_citizen_number")]),
        ({"enterprise_code": "91110000101623741k"}, [("report.enterprise_code", "code_social_credit_code")]),
        ({"description": "x" * 2000}, []),
        ({"description": "x" * 2001}, [("report.description", "too_long")]),
        ({"description": "日" * 2000}, []),
        ({"description": "a\0b"}, [("report.description", "control_character")]),
        ({"description": "a\x1bb"}, [("report.description", "control_character")]),
        ({"description": "tab\t, lines\r\n, full-width\u3000blank, emoji \U0001f6b2"}, []),
        ({"reference": "ssp-1\n"}, [("report.reference", "pattern")]),
    ],
)
def test_single_mistakes(changes: dict[str, str], expected: Pairs) -> None:
    assert broken(file_incident(report(**changes))) == expected


def test_a_failing_check_character_of_an_enterprise_only_flags() -> None:
    assert file_incident(report(enterprise_code="91350211M0000XUF46")) == []


def test_a_birth_in_the_future_is_refused_by_the_clock() -> None:
    day_before = FixedClock(datetime(1949, 12, 30, 15, 59, tzinfo=UTC))
    early = compile_rules(grid_service_pb2.FileIncidentRequest.DESCRIPTOR, day_before)
    assert broken(early(report())) == [("report.reporter_citizen_number", "code_citizen_number_date")]


def test_a_moment_that_no_datetime_can_hold_is_refused() -> None:
    for wrong in ({"seconds": 1 << 60}, {"seconds": -(1 << 60)}, {"nanos": -1}, {"nanos": 1_000_000_000}):
        assert broken(file_incident(report(seen_at=timestamp_pb2.Timestamp(**wrong)))) == [
            ("report.seen_at", "timestamp")
        ]


def test_unknown_fields_are_no_violation() -> None:
    newer = grid_service_pb2.FileIncidentRequest.FromString(report().SerializeToString() + b"\xf8\x7f\x01")
    assert newer.SerializeToString() != report().SerializeToString()
    assert file_incident(newer) == []


def test_items_of_lists_are_named_by_their_place() -> None:
    wrong = member(scopes=["grid.incidents.file", "", "GRID"], departments=["371102-SCJG", "nowhere"])
    assert broken(register_member(wrong)) == [
        ("departments[1]", "code_department"),
        ("scopes[1]", "pattern"),
        ("scopes[2]", "pattern"),
    ]


def test_lists_that_are_missing_or_too_long() -> None:
    assert broken(register_member(member(scopes=[], public_keys=["{}"] * 6))) == [
        ("scopes", "required"),
        ("public_keys", "too_many"),
    ]


def test_a_range_holds_for_an_unset_number_too() -> None:
    dispatch = compile_rules(grid_service_pb2.DispatchIncidentRequest.DESCRIPTOR)
    uuid = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    assert broken(dispatch(grid_service_pb2.DispatchIncidentRequest(incident_id=uuid))) == [("version", "minimum")]
    assert dispatch(grid_service_pb2.DispatchIncidentRequest(incident_id=uuid, version=1)) == []


def test_a_page_is_checked_where_it_is_set() -> None:
    listing = compile_rules(grid_service_pb2.ListIncidentsRequest.DESCRIPTOR)
    assert listing(grid_service_pb2.ListIncidentsRequest()) == []
    wrong = grid_service_pb2.ListIncidentsRequest(case_number="371102-20261123-2000427-K")
    wrong.page.page_size = 201
    assert broken(listing(wrong)) == [("case_number", "code_case_number_check"), ("page.page_size", "maximum")]


def test_a_region_may_be_missing_only_with_a_position() -> None:
    right = places_pb2.Position(latitude=0, longitude=0, system=places_pb2.COORDINATE_SYSTEM_WGS84)
    assert broken(file_incident(report(region=""))) == [("report.region", "required")]
    assert file_incident(report(region="", position=right)) == []
    assert broken(file_incident(report(region="3711", position=right)))[0] == ("report.region", "pattern")


def test_everything_that_is_wrong_with_a_position_is_said_at_once() -> None:
    half = places_pb2.Position(latitude=90.5, accuracy_m=-1)
    assert broken(file_incident(report(position=half))) == [
        ("report.position.latitude", "maximum"),
        ("report.position.longitude", "required"),
        ("report.position.system", "required"),
        ("report.position.accuracy_m", "minimum"),
    ]
    odd = places_pb2.Position(latitude=math.nan, longitude=-math.inf, accuracy_m=10_001)
    assert [rule for _, rule in broken(file_incident(report(position=odd)))] == [
        "not_finite", "not_finite", "required", "maximum",
    ]  # fmt: skip


nearly_right = st.sampled_from(["", "371102001001", "01001", "11010519491231002X", "91110000101623741K", "a\0b"])
anything = st.one_of(st.text(max_size=30), nearly_right)


@given(st.lists(anything, min_size=8, max_size=8), st.integers(-1, 9), st.integers(-(1 << 62), 1 << 62))
def test_any_request_gets_known_rules_without_its_values(values: list[str], kind: int, seconds: int) -> None:
    standard, code, region, description, address, citizen, enterprise, reference = values
    request = report(
        type=type_key(standard=standard, kind=kind, code=code),
        region=region,
        description=description,
        address=address,
        reporter_citizen_number=citizen,
        enterprise_code=enterprise,
        reference=reference,
        seen_at=timestamp_pb2.Timestamp(seconds=seconds),
    )
    for violation in file_incident(request):
        assert violation.rule in texts.names()
        assert texts.params_of(violation.rule) == violation.params.keys()
        assert set(violation.params.values()) <= {40, 1000, 2000, 200, 64} | {
            "[0-9]{4,5}",
            "[0-9]{12}([0-9]{3})?",
            "[A-Za-z0-9._:/-]*",
        }


def test_the_greatest_request_is_refused_in_no_time() -> None:
    """Texts of the largest size that a call may have: only their length is looked at."""
    huge = report(description="a" * 4_000_000, address="\0" * 4_000_000, reference="a" * 4_000_000)
    began = time.process_time()
    assert broken(file_incident(huge)) == [
        ("report.description", "too_long"),
        ("report.address", "too_long"),
        ("report.reference", "too_long"),
    ]
    assert time.process_time() - began < 0.5
