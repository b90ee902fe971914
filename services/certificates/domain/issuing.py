"""Issuing a certificate: what is applied for, and everything that can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.certificates.domain.reference import CertificateType, Holder, HolderKind, region_of
from services.kernel import checks, regions, texts
from services.kernel.errors import Violation, denied, invalid

texts.register(
    {
        "NOT_THE_ISSUER": (
            "只有该证照的颁发部门可以办理。",
            "Only the department that issues the certificate may do this.",
        ),
        "HOLDER_KIND_UNFIT": (
            "持证主体类别与该证照类型不符。",
            "This type of certificate is not for holders of this kind.",
        ),
        "VALIDITY_UNFIT": (
            "有效期不合规：起始不得晚于当前时间，截止须晚于起始和当前时间，且不超过该类型的最长有效期。",
            "The validity does not fit: it begins no later than now, ends after its beginning and after now, and lasts"
            " no longer than the type allows.",
        ),
        "NUMBER_TAKEN": (
            "该颁发部门已颁发过此编号的同类证照。",
            "The issuer has given this number to a certificate of this type already.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is to be issued. A moment that is None is for `Certificate.issue` to fill."""

    type_code: str
    number: str
    holder: Holder
    holder_name: str = field(repr=False)
    region: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def department_of(department: str | None) -> str:
    """The caller's department. Raises Refusal NO_DEPARTMENT."""
    if not department:
        raise denied("NO_DEPARTMENT")
    return department


def check_application(
    application: Application, kind: CertificateType | None, *, department: str, bound: str, now: datetime
) -> None:
    """Refuse what cannot be issued, with everything that is wrong with it.

    `kind` is None when there is no such type in force; `bound` is the region prefix that the caller works in, and the
    department's own region bounds it too. Raises Refusal NOT_THE_ISSUER, or INVALID with all violations.
    """
    if kind is not None and not kind.issued_by_department(department):
        raise denied("NOT_THE_ISSUER")
    rules = (
        (kind is not None, "type_code", "CERTIFICATE_TYPE_UNKNOWN"),
        (_inside(application.region, bound, region_of(department)), "region", "REGION_UNKNOWN"),
        (kind is None or kind.holder_kind is application.holder.kind, "holder_kind", "HOLDER_KIND_UNFIT"),
        (kind is None or _begins(application, now), "valid_from", "VALIDITY_UNFIT"),
        (kind is None or _ends(application, kind, now), "valid_until", "VALIDITY_UNFIT"),
    )
    broken = [Violation(name, rule) for holds, name, rule in rules if not holds]
    broken += [Violation("holder", rule) for rule in holder_rules(application.holder)]
    if broken:
        raise invalid(*broken)


def holder_rules(holder: Holder) -> list[str]:
    """The rules that a holder's code breaks. A false check character of an enterprise's code alone breaks none."""
    if holder.kind is HolderKind.PERSON:
        return [] if checks.is_uuid(holder.code) else ["code_uuid"]
    return [] if checks.social_credit_code(holder.code)[0] else ["code_social_credit_code"]


def end_fits(kind: CertificateType, since: datetime, until: datetime | None, now: datetime) -> bool:
    """Whether a certificate of this type that is valid since then may be valid until then; None: as long as allowed."""
    longest = kind.longest(since)
    end = until or longest
    return end is None or (since < end and now < end and (longest is None or end <= longest))


def _inside(region: str, *bounds: str) -> bool:
    return all(regions.within(region, bound) for bound in bounds)


def _begins(application: Application, now: datetime) -> bool:
    return application.valid_from is None or application.valid_from <= now


def _ends(application: Application, kind: CertificateType, now: datetime) -> bool:
    return end_fits(kind, application.valid_from or now, application.valid_until, now)
