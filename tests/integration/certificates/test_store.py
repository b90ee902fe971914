"""What a store of certificates does: one suite for the fake of the unit tests and for the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import CertificateType
from services.certificates.domain.states import Reason, Status
from services.certificates.domain.uses import Use
from services.certificates.store.certificates import CertificateStore
from services.certificates.store.reference import ReferenceStore, replace_issuers, replace_types
from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from tests.integration.conftest import Engine
from tests.unit.certificates.samples import (
    CGJ,
    ELSEWHERE,
    FIRM,
    FOOD,
    ISSUER_CODE,
    OTHER_FIRM,
    PERMIT,
    REGION,
    SCJG,
    TYPES,
    FakeCertificates,
    FakeReference,
    case_number,
    certificate,
    permit,
)
from tests.unit.fakes import NOW, WANG

ALL = PageRequest()
CASE, OTHER = case_number(), case_number()


@dataclass
class Stores:
    certificates: CertificateStore | FakeCertificates
    reference: ReferenceStore | FakeReference
    connection: sa.Connection | None = None

    def refill(self, types: tuple[CertificateType, ...], issuers: dict[str, str]) -> None:
        if self.connection is None:
            assert isinstance(self.reference, FakeReference)
            self.reference.replace(types, issuers)
        else:
            replace_types(self.connection, types)
            replace_issuers(self.connection, issuers)


@pytest.fixture
def stores(backing: str, request: pytest.FixtureRequest) -> Iterator[Stores]:
    if backing == "fake":
        yield Stores(FakeCertificates(), FakeReference())
        return
    engine_of: Engine = request.getfixturevalue("engine_of")
    with engine_of("certificates").connect() as connection:
        yield Stores(CertificateStore(connection), ReferenceStore(connection), connection)
        connection.rollback()


def kept(stores: Stores, *certificates: Certificate) -> tuple[Certificate, ...]:
    for each in certificates:
        assert stores.certificates.add(each)
    return certificates


def saved(stores: Stores, *steps: Certificate) -> Certificate:
    for each in steps:
        stores.certificates.save(each)
    return steps[-1]


def test_a_certificate_comes_back_as_it_was_kept_through_all_its_states(stores: Stores) -> None:
    [issued] = kept(stores, certificate(holder_name="海滨小馆 '; --", valid_from=NOW - timedelta(days=1)))
    changes: list[Callable[[Certificate], Certificate]] = [
        lambda last: last.suspend(CASE, Reason.GRAVE_FINDING, now=NOW + timedelta(microseconds=1)),
        lambda last: last.suspend("", Reason.BY_ISSUER, now=NOW),
        lambda last: last.lift(CASE, Reason.RECTIFIED, now=NOW),
        lambda last: last.resume(OTHER, now=NOW),
        lambda last: last.use(now=NOW),
        lambda last: last.renew(FOOD, None, now=NOW + timedelta(days=9, milliseconds=7)),
        lambda last: last.revoke("", now=NOW + timedelta(days=10)),
    ]
    last = issued
    for change in changes:
        assert stores.certificates.load(issued.id, "3711") == last
        assert stores.certificates.load_to_change(issued.id, REGION) == last
        last = change(last)
        stores.certificates.save(last)
    shown = stores.certificates.load(issued.id, "37")
    assert shown == last
    assert shown.status_at(NOW + timedelta(days=9, hours=1)) is Status.VALID


def test_one_without_end_comes_back_without_end(stores: Stores) -> None:
    [mine] = kept(stores, permit())
    assert stores.certificates.load(mine.id, "3711") == mine
    assert mine.edition.valid_until is None


@pytest.mark.parametrize("bound", ["371121", "3710", ELSEWHERE, REGION + "001"])
def test_a_certificate_outside_the_bound_does_not_exist(stores: Stores, bound: str) -> None:
    [issued] = kept(stores, certificate())
    for unknown in (issued.id, uuid7()):
        for load in (stores.certificates.load, stores.certificates.load_to_change):
            with pytest.raises(Refusal) as refused:
                load(unknown, bound)
            assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "CERTIFICATE_NOT_FOUND")


def test_of_two_changes_to_one_version_the_second_is_refused(stores: Stores) -> None:
    [issued] = kept(stores, certificate())
    saved(stores, issued.suspend(CASE, Reason.GRAVE_FINDING, now=NOW))
    with pytest.raises(Refusal) as refused:
        stores.certificates.save(issued.revoke("", now=NOW))
    assert (refused.value.kind, refused.value.reason) == (Kind.CONFLICT, "STALE_VERSION")
    assert stores.certificates.load(issued.id, "3711").status(NOW) is Status.SUSPENDED


def test_one_issuer_gives_a_number_once_per_type(stores: Stores) -> None:
    kept(stores, certificate(number="JY1"), certificate(number="JY1", issuer="371103-SCJG", code="371103"))
    kept(stores, permit(number="JY1"))
    assert not stores.certificates.add(certificate(number="JY1", holder=OTHER_FIRM))


def test_every_version_is_found_by_its_identifier(stores: Stores) -> None:
    [first, other] = kept(stores, certificate(), certificate())
    second = saved(stores, first.renew(FOOD, None, now=NOW))
    for edition in second.editions:
        assert stores.certificates.by_identifier(edition.identifier) == second
    assert stores.certificates.by_identifier(other.edition.identifier) == other
    assert stores.certificates.by_identifier(other.edition.identifier.next()) is None


def test_what_a_holder_has_of_a_type_is_read_inside_the_bound(stores: Stores) -> None:
    here, there, *_ = kept(
        stores, certificate(), certificate(region=ELSEWHERE), certificate(holder=OTHER_FIRM), permit()
    )
    assert stores.certificates.held_to_change(FIRM, FOOD.code, "371102") == [here]
    assert stores.certificates.held_to_change(FIRM, FOOD.code, "3711") == [here, there]
    assert stores.certificates.held_to_change(FIRM, PERMIT.code, "3711") == []


def test_what_a_case_suspended_is_found_until_it_is_lifted(stores: Stores) -> None:
    first, second, _ = kept(stores, certificate(), certificate(), certificate())
    assert stores.certificates.suspended_to_change(CASE) == []
    first = saved(stores, first.suspend(CASE, Reason.GRAVE_FINDING, now=NOW))
    second = saved(
        stores,
        once := second.suspend(OTHER, Reason.GRAVE_FINDING, now=NOW),
        once.suspend(CASE, Reason.GRAVE_FINDING, now=NOW),
    )
    assert stores.certificates.suspended_to_change(CASE) == [first, second]
    lifted = saved(stores, first.lift(CASE, Reason.RECTIFIED, now=NOW))
    assert lifted.status(NOW) is Status.VALID
    assert stores.certificates.suspended_to_change(CASE) == [second]
    assert stores.certificates.suspended_to_change(OTHER) == [second]


def test_a_holders_certificates_are_listed_by_type_and_number_page_by_page(stores: Stores) -> None:
    numbers = ("JY1", "JY10", "0X", "JY2")
    issued = kept(stores, *(certificate(number=number) for number in numbers))
    mine = kept(stores, certificate(PERMIT, number="A"), certificate(region=ELSEWHERE), certificate(holder=OTHER_FIRM))
    wanted = [*sorted(issued, key=lambda each: each.number), mine[0]]
    shown: list[Certificate] = []
    page = PageRequest(size=2)
    while True:
        answer = stores.certificates.of_holder(FIRM, [FOOD.code, PERMIT.code], "371102", page)
        shown.extend(answer.rows)
        if not answer.next_token:
            break
        last = answer.rows[-1]
        page = PageRequest(size=2, after=(last.type_code, last.number, last.id))
    assert shown == wanted
    assert stores.certificates.of_holder(FIRM, [PERMIT.code], "3711", ALL).rows == (mine[0],)
    assert stores.certificates.of_holder(FIRM, [], "3711", ALL).rows == ()


def test_uses_are_shown_newest_first(stores: Stores) -> None:
    issued, other = kept(stores, certificate(), certificate())

    def use(of: Certificate, minutes: int) -> Use:
        return Use(
            id=uuid7(),
            certificate_id=of.id,
            department=CGJ,
            person=WANG,
            case_number=CASE,
            purpose="网格事件处置",
            used_at=(NOW + timedelta(minutes=minutes)).astimezone(UTC),
        )

    uses = [use(issued, 1), use(issued, 3), use(issued, 2), use(issued, 2)]
    for each in (*uses, use(other, 0)):
        stores.certificates.add_use(each)
    newest = sorted(uses, key=lambda each: (each.used_at, each.id), reverse=True)
    assert list(stores.certificates.uses(issued.id)) == newest


def test_a_folder_is_the_whole_truth_and_may_be_loaded_again(stores: Stores) -> None:
    for _ in range(2):
        stores.refill(TYPES, {SCJG: ISSUER_CODE, CGJ: "11371102MB9958944K"})
    changed = replace(FOOD, name_en="Food", open_to=frozenset({"HBJ"}))
    for _ in range(2):
        stores.refill((changed,), {SCJG: ISSUER_CODE})
    assert stores.reference.types(ALL).rows == (changed,)
    assert stores.reference.type_of(FOOD.code) == changed
    assert stores.reference.type_of(PERMIT.code) == replace(PERMIT, in_force=False)
    assert stores.reference.type_of("x") is None
    assert (stores.reference.issuer_code(SCJG), stores.reference.issuer_code(CGJ)) == (ISSUER_CODE, None)


def test_types_are_listed_by_code_page_by_page(stores: Stores) -> None:
    stores.refill(TYPES, {})
    first = stores.reference.types(PageRequest(size=1))
    assert first.rows == (FOOD,)
    second = stores.reference.types(PageRequest(size=1, after=(FOOD.code,)))
    assert (second.rows, second.next_token) == ((PERMIT,), "")


def test_types_are_open_by_ending_and_level(stores: Stores) -> None:
    stores.refill(TYPES, {})
    codes = {each.code for each in TYPES}

    def opened(ending: str, level: int) -> set[str]:
        # The sample city's types may be there too, retired.
        return codes & set(stores.reference.open_to(ending, level))

    assert opened("SCJG", 3) == codes
    assert opened("SCJG", 2) == opened("CGJ", 3) == {FOOD.code}
    assert opened("GAJ", 3) == {PERMIT.code}
    assert opened("SCJ", 3) == opened("SCJG", 1) == set()
