from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from egov.notification.v1 import events_pb2

from services.kernel import casenumber
from services.kernel.clock import shanghai_day
from services.kernel.errors import NotYet, Refusal
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.notification import usecases
from services.notification.domain.mails import (
    Attempt,
    Contact,
    Letter,
    MailDelayed,
    MailRefused,
    compose,
    wait_before_retry,
)
from services.notification.domain.notices import Addressee, EmailState, Occasion, Reporter, inbox_of, inboxes_of
from services.notification.domain.receipts import AttemptResult, Receipt
from services.notification.wire import notices as wire
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.notification.samples import (
    CASE,
    CLIENT,
    DEPARTMENT,
    ENTERPRISE,
    FACTS,
    PERSON,
    WORDINGS,
    FakeMailer,
    FakeNotices,
    FakeReporters,
    notices,
    occasion,
)


def test_reporter_and_department_are_told_once_whatever_comes_twice() -> None:
    uow, store, said = FakeUnitOfWork(), FakeNotices(), occasion()
    for _ in range(2):
        usecases.tell(uow, store, FakeReporters(), said, WORDINGS)
    assert {notice.recipient: notice.reference for notice in store.rows.values()} == {PERSON: "SSP-1", DEPARTMENT: ""}
    assert [type(event) for event in uow.events] == [events_pb2.NoticeCreated] * 2
    assert [envelope.links for envelope in uow.envelopes] == [(("caused", str(said.caused_by)),)] * 2
    assert {key for _, _, key in uow.jobs} == {str(id) for id in store.rows}


def test_another_event_of_the_same_incident_is_told_again() -> None:
    uow, store = FakeUnitOfWork(), FakeNotices()
    for _ in range(2):
        usecases.tell(uow, store, FakeReporters(), occasion("incident-dispatched"), WORDINGS)
    assert len(store.rows) == 4


def suspended(**changes: Any) -> Occasion:
    holder, department = Addressee("holder", ENTERPRISE), Addressee("department", DEPARTMENT)
    facts = {
        **FACTS,
        "certificate_type": "T",
        "identifier": "1.2.156.3005.2",
        "suspended_at": NOW,
        "reason": "BY_ISSUER",
    }
    known = {"addressees": (holder, department), "facts": facts, "tell_reporter": True}
    return occasion("certificate-suspended", **{**known, **changes})


def test_who_reported_is_told_of_what_other_services_do_in_the_case() -> None:
    uow, store, reporters = FakeUnitOfWork(), FakeNotices(), FakeReporters()
    reporters.remember(CASE, Reporter(PERSON, "SSP-1"))
    usecases.tell(uow, store, reporters, suspended(), WORDINGS)
    told = {notice.recipient: notice.reference for notice in store.rows.values()}
    assert told == {PERSON: "SSP-1", ENTERPRISE: "", DEPARTMENT: ""}


def test_an_event_that_overtakes_the_report_waits_for_it() -> None:
    store, reporters = FakeNotices(), FakeReporters()
    with pytest.raises(NotYet) as waits:
        usecases.tell(FakeUnitOfWork(), store, reporters, suspended(), WORDINGS)
    assert (waits.value.reason, store.rows) == ("REPORTER_NOT_YET", {})


def test_a_case_that_nobody_reported_waits_for_nobody() -> None:
    by_request = str(casenumber.make("371102", shanghai_day(NOW), casenumber.DIGIT["inspection"], 1))
    for case_number in (by_request, ""):
        store = FakeNotices()
        usecases.tell(FakeUnitOfWork(), store, FakeReporters(), suspended(case_number=case_number), WORDINGS)
        assert {notice.recipient for notice in store.rows.values()} == {ENTERPRISE, DEPARTMENT}


def test_whoever_is_concerned_twice_is_told_once() -> None:
    store = FakeNotices()
    twice = (Addressee("reporter", DEPARTMENT), Addressee("department", DEPARTMENT))
    usecases.tell(FakeUnitOfWork(), store, FakeReporters(), occasion(addressees=twice), WORDINGS)
    assert [notice.texts[1].subject for notice in store.rows.values()] == [f"Your report was filed: {CASE}"]


def test_a_mail_job_carries_no_address_and_survives_json() -> None:
    uow, store = FakeUnitOfWork(), FakeNotices()
    usecases.tell(uow, store, FakeReporters(), occasion(), WORDINGS)
    for name, payload, key in uow.jobs:
        assert name == usecases.SEND_MAIL
        letter = wire.letter(json.loads(json.dumps(payload)))
        notice = store.rows[letter.notice_id]
        assert (str(notice.id), notice.recipient, notice.texts) == (key, letter.recipient, letter.texts)
        assert "@" not in json.dumps(payload)


def test_marking_as_read_counts_the_first_time() -> None:
    store = FakeNotices()
    [to_person, _] = notices()
    store.add(to_person)
    reader = caller(subject=WANG)
    first = usecases.mark_read(FakeUnitOfWork(caller=reader), store, to_person.id)
    again = usecases.mark_read(FakeUnitOfWork(caller=reader, at=NOW + timedelta(days=1)), store, to_person.id)
    assert (first.read_at, first.version) == (NOW, 2)
    assert again == first


def test_a_notice_in_someone_elses_inbox_does_not_exist() -> None:
    store = FakeNotices()
    to_person, to_department = notices()
    store.add(to_person)
    store.add(to_department)
    for stranger in (caller(), caller(subject=str(uuid7()), department="371102-HBJ")):
        for notice in (to_person, to_department):
            with pytest.raises(Refusal) as refused:
                usecases.mark_read(FakeUnitOfWork(caller=stranger), store, notice.id)
            assert refused.value.reason == "NOTICE_NOT_FOUND"


def test_whose_inbox_is_whose() -> None:
    staff = caller(subject=WANG, department="371102-CGJ")
    assert inbox_of(caller(), department=False) == CLIENT
    assert inbox_of(staff, department=False) == PERSON
    assert inbox_of(staff, department=True) == DEPARTMENT
    assert inboxes_of(staff) == (PERSON, DEPARTMENT)
    enterprise = caller(subject="019b76da-a800-7634-b0d9-19b47b13b2c8", enterprise="92371199MAB0000158")
    assert inboxes_of(enterprise) == (Party("enterprise", "92371199MAB0000158"),)
    assert inboxes_of(caller()) == (CLIENT,)
    with pytest.raises(Refusal) as refused:
        inbox_of(caller(subject=WANG), department=True)
    assert refused.value.reason == "NO_DEPARTMENT"


def letter() -> Letter:
    [notice, _] = notices()
    return wire.letter(wire.letter_payload(notice))


def somebody(party: Party) -> Contact:
    return Contact("wang@example.org", "en")


@pytest.mark.parametrize(
    ("problem", "last_try", "attempt", "state"),
    [
        (None, False, Attempt(AttemptResult.TAKEN, 250, "en"), EmailState.SENT),
        (MailRefused(550), False, Attempt(AttemptResult.REFUSED, 550, "en"), EmailState.FAILED),
        (MailDelayed(), False, Attempt(AttemptResult.DELAYED, 0, "en"), EmailState.PENDING),
        (MailDelayed(451), True, Attempt(AttemptResult.GIVEN_UP, 451, "en"), EmailState.FAILED),
    ],
)
def test_what_becomes_of_a_mail(problem: Exception | None, last_try: bool, attempt: Attempt, state: EmailState) -> None:
    mailer = FakeMailer(problem)
    assert usecases.send_mail(letter(), somebody, mailer, last_try=last_try) == attempt
    assert attempt.state is state
    assert len(mailer.sent) == (problem is None)


@pytest.mark.parametrize("contact", [None, Contact("", "zh-CN")])
def test_without_address_the_inbox_is_the_only_way(contact: Contact | None) -> None:
    mailer = FakeMailer()
    attempt = usecases.send_mail(letter(), lambda party: contact, mailer, last_try=False)
    assert (attempt, attempt.state) == (Attempt(AttemptResult.NO_ADDRESS), EmailState.NONE)
    assert mailer.sent == []


def test_an_identity_that_is_down_delays_the_mail() -> None:
    def down(party: Party) -> Contact | None:
        raise MailDelayed

    assert usecases.send_mail(letter(), down, FakeMailer(), last_try=False).state is EmailState.PENDING
    assert usecases.send_mail(letter(), down, FakeMailer(), last_try=True).state is EmailState.FAILED


def test_every_attempt_leaves_a_receipt() -> None:
    store, [notice, _] = FakeNotices(), notices()
    store.add(notice)
    attempts = [Attempt(AttemptResult.DELAYED, 451, "en"), Attempt(AttemptResult.TAKEN, 250, "en")]
    for number, attempt in enumerate(attempts, start=1):
        usecases.keep_attempt(FakeUnitOfWork(), store, notice.id, number, attempt)
    known = store.rows[notice.id]
    assert known.email_state is EmailState.SENT
    assert known.receipts == (
        Receipt(1, AttemptResult.DELAYED, NOW, 451, "en"),
        Receipt(2, AttemptResult.TAKEN, NOW, 250, "en"),
    )


def test_a_mail_has_both_languages_the_preferred_one_first() -> None:
    said = letter()
    english = compose(said, Contact("a@b.c", "en"))
    chinese = compose(said, Contact("a@b.c", "zh-CN"))
    assert english.subject == f"Your report was filed: {CASE}"
    assert chinese.subject == f"您反映的问题已立案：{CASE}"
    assert english.body.index("Your report") < english.body.index("您反映")
    assert chinese.body.index("您反映") < chinese.body.index("Your report")
    assert compose(said, Contact("a@b.c", "")).language == "zh-CN"
    assert "a@b.c" not in repr(english)


def test_waits_double_up_to_an_hour() -> None:
    waits = [wait_before_retry(attempt, 30) for attempt in range(1, 12)]
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 3600
    assert 4 < sum(waits) / 3600 < 6
