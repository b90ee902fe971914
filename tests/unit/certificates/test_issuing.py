from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.certificates.domain.issuing import Application, check_application
from services.certificates.domain.reference import CertificateType, Holder, HolderKind, issuer_code
from services.kernel.errors import Kind, Refusal
from tests.unit.certificates.samples import CGJ, ELSEWHERE, FOOD, PERMIT, PERSON, SCJG, application, certificate
from tests.unit.fakes import NOW

DAY = timedelta(days=1)


def check(
    said: Application, kind: CertificateType | None = FOOD, *, department: str = SCJG, bound: str = "371102"
) -> None:
    check_application(said, kind, department=department, bound=bound, now=NOW)


def broken(said: Application, kind: CertificateType | None = FOOD, **asked: Any) -> set[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        check(said, kind, **asked)
    assert refused.value.kind is Kind.INVALID
    return {(each.field, each.rule) for each in refused.value.violations}


def test_a_right_application_passes() -> None:
    check(application())
    check(application(valid_from=NOW - DAY, valid_until=NOW + DAY))
    check(application(holder=PERSON), PERMIT, department="371102-GAJ")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = application(
        region=ELSEWHERE, holder=Holder(HolderKind.PERSON, "x"), valid_from=NOW + DAY, valid_until=NOW - DAY
    )
    assert broken(said) == {
        ("region", "REGION_UNKNOWN"),
        ("holder_kind", "HOLDER_KIND_UNFIT"),
        ("valid_from", "VALIDITY_UNFIT"),
        ("valid_until", "VALIDITY_UNFIT"),
        ("holder", "code_uuid"),
    }


def test_an_unknown_type_is_named_with_what_can_be_said_without_it() -> None:
    said = application(region=ELSEWHERE, holder=Holder(HolderKind.ENTERPRISE, "1"))
    assert broken(said, None) == {
        ("type_code", "CERTIFICATE_TYPE_UNKNOWN"),
        ("region", "REGION_UNKNOWN"),
        ("holder", "code_social_credit_code"),
    }


def test_only_the_department_that_the_type_names_issues() -> None:
    with pytest.raises(Refusal) as refused:
        check(application(), department=CGJ)
    assert (refused.value.kind, refused.value.reason) == (Kind.DENIED, "NOT_THE_ISSUER")


def test_a_department_issues_inside_its_own_region_even_for_a_city_wide_caller() -> None:
    assert broken(application(region=ELSEWHERE), bound="3711") == {("region", "REGION_UNKNOWN")}
    check(application(region=ELSEWHERE), department="371100-SCJG", bound="3711")


@pytest.mark.parametrize(
    ("since", "until"),
    [(None, NOW), (NOW - 2 * DAY, NOW), (None, NOW + 1827 * DAY), (NOW - DAY, NOW + 1826 * DAY)],
)
def test_a_validity_that_is_over_or_too_long_is_refused(since: Any, until: Any) -> None:
    assert broken(application(valid_from=since, valid_until=until)) == {("valid_until", "VALIDITY_UNFIT")}


def test_a_validity_that_the_type_alone_would_end_in_the_past_is_refused() -> None:
    assert broken(application(valid_from=NOW - 1826 * DAY)) == {("valid_until", "VALIDITY_UNFIT")}


def test_a_false_check_character_of_an_enterprise_is_no_obstacle() -> None:
    check(application(holder=Holder(HolderKind.ENTERPRISE, "91350100M000100Y44")))


def test_what_is_issued_has_its_identifier_and_as_long_as_the_type_allows() -> None:
    issued = certificate(number="JY1")
    assert str(issued.edition.identifier).startswith(f"1.2.156.3005.2.{FOOD.code}.11371102MB9961828D.JY1.001.")
    assert (issued.version, issued.previous_identifier) == (1, "")
    assert (issued.edition.valid_from, issued.edition.valid_until) == (NOW, NOW + 1826 * DAY)
    endless = certificate(PERMIT, holder=PERSON)
    assert endless.edition.valid_until is None


def test_an_issuer_without_a_known_code_stands_by_its_region() -> None:
    assert issuer_code(SCJG, "11371102MB9961828D") == "11371102MB9961828D"
    assert issuer_code(SCJG, None) == "371102"
    assert ".371102." in str(certificate(code=issuer_code(SCJG, None)).edition.identifier)


def test_a_name_does_not_show_in_a_repr() -> None:
    assert "海滨" not in repr(application()) + repr(certificate())
