"""Certificates, types and fake stores that the tests of certificates share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.issuing import Application
from services.certificates.domain.reference import CertificateType, Holder, HolderKind, PublicField, Reader
from services.certificates.domain.uses import Use
from services.kernel import casenumber
from services.kernel.certidentifier import CertificateIdentifier
from services.kernel.clock import shanghai_day
from services.kernel.errors import conflict, not_found
from services.kernel.ids import uuid7
from services.kernel.paging import Page, PageRequest
from tests.unit.fakes import NOW, WANG

SCJG, CGJ, HBJ = "371102-SCJG", "371102-CGJ", "371102-HBJ"
ISSUER_CODE = "11371102MB9961828D"
FIRM = Holder(HolderKind.ENTERPRISE, "91350100M000100Y43")
OTHER_FIRM = Holder(HolderKind.ENTERPRISE, "91110000101623741K")
PERSON = Holder(HolderKind.PERSON, WANG)
REGION, ELSEWHERE = "371102001001", "371121100201"
FOOD = CertificateType(
    code="11100000MB0328832T014",
    name="食品经营许可证",
    name_en="Food business licence",
    holder_kind=HolderKind.ENTERPRISE,
    issued_by="SCJG",
    open_to=frozenset({"CGJ"}),
    valid_days=1826,
    public_fields=frozenset(PublicField),
    lowest_level=2,
)
PERMIT = replace(
    FOOD,
    code="11100000MB9000001J906",
    name="居住证",
    name_en="",
    holder_kind=HolderKind.PERSON,
    issued_by="GAJ",
    open_to=frozenset({"SCJG"}),
    valid_days=0,
    public_fields=frozenset({PublicField.VALIDITY}),
    lowest_level=3,
)
TYPES = (FOOD, PERMIT)
SERIALS = iter(range(1, 10**6))


def case_number(at: datetime = NOW) -> str:
    return str(casenumber.make("371102", shanghai_day(at), 2, next(SERIALS)))


def application(**changes: Any) -> Application:
    whole = Application(
        type_code=FOOD.code, number=f"JY{next(SERIALS)}", holder=FIRM, holder_name="海滨小馆", region=REGION
    )
    return replace(whole, **changes)


def certificate(
    kind: CertificateType = FOOD, *, at: datetime = NOW, issuer: str = SCJG, code: str = ISSUER_CODE, **changes: Any
) -> Certificate:
    said = application(type_code=kind.code, **changes)
    return Certificate.issue(said, kind, id=uuid7(), issuer=issuer, code=code, now=at)


def permit(**changes: Any) -> Certificate:
    said: dict[str, Any] = {"holder": PERSON, "holder_name": "王某（虚构）", "issuer": "371102-GAJ", **changes}
    return certificate(PERMIT, **said)


def reader(
    department: str | None = SCJG, person: str | None = WANG, level: int = 2, enterprise: str | None = None
) -> Reader:
    return Reader(department, person, level, enterprise)


class FakeCertificates:
    """Certificates in memory; the suite in tests/integration/certificates holds it to what the database does."""

    def __init__(self, *kept: Certificate) -> None:
        self.rows: dict[UUID, Certificate] = {each.id: each for each in kept}
        self.kept_uses: list[Use] = []

    def add(self, new: Certificate) -> bool:
        def key(each: Certificate) -> tuple[str, str, str]:
            return each.type_code, each.issuer, each.number

        if any(key(each) == key(new) for each in self.rows.values()):
            return False
        self.rows[new.id] = new
        return True

    def load(self, certificate_id: UUID, bound: str) -> Certificate:
        found = self.rows.get(certificate_id)
        if found is None or not found.region.startswith(bound):
            raise not_found("CERTIFICATE_NOT_FOUND")
        return found

    load_to_change = load

    def save(self, changed: Certificate) -> None:
        if self.rows[changed.id].version != changed.version - 1:
            raise conflict("STALE_VERSION")
        self.rows[changed.id] = changed

    def by_identifier(self, identifier: CertificateIdentifier) -> Certificate | None:
        def has(each: Certificate) -> bool:
            return any(edition.identifier == identifier for edition in each.editions)

        return next(filter(has, self.rows.values()), None)

    def held_to_change(self, holder: Holder, type_code: str, bound: str) -> list[Certificate]:
        found = [each for each in self._by_id() if each.holder == holder and each.region.startswith(bound)]
        return [each for each in found if each.type_code == type_code]

    def suspended_to_change(self, ground: str) -> list[Certificate]:
        return [each for each in self._by_id() if ground in each.grounds]

    def of_holder(
        self, holder: Holder, type_codes: Collection[str], bound: str, page: PageRequest
    ) -> Page[Certificate]:
        def key(each: Certificate) -> tuple[str, str, UUID]:
            return each.type_code, each.number, each.id

        found = [
            each
            for each in sorted(self.rows.values(), key=key)
            if each.holder == holder
            and each.type_code in type_codes
            and each.region.startswith(bound)
            and (page.after is None or key(each) > page.after)
        ]
        return page.cut(found[: page.fetch], key)

    def add_use(self, use: Use) -> None:
        self.kept_uses.append(use)

    def uses(self, certificate_id: UUID) -> list[Use]:
        found = [each for each in self.kept_uses if each.certificate_id == certificate_id]
        return sorted(found, key=lambda each: (each.used_at, each.id), reverse=True)[:200]

    def _by_id(self) -> list[Certificate]:
        return sorted(self.rows.values(), key=lambda each: each.id)


class FakeReference:
    """Reference data in memory."""

    def __init__(self) -> None:
        self.catalogue: dict[str, CertificateType] = {each.code: each for each in TYPES}
        self.issuers = {SCJG: ISSUER_CODE}

    def replace(self, types: Iterable[CertificateType], issuers: dict[str, str]) -> None:
        retired = {code: replace(each, in_force=False) for code, each in self.catalogue.items()}
        self.catalogue = retired | {each.code: each for each in types}
        self.issuers = dict(issuers)

    def type_of(self, code: str) -> CertificateType | None:
        return self.catalogue.get(code)

    def issuer_code(self, department: str) -> str | None:
        return self.issuers.get(department)

    def open_to(self, ending: str, level: int) -> frozenset[str]:
        return frozenset(
            each.code
            for each in self.catalogue.values()
            if ending in each.open_to | {each.issued_by} and each.lowest_level <= level
        )

    def types(self, page: PageRequest) -> Page[CertificateType]:
        found = [
            each
            for code, each in sorted(self.catalogue.items())
            if each.in_force and (page.after is None or code > page.after[0])
        ]
        return page.cut(found[: page.fetch], lambda each: (each.code,))
