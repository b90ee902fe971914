"""A refusal on its way out and, read by another service, in again."""

from __future__ import annotations

from typing import Any

import pytest
from google.rpc import error_details_pb2, status_pb2

from services.chassis.httpdoor import STATUS
from services.chassis.interceptors.errors import CODES, KINDS, read_status, render
from services.kernel.errors import Kind, Refusal, Violation, conflict, denied, internal, invalid

TRACE = "0af7651916cd43dd8448eb211c80319c"


def details(status: status_pb2.Status, kind: Any) -> list[Any]:
    found = []
    for detail in status.details:
        if detail.Is(kind.DESCRIPTOR):
            message = kind()
            detail.Unpack(message)
            found.append(message)
    return found


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "The access token lacks the scope grid.a.read."),
        ("zh-CN", "访问令牌缺少权限“grid.a.read”。"),
    ],
)
def test_a_refusal_speaks_the_callers_language_and_carries_both(language: str, message: str) -> None:
    status = render(denied("SCOPE_MISSING", scope="grid.a.read"), language, TRACE)
    assert (status.code, status.message) == (7, message)
    (info,) = details(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "SCOPE_MISSING", "egov", {"scope": "grid.a.read"},
    )  # fmt: skip
    both = details(status, error_details_pb2.LocalizedMessage)
    assert [each.locale for each in both] == ["zh-CN", "en"]
    assert message in [each.message for each in both]
    assert details(status, error_details_pb2.RequestInfo)[0].request_id == TRACE
    assert details(status, error_details_pb2.RetryInfo) == details(status, error_details_pb2.BadRequest) == []


@pytest.mark.parametrize(("language", "other"), [("en", "zh-CN"), ("zh-CN", "en")])
def test_each_violation_has_a_text_in_both_languages(language: str, other: str) -> None:
    status = render(invalid(Violation("name", "too_long", {"limit": 7})), language, None)
    (bad,) = details(status, error_details_pb2.BadRequest)
    (violation,) = bad.field_violations
    assert (violation.field, violation.reason) == ("name", "TOO_LONG")
    assert violation.localized_message.locale == other
    assert "7" in violation.description and "7" in violation.localized_message.message
    assert violation.description != violation.localized_message.message


@pytest.mark.parametrize("count", [1, 20, 21, 5000])
def test_violations_stay_small_enough_for_a_trailer(count: int) -> None:
    long = "a" * 120
    for field in ("f", long):
        violations = [Violation(f"{field}[{index}]", "pattern", {"pattern": long}) for index in range(count)]
        status = render(invalid(*violations), "zh-CN", TRACE)
        assert len(status.SerializeToString()) * 4 / 3 < 7500
        (bad,) = details(status, error_details_pb2.BadRequest)
        (info,) = details(status, error_details_pb2.ErrorInfo)
        assert len(bad.field_violations) + int(info.metadata.get("violations_left_out", 0)) == count


def test_a_fault_of_ours_tells_no_facts() -> None:
    status = render(Refusal("REMOTE_CALL_IN_TRANSACTION", Kind.INTERNAL, params={"what": "a.b/C"}), "en", TRACE)
    assert b"a.b/C" not in status.SerializeToString()
    assert status.code == 13


def test_every_kind_has_one_status_on_each_door() -> None:
    assert set(CODES) == set(STATUS) == set(Kind)
    assert len(KINDS) == len(CODES)


@pytest.mark.parametrize(
    "refusal",
    [
        conflict("IN_PROGRESS", retry_after_s=0.2),
        denied("SCOPE_MISSING", scope="a.b"),
        invalid(Violation("name", "required"), Violation("age", "minimum", {"limit": 1})),
        internal(),
    ],
)
def test_what_another_service_reads_is_what_was_said(refusal: Refusal) -> None:
    read = read_status(render(refusal, "en", TRACE))
    assert (read.reason, read.kind, read.retry_after_s) == (refusal.reason, refusal.kind, refusal.retry_after_s)
    assert dict(read.params) == dict(refusal.params)
    assert [each[:2] for each in read.violations] == [each[:2] for each in refusal.violations]


def test_a_status_that_gives_no_reason_has_its_name_for_one() -> None:
    read = read_status(status_pb2.Status(code=14))
    assert (read.reason, read.kind) == ("UNAVAILABLE", Kind.UNAVAILABLE)
