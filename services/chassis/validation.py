"""Field rules of the contract (`egov/common/v1/options.proto`), compiled once per message type to one function.

The compiled function finds every violation of a message, in the order of the fields. It is built from closures: one per
field, each with the rule's limits and patterns already looked up, so that a right message costs a few microseconds.
Patterns are those of `kernel.patterns`, which refuses at compile time whatever could be slow; lengths are checked
before them. A violation names a field by its path and never holds the value or a map's key.

Unknown fields are no violation: newer callers may know more. A rule that does not fit its field is a fault of the
contract and raises ContractFault when it is compiled, so at start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.chassis import field_checks
from services.chassis.field_checks import CodeCheck, ValueCheck
from services.kernel import casenumber, checks, regions, texts
from services.kernel.clock import Clock, SystemClock, shanghai_day
from services.kernel.errors import Violation
from services.kernel.patterns import compile_safe

Check = Callable[[Message], list[Violation]]

LONGEST_TEXT = 1000
"""Longest text or bytes where the contract sets none."""
MOST_ITEMS = 100
"""Longest list or map where the contract sets none."""

_NUMBERS = frozenset(
    getattr(FieldDescriptor, f"CPPTYPE_{name}") for name in ("INT32", "INT64", "UINT32", "UINT64", "FLOAT", "DOUBLE")
)
_FRACTIONS = frozenset((FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE))
_LENGTHS = frozenset(("min_length", "max_length"))
_LIST_RULES = frozenset(("required", "max_items"))
_MESSAGE_LIST_RULES = _LIST_RULES | {"checked_apart"}


class ContractFault(Exception):
    """A rule of the contract does not fit the field that carries it."""


def compile_rules(descriptor: Descriptor, clock: Clock | None = None) -> Check:
    """The function that finds all violations of a message of this type; an empty list when it is right.

    `clock` tells what day it is, for days of birth in the future. Raises ContractFault. Compile once and keep the
    function: the compilation takes a few milliseconds.
    """
    find = _Compiler(clock or SystemClock()).message(descriptor)
    return lambda message: list(find(message))


class _Compiler:
    """Compiles one message type and those inside it; each once, so that types may contain themselves."""

    def __init__(self, clock: Clock) -> None:
        self._done: dict[str, ValueCheck] = dict(_well_known)
        self._codes = _code_checks(clock)

    def message(self, descriptor: Descriptor) -> ValueCheck:
        """The check of a message's fields, one after the other."""
        if descriptor.full_name not in self._done:
            fields: list[ValueCheck] = []
            self._done[descriptor.full_name] = field_checks.all_of(fields)
            fields.extend(filter(None, map(self._field, descriptor.fields)))
        return self._done[descriptor.full_name]

    def _field(self, field: FieldDescriptor) -> ValueCheck | None:
        """The check of one field in its message; None when nothing about it can be wrong."""
        rules = field.GetOptions().Extensions[options_pb2.rules]
        _demand_fit(field, rules)
        missing = (Violation(field.name, "required"),)
        if rules.required_unless:
            _demand_sibling(field, rules.required_unless)
            text = self._text(field, rules)
            free, needed = (field_checks.non_empty(field.name, text, each) for each in (field_checks.NOTHING, missing))
            return field_checks.either(rules.required_unless, free, needed)
        return self._always(field, rules, missing if rules.required else field_checks.NOTHING)

    def _always(
        self, field: FieldDescriptor, rules: options_pb2.FieldRules, missing: Sequence[Violation]
    ) -> ValueCheck | None:
        """The check of a field that has the violations `missing` when it is not set, whatever the others say."""
        if field.is_repeated:
            return self._many(field, rules, missing)
        value_check = self._value(field, rules)
        if field.has_presence:
            return field_checks.present(field.name, value_check, missing, _may_be_empty(field))
        if value_check is None:
            return None
        if field.cpp_type in _NUMBERS:
            return field_checks.always(field.name, value_check)
        return field_checks.non_empty(field.name, value_check, missing)

    def _many(self, field: FieldDescriptor, rules: options_pb2.FieldRules, missing: Sequence[Violation]) -> ValueCheck:
        most = rules.max_items or MOST_ITEMS
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            no_rules = options_pb2.FieldRules()
            key, value = (self._value(entry.fields_by_name[part], no_rules) for part in ("key", "value"))
            return field_checks.entries_of(field.name, key, value, most, missing)
        item_check = None if rules.checked_apart else self._value(field, rules)
        return field_checks.items_of(field.name, item_check, most, missing)

    def _value(self, field: FieldDescriptor, rules: options_pb2.FieldRules) -> ValueCheck | None:
        """The check of a single value of the field, apart from whether it is set."""
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            assert field.message_type is not None
            return self.message(field.message_type)
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            assert field.enum_type is not None
            return field_checks.enum(field.enum_type.values_by_number)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return field_checks.length(rules.min_length, rules.max_length or LONGEST_TEXT)
        if field.type == FieldDescriptor.TYPE_STRING:
            return self._text(field, rules)
        return _number(field, rules) if field.cpp_type in _NUMBERS else None

    def _text(self, field: FieldDescriptor, rules: options_pb2.FieldRules) -> ValueCheck:
        try:
            pattern = compile_safe(rules.pattern) if rules.pattern else None
        except ValueError as fault:
            raise ContractFault(f"{field.full_name}: {fault}") from None
        if rules.code not in self._codes:
            raise ContractFault(f"{field.full_name}: a code kind without a check")
        return field_checks.text(rules.min_length, rules.max_length or LONGEST_TEXT, pattern, self._codes[rules.code])


def _number(field: FieldDescriptor, rules: options_pb2.FieldRules) -> ValueCheck | None:
    """The check of a number; None when every number is right."""
    low = rules.minimum if rules.HasField("minimum") else None
    high = rules.maximum if rules.HasField("maximum") else None
    fraction = field.cpp_type in _FRACTIONS
    if low is None and high is None and not fraction:
        return None
    return field_checks.number(low, high, fraction)


def _demand_fit(field: FieldDescriptor, rules: options_pb2.FieldRules) -> None:
    """Refuses rules that would never be looked at; they would promise what is not done."""
    given = {rule.name for rule, _ in rules.ListFields()}
    unfit = given - _rules_for(field)
    if unfit:
        raise ContractFault(f"{field.full_name}: {', '.join(sorted(unfit))} cannot be said of such a field")


def _demand_sibling(field: FieldDescriptor, name: str) -> None:
    """Refuses a condition on a field that is not there, or cannot be told from an unset one."""
    siblings = field.containing_type.fields if field.containing_type else ()
    other = next((each for each in siblings if each.name == name), None)
    if other is None or other is field or not other.has_presence:
        raise ContractFault(f"{field.full_name}: required_unless names no field that knows whether it is set")


def _rules_for(field: FieldDescriptor) -> frozenset[str]:
    many = _LIST_RULES if field.is_repeated else frozenset()
    if field.message_type is not None:
        return _MESSAGE_LIST_RULES if many else frozenset(("required",))
    if field.type == FieldDescriptor.TYPE_STRING:
        only_one = set() if field.is_repeated else {"required_unless"}
        return many | _LENGTHS | only_one | {"required", "pattern", "code"}
    if field.type == FieldDescriptor.TYPE_BYTES:
        return many | _LENGTHS | {"required"}
    # A number or a truth value that is not there looks like 0 or false, unless the field knows its presence.
    set_or_not = {"required"} if field.has_presence or field.enum_type is not None else set()
    return many | set_or_not | ({"minimum", "maximum"} if field.cpp_type in _NUMBERS else set())


def _may_be_empty(field: FieldDescriptor) -> bool:
    """Whether a value that is there may still be an empty one, which `required` refuses."""
    return field.enum_type is not None or field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)


# Outside these ranges the runtime's own conversions fail, and would do so deep inside a service.
_well_known: dict[str, ValueCheck] = {
    "google.protobuf.Timestamp": field_checks.timestamp,
    "google.protobuf.Duration": field_checks.duration,
}


def _code_checks(clock: Clock) -> dict[int, CodeCheck | None]:
    """For each kind of code: which rules a text breaks."""

    def case_number(text: str) -> Sequence[str]:
        broken = casenumber.broken_rule(text)
        return (broken,) if broken else ()

    return {
        options_pb2.CODE_KIND_UNSPECIFIED: None,
        options_pb2.CODE_KIND_UUID: _unless(checks.is_uuid, "code_uuid"),
        options_pb2.CODE_KIND_CASE_NUMBER: case_number,
        options_pb2.CODE_KIND_REGION: _unless(regions.is_code, "code_region"),
        options_pb2.CODE_KIND_CITIZEN_NUMBER: lambda text: checks.citizen_number(text, shanghai_day(clock.now())),
        options_pb2.CODE_KIND_SOCIAL_CREDIT_CODE: _unless(
            lambda text: checks.social_credit_code(text)[0], "code_social_credit_code"
        ),
        options_pb2.CODE_KIND_LANGUAGE: _unless(texts.LANGUAGES.__contains__, "code_language"),
        options_pb2.CODE_KIND_DEPARTMENT: _unless(checks.is_department, "code_department"),
    }


def _unless(right: Callable[[str], bool], rule: str) -> CodeCheck:
    broken = (rule,)
    return lambda text: () if right(text) else broken
