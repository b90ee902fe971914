"""Each rule of a field, on messages that are made for it."""

import math

import pytest
from egov.common.v1 import options_pb2

from services.chassis.validation import ContractFault, compile_rules
from tests.unit.chassis.messages import Field, Rules, check, descriptor, field, message_class


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
