from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import Reader
from services.certificates.domain.states import Reason, Status
from services.kernel import certidentifier
from services.kernel.errors import Kind, Refusal
from tests.unit.certificates.samples import (
    CGJ,
    FIRM,
    FOOD,
    HBJ,
    OTHER_FIRM,
    PERMIT,
    SCJG,
    case_number,
    certificate,
    permit,
    reader,
)
from tests.unit.fakes import NOW, WANG

DAY = timedelta(days=1)
CASE, OTHER = case_number(), case_number()


def suspended(*cases: str) -> Certificate:
    made = certificate()
    for case in cases or (CASE,):
        made = made.suspend(case, Reason.GRAVE_FINDING, now=NOW)
    return made


def reason(asked: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        asked()
    return refused.value.reason


def test_a_suspended_certificate_names_the_case_and_goes_on_when_it_is_lifted() -> None:
    held = suspended()
    assert (held.status(NOW), held.grounds, held.version) == (Status.SUSPENDED, (CASE,), 2)
    assert (held.changed.reason, held.changed.case_number) == (Reason.GRAVE_FINDING, CASE)
    resumed = held.lift(CASE, Reason.RECTIFIED, now=NOW)
    assert (resumed.status(NOW), resumed.grounds, resumed.version) == (Status.VALID, (), 3)


def test_a_suspension_lasts_until_its_last_ground_is_gone() -> None:
    held = suspended(CASE, OTHER)
    one_left = held.lift(CASE, Reason.RECTIFIED, now=NOW)
    assert (one_left.status(NOW), one_left.grounds) == (Status.SUSPENDED, (OTHER,))
    assert one_left.lift(OTHER, Reason.IN_ORDER, now=NOW).status(NOW) is Status.VALID


def test_one_ground_suspends_once() -> None:
    assert reason(lambda: suspended(CASE, CASE)) == "ALREADY_SUSPENDED"


def test_the_issuer_resumes_whatever_it_was_suspended_for() -> None:
    resumed = suspended(CASE, OTHER, "").resume("", now=NOW)
    assert (resumed.status(NOW), resumed.grounds) == (Status.VALID, ())


def test_a_revoked_certificate_stays_revoked() -> None:
    revoked = suspended().revoke(OTHER, now=NOW)
    assert (revoked.status(NOW), revoked.grounds) == (Status.REVOKED, ())
    assert revoked.status(NOW + 9999 * DAY) is Status.REVOKED
    commands: list[Callable[[], object]] = [
        lambda: revoked.suspend("", Reason.BY_ISSUER, now=NOW),
        lambda: revoked.resume("", now=NOW),
        lambda: revoked.lift(CASE, Reason.RECTIFIED, now=NOW),
        lambda: revoked.revoke("", now=NOW),
        lambda: revoked.renew(FOOD, None, now=NOW),
        lambda: revoked.use(now=NOW),
    ]
    assert {reason(command) for command in commands} == {"WRONG_STATE"}


def test_expiry_is_told_from_the_dates() -> None:
    issued = certificate(valid_until=NOW + DAY)
    assert issued.status(NOW + DAY - timedelta(microseconds=1)) is Status.VALID
    later = NOW + DAY
    assert issued.status(later) is Status.EXPIRED
    assert issued.suspend("", Reason.BY_ISSUER, now=NOW).status(later) is Status.EXPIRED
    assert reason(lambda: issued.use(now=later)) == "WRONG_STATE"
    assert reason(lambda: issued.renew(FOOD, None, now=later)) == "WRONG_STATE"
    assert issued.revoke("", now=later).status(later) is Status.REVOKED


def test_a_renewal_keeps_the_serial_and_names_the_version_before() -> None:
    first = certificate(number="JY7")
    second = first.renew(FOOD, NOW + 30 * DAY, now=NOW + DAY)
    assert second.id == first.id
    assert second.edition.identifier == first.edition.identifier.next()
    assert second.previous_identifier == str(first.edition.identifier)
    assert (second.edition.valid_from, second.edition.valid_until) == (NOW + DAY, NOW + 30 * DAY)
    assert second.status_of(first.edition.identifier, NOW + DAY) is Status.REPLACED
    assert second.status_of(second.edition.identifier, NOW + DAY) is Status.VALID


def test_a_renewal_that_does_not_fit_is_refused() -> None:
    first = certificate()
    assert reason(lambda: first.renew(FOOD, NOW + 1827 * DAY, now=NOW)) == "INVALID_ARGUMENT"
    assert reason(lambda: first.renew(FOOD, NOW, now=NOW)) == "INVALID_ARGUMENT"
    assert reason(lambda: first.renew(replace(FOOD, in_force=False), None, now=NOW)) == "CERTIFICATE_TYPE_UNKNOWN"
    assert reason(lambda: suspended().renew(FOOD, None, now=NOW)) == "WRONG_STATE"


def test_after_the_last_version_a_new_certificate_is_needed() -> None:
    first = certificate()
    last = certidentifier.make(FOOD.code, "371102", "1", certidentifier.LAST_VERSION)
    worn = replace(first, editions=(first.edition._replace(identifier=last),))
    assert reason(lambda: worn.renew(FOOD, None, now=NOW)) == "VERSIONS_USED_UP"


def test_the_history_answers_for_every_moment() -> None:
    issued = certificate(valid_until=NOW + 10 * DAY)
    held = issued.suspend(CASE, Reason.GRAVE_FINDING, now=NOW + 2 * DAY)
    resumed = held.lift(CASE, Reason.RECTIFIED, now=NOW + 4 * DAY)
    renewed = resumed.renew(FOOD, NOW + 20 * DAY, now=NOW + 9 * DAY)
    revoked = renewed.revoke("", now=NOW + 15 * DAY)
    told = [revoked.status_at(NOW + days * DAY) for days in (-1, 0, 1, 2, 3, 4, 9, 12, 15, 30)]
    valid, stopped, gone = Status.VALID, Status.SUSPENDED, Status.REVOKED
    assert told == [None, valid, valid, stopped, stopped, valid, valid, valid, gone, gone]
    assert [each.version for each in revoked.history] == [1, 2, 3, 4, 5]
    assert resumed.status_at(NOW + 10 * DAY) is Status.EXPIRED


def test_only_the_issuer_changes_it_and_only_as_it_saw_it() -> None:
    issued = certificate()
    issued.demand_issuer(SCJG, 1)
    assert reason(lambda: issued.demand_issuer(CGJ, 1)) == "NOT_THE_ISSUER"
    assert reason(lambda: issued.demand_issuer(SCJG, 2)) == "STALE_VERSION"


@pytest.mark.parametrize("who", [reader(SCJG, level=0), reader(CGJ), reader(CGJ, None, 3)])
def test_the_issuer_sees_it_and_so_do_departments_that_its_type_is_open_to(who: Reader) -> None:
    certificate().demand_sight(FOOD, who)


@pytest.mark.parametrize("who", [reader(HBJ), reader(None), reader(None, None, 0), reader("371103-HBJ", level=3)])
def test_to_others_it_does_not_exist(who: Reader) -> None:
    with pytest.raises(Refusal) as refused:
        certificate().demand_sight(FOOD, who)
    assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "CERTIFICATE_NOT_FOUND")


def test_the_enterprise_that_holds_it_sees_it_and_is_no_person() -> None:
    mine = certificate()
    own, other = reader(None, None, 2, FIRM.code), reader(None, None, 2, OTHER_FIRM.code)
    mine.demand_sight(FOOD, own)
    assert mine.answers_to(own) and not mine.answers_to(other)
    assert reason(lambda: mine.demand_sight(FOOD, other)) == "CERTIFICATE_NOT_FOUND"
    assert not mine.answers_to(reader(None, FIRM.code)), "a person whose id is the enterprise's code"
    assert not permit().answers_to(reader(None, None, 3, WANG))


def test_the_person_who_holds_it_sees_it_when_recognised_surely_enough() -> None:
    mine = permit()
    mine.demand_sight(PERMIT, reader(None, WANG, 3))
    assert mine.answers_to(reader(None, WANG))
    assert not mine.answers_to(reader(SCJG, None))
    assert reason(lambda: mine.demand_sight(PERMIT, reader(None, WANG, 2))) == "LEVEL_TOO_LOW"
    assert reason(lambda: mine.demand_sight(PERMIT, reader(SCJG, "other", 2))) == "LEVEL_TOO_LOW"
    assert reason(lambda: mine.demand_sight(PERMIT, reader(None, "other", 3))) == "CERTIFICATE_NOT_FOUND"
