"""Field rules: the contract's own messages, and a message of every other shape that a contract may have."""

import itertools
import math
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from egov.common.v1 import options_pb2
from egov.grid.v1 import grid_service_pb2, incidents_pb2, places_pb2
from egov.identity.v1 import identity_service_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory, timestamp_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.validation import ContractFault, compile_rules
from services.kernel import texts
from services.kernel.clock import FixedClock
from services.kernel.errors import Violation

Field = descriptor_pb2.FieldDescriptorProto
Pairs = list[tuple[str, str]]
Rules = Mapping[str, Any]
NOW = FixedClock(datetime(2026, 11, 23, tzinfo=UTC))
file_incident = compile_rules(grid_service_pb2.FileIncidentRequest.DESCRIPTOR, NOW)
register_member = compile_rules(identity_service_pb2.RegisterMemberRequest.DESCRIPTOR, NOW)
serial = itertools.count()


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


def broken(violations: Iterable[Violation]) -> Pairs:
    return [(violation.field, violation.rule) for violation in violations]


def field(
    name: str,
    kind: "Field.Type.ValueType",
    rules: Rules | None = None,
    *,
    repeated: bool = False,
    optional: bool = False,
    type_name: str | None = None,
) -> Field:
    made = Field(name=name, type=kind, label=Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL)
    if rules:
        made.options.Extensions[options_pb2.rules].CopyFrom(options_pb2.FieldRules(**rules))
    if type_name:
        made.type_name = type_name
    made.proto3_optional = optional
    return made


def message_class(*fields: Field) -> type[Message]:
    """A message type `Sample` of these fields; `Nested` has a text `code`, `State` knows 0 and 1."""
    package = f"validation_test{next(serial)}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    file.dependency.extend([options_pb2.DESCRIPTOR.name, duration_pb2.DESCRIPTOR.name])
    nested = file.message_type.add(name="Nested")
    nested.field.add().CopyFrom(field("code", Field.TYPE_STRING, {"required": True, "pattern": "[0-9]{5}"}))
    nested.field[0].number = 1
    state = file.enum_type.add(name="State")
    for number, name in enumerate(("STATE_UNSPECIFIED", "STATE_ONE")):
        state.value.add(name=name, number=number)
    sample = file.message_type.add(name="Sample")
    for number, each in enumerate(fields, start=1):
        each.number = number
        if each.type_name:
            each.type_name = each.type_name.replace("PACKAGE", package)
        if each.proto3_optional:
            each.oneof_index = len(sample.oneof_decl)
            sample.oneof_decl.add(name=f"_{each.name}")
        if each.type_name.endswith("Entry"):
            sample.nested_type.append(entry_type(each, package))
        sample.field.append(each)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Sample"))


def entry_type(each: Field, package: str) -> descriptor_pb2.DescriptorProto:
    """The entry of a map from text to `Nested`, as protoc makes it."""
    entry = descriptor_pb2.DescriptorProto(name=each.type_name.rpartition(".")[2])
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    value = entry.field.add(name="value", number=2, type=Field.TYPE_MESSAGE, label=Field.LABEL_OPTIONAL)
    value.type_name = f".{package}.Nested"
    return entry


def descriptor(sample: type[Message]) -> Descriptor:
    """The descriptor of a type made here: the stubs tell protobuf's own descriptors from those of its C library."""
    return cast(Descriptor, sample.DESCRIPTOR)


def check(sample: type[Message], **values: Any) -> Pairs:
    return broken(compile_rules(descriptor(sample))(sample(**values)))


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


@pytest.mark.parametrize(
    ("code", "right", "wrong", "rule"),
    [
        ("UUID", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "code_uuid"),
        ("CASE_NUMBER", "371102-20261123-2000427-X", "371102-20261123-2000427", "code_case_number"),
        ("CASE_NUMBER", "371102-20261123-2000427-X", "371102-20261123-2000427-K", "code_case_number_check"),
        ("REGION", "371102001", "3711020010", "code_region"),
        ("CITIZEN_NUMBER", "11010519491231002X", "110105194912310020", "code_citizen_number_check"),
        ("SOCIAL_CREDIT_CODE", "91350211M0000XUF46", "91350211M0000XUF4", "code_social_credit_code"),
        ("LANGUAGE", "zh-CN", "zh", "code_language"),
        ("DEPARTMENT", "371102-SCJG", "371102-scjg", "code_department"),
    ],
)
def test_every_kind_of_code(code: str, right: str, wrong: str, rule: str) -> None:
    kind = options_pb2.CodeKind.Value(f"CODE_KIND_{code}")
    sample = message_class(field("value", Field.TYPE_STRING, {"code": kind}))
    assert check(sample, value=right) == check(sample) == []
    assert check(sample, value=wrong) == [("value", rule)]


def test_every_kind_of_code_is_compiled() -> None:
    for kind in options_pb2.CodeKind.values():
        compile_rules(descriptor(message_class(field("value", Field.TYPE_STRING, {"code": kind}))))


def test_defaults_hold_where_the_contract_sets_no_limit() -> None:
    sample = message_class(
        field("text", Field.TYPE_STRING),
        field("data", Field.TYPE_BYTES),
        field("many", Field.TYPE_STRING, repeated=True),
        field("numbers", Field.TYPE_INT32, repeated=True),
    )
    assert check(sample, text="日" * 1000, data=b"x" * 1000, many=["x"] * 100, numbers=range(100)) == []
    assert check(sample, text="日" * 1001, data=b"x" * 1001, many=["x"] * 101, numbers=range(101)) == [
        ("text", "too_long"),
        ("data", "too_long"),
        ("many", "too_many"),
        ("numbers", "too_many"),
    ]


def test_lengths() -> None:
    rules = {"min_length": 2, "max_length": 3}
    sample = message_class(field("text", Field.TYPE_STRING, rules), field("data", Field.TYPE_BYTES, rules))
    assert check(sample) == check(sample, text="日照", data=b"abc") == []
    assert check(sample, text="日", data=b"abcd") == [("text", "too_short"), ("data", "too_long")]
    found = compile_rules(descriptor(sample))(sample(text="日", data=b"abcd"))
    assert [violation.params for violation in found] == [{"limit": 2}, {"limit": 3}]


def test_required_with_and_without_presence() -> None:
    kinds = (Field.TYPE_STRING, Field.TYPE_BYTES)
    needed = {"required": True}
    sample = message_class(
        *(field(f"plain{kind}", kind, needed) for kind in kinds),
        *(field(f"known{kind}", kind, needed, optional=True) for kind in kinds),
        field("number", Field.TYPE_INT64, needed, optional=True),
        field("flag", Field.TYPE_BOOL, needed, optional=True),
        field("state", Field.TYPE_ENUM, needed, type_name=".PACKAGE.State"),
        field("nested", Field.TYPE_MESSAGE, needed, type_name=".PACKAGE.Nested"),
    )
    assert {rule for _, rule in check(sample)} == {"required"}
    assert len(check(sample)) == 8
    empty = {"known9": "", "known12": b"", "number": 0, "flag": False}
    assert [name for name, _ in check(sample, **empty)] == ["plain9", "plain12", "known9", "known12", "state", "nested"]


def test_a_text_that_is_required_unless_another_field_is_set() -> None:
    rules = {"required_unless": "other", "pattern": "[0-9]+"}
    sample = message_class(
        field("value", Field.TYPE_STRING, rules), field("other", Field.TYPE_STRING, optional=True)
    )  # fmt: skip
    assert check(sample) == [("value", "required")]
    assert check(sample, value="1") == check(sample, other="") == check(sample, value="1", other="x") == []
    assert check(sample, value="x") == check(sample, value="x", other="x") == [("value", "pattern")]


@pytest.mark.parametrize("other", ["value", "nothing", "plain"])
def test_a_condition_on_what_cannot_be_told_from_unset_is_a_fault_of_the_contract(other: str) -> None:
    value = field("value", Field.TYPE_STRING, {"required_unless": other}, optional=True)
    with pytest.raises(ContractFault, match="value"):
        compile_rules(descriptor(message_class(value, field("plain", Field.TYPE_STRING))))


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


def test_a_text_that_knows_its_presence_is_checked_when_it_is_set_to_nothing() -> None:
    sample = message_class(field("text", Field.TYPE_STRING, {"pattern": "[a-z]+"}, optional=True))
    assert check(sample) == []
    assert check(sample, text="") == [("text", "pattern")]


def test_ranges_and_fractions() -> None:
    sample = message_class(
        field("plain", Field.TYPE_INT32, {"minimum": -5, "maximum": 5}),
        field("known", Field.TYPE_INT32, {"minimum": 1}, optional=True),
        field("free", Field.TYPE_DOUBLE),
        field("each", Field.TYPE_DOUBLE, {"minimum": 0}, repeated=True),
    )
    assert check(sample) == check(sample, plain=-5, known=1, free=1e300, each=[0.5]) == []
    assert check(sample, plain=6, known=0, free=math.nan, each=[0, -0.5, math.inf]) == [
        ("plain", "maximum"),
        ("known", "minimum"),
        ("free", "not_finite"),
        ("each[1]", "minimum"),
        ("each[2]", "not_finite"),
    ]


def test_unknown_enum_values_also_in_lists() -> None:
    sample = message_class(field("states", Field.TYPE_ENUM, repeated=True, type_name=".PACKAGE.State"))
    assert check(sample, states=[0, 1, 2]) == [("states[2]", "unknown_enum")]


def test_durations() -> None:
    sample = message_class(field("time", Field.TYPE_MESSAGE, type_name=".google.protobuf.Duration"))
    assert check(sample, time={"seconds": -1, "nanos": -5}) == []
    for wrong in ({"seconds": 1, "nanos": -5}, {"seconds": 1 << 50}, {"nanos": 1_000_000_000}):
        assert check(sample, time=wrong) == [("time", "duration")]


def test_of_a_list_that_is_checked_apart_only_the_number_is_checked() -> None:
    rules = {"checked_apart": True, "required": True, "max_items": 2}
    sample = message_class(field("rows", Field.TYPE_MESSAGE, rules, repeated=True, type_name=".PACKAGE.Nested"))
    assert check(sample, rows=[{"code": "x"}, {}]) == []
    assert check(sample) == [("rows", "required")]
    assert check(sample, rows=[{}, {}, {}]) == [("rows", "too_many")]


def test_messages_in_lists_and_maps() -> None:
    sample = message_class(
        field("rows", Field.TYPE_MESSAGE, repeated=True, type_name=".PACKAGE.Nested"),
        field("known", Field.TYPE_MESSAGE, {"max_items": 2}, repeated=True, type_name=".PACKAGE.Sample.KnownEntry"),
    )
    right, wrong = {"code": "01001"}, {"code": "x"}
    assert check(sample, rows=[right, right], known={"a": right}) == []
    assert check(sample, rows=[right, wrong, {}], known={"secret\0": wrong}) == [
        ("rows[1].code", "pattern"),
        ("rows[2].code", "required"),
        ("known[*]", "control_character"),
        ("known[*].code", "pattern"),
    ]
    assert check(sample, known={"a": right, "b": right, "c": right}) == [("known", "too_many")]


def test_a_message_that_contains_itself() -> None:
    sample = message_class(
        field("text", Field.TYPE_STRING, {"max_length": 3}),
        field("below", Field.TYPE_MESSAGE, type_name=".PACKAGE.Sample"),
    )
    assert check(sample, below={"below": {"text": "long"}}) == [("below.below.text", "too_long")]


@pytest.mark.parametrize(
    ("kind", "rules", "repeated"),
    [
        (Field.TYPE_INT64, {"required": True}, False),
        (Field.TYPE_BOOL, {"required": True}, False),
        (Field.TYPE_INT64, {"max_length": 3}, False),
        (Field.TYPE_STRING, {"minimum": 1}, False),
        (Field.TYPE_STRING, {"max_items": 1}, False),
        (Field.TYPE_STRING, {"checked_apart": True}, True),
        (Field.TYPE_BYTES, {"pattern": "a"}, False),
        (Field.TYPE_STRING, {"pattern": "(a+)+"}, False),
        (Field.TYPE_STRING, {"pattern": "("}, True),
        (Field.TYPE_STRING, {"code": 99}, False),
    ],
)
def test_rules_that_do_not_fit_their_field_are_a_fault_of_the_contract(
    kind: "Field.Type.ValueType", rules: Rules, repeated: bool
) -> None:
    sample = message_class(field("value", kind, rules, repeated=repeated))
    with pytest.raises(ContractFault, match="value"):
        compile_rules(descriptor(sample))


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
