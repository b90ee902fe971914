"""What a store of notices does: one suite for the fake of the unit tests and for the real one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.kernel.errors import Kind, Refusal
from services.kernel.ids import uuid7
from services.kernel.paging import PageRequest
from services.kernel.parties import Party
from services.notification.domain.notices import EmailState, Notice, Reporter
from services.notification.domain.receipts import AttemptResult, Receipt
from services.notification.store.notices import NoticeStore
from services.notification.store.reporters import ReporterStore
from tests.integration.conftest import Engine
from tests.unit.fakes import NOW
from tests.unit.notification.samples import (
    CASE,
    CLIENT,
    DEPARTMENT,
    ENTERPRISE,
    PERSON,
    FakeNotices,
    FakeReporters,
    notices,
)

ALL = PageRequest()
Store = NoticeStore | FakeNotices
DELAYED = Receipt(1, AttemptResult.DELAYED, NOW, 451, "en")
TAKEN = Receipt(2, AttemptResult.TAKEN, NOW, 250, "en")


@pytest.fixture
def store(backing: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    if backing == "fake":
        yield FakeNotices()
        return
    engine_of: Engine = request.getfixturevalue("engine_of")
    with engine_of("notification").connect() as connection:
        yield NoticeStore(connection)
        connection.rollback()


@pytest.fixture
def reporters(backing: str, request: pytest.FixtureRequest) -> Iterator[ReporterStore | FakeReporters]:
    if backing == "fake":
        yield FakeReporters()
        return
    engine_of: Engine = request.getfixturevalue("engine_of")
    with engine_of("notification").connect() as connection:
        yield ReporterStore(connection)
        connection.rollback()


def kept(store: Store, *given: Notice) -> tuple[Notice, ...]:
    assert [store.add(notice) for notice in given] == [True] * len(given)
    return given


def test_a_notice_comes_back_as_it_was_kept(store: Store) -> None:
    to_person, to_department = kept(store, *notices())
    assert store.inbox(PERSON, ALL).rows == (to_person,)
    assert store.load(to_department.id, [PERSON, DEPARTMENT]) == to_department


def test_the_same_notice_is_kept_once(store: Store) -> None:
    [to_person, _] = kept(store, *notices())
    assert not store.add(replace(to_person, id=uuid7(), reference="again"))
    assert store.inbox(PERSON, ALL).rows == (to_person,)
    kept(
        store,
        replace(to_person, id=uuid7(), caused_by=uuid7()),
        replace(to_person, id=uuid7(), recipient=CLIENT),
        replace(to_person, id=uuid7(), recipient=ENTERPRISE),
        replace(to_person, id=uuid7(), template="incident-filed/2"),
    )
    assert len(store.inbox(PERSON, ALL).rows) == 3


def test_a_notice_in_another_inbox_does_not_exist(store: Store) -> None:
    [to_person, _] = kept(store, *notices())
    namesake = Party("client", PERSON.id)
    for notice_id, inboxes in ((to_person.id, [DEPARTMENT, namesake]), (uuid7(), [PERSON])):
        with pytest.raises(Refusal) as refused:
            store.load(notice_id, inboxes)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "NOTICE_NOT_FOUND")
    assert store.inbox(namesake, ALL).rows == ()


def test_reading_and_mailing_do_not_disturb_one_another(store: Store) -> None:
    [notice, _] = kept(store, *notices())
    before = store.load(notice.id, [PERSON])
    store.keep_receipt(notice.id, TAKEN, EmailState.SENT)
    store.save(before.mark_read(NOW))
    known = replace(notice, version=2, read_at=NOW, email_state=EmailState.SENT, receipts=(TAKEN,))
    assert store.load(notice.id, [PERSON]) == known


def test_receipts_are_kept_by_attempt_and_shown_with_their_notice(store: Store) -> None:
    to_person, to_department = kept(store, *notices())
    for receipt, state in ((DELAYED, EmailState.PENDING), (TAKEN, EmailState.SENT), (TAKEN, EmailState.SENT)):
        store.keep_receipt(to_person.id, receipt, state)
    [shown] = store.inbox(PERSON, ALL).rows
    assert (shown.receipts, shown.email_state) == ((DELAYED, TAKEN), EmailState.SENT)
    assert store.inbox(DEPARTMENT, ALL).rows == (to_department,)


def test_the_first_who_reported_is_remembered(reporters: ReporterStore | FakeReporters) -> None:
    assert reporters.find(CASE) is None
    for reporter in (Reporter(PERSON, "SSP-1"), Reporter(CLIENT, "")):
        reporters.remember(CASE, reporter)
    assert reporters.find(CASE) == Reporter(PERSON, "SSP-1")


def test_of_two_changes_to_one_version_the_second_is_refused(store: Store) -> None:
    [notice, _] = kept(store, *notices())
    store.save(notice.mark_read(NOW))
    with pytest.raises(Refusal) as refused:
        store.save(notice.mark_read(NOW))
    assert refused.value.reason == "STALE_VERSION"


def test_an_inbox_shows_the_newest_first_page_by_page(store: Store) -> None:
    given = [notices(at=NOW + timedelta(seconds=n // 2))[0] for n in range(7)]
    kept(store, *given)
    expected = sorted(given, key=lambda each: (each.created_at, each.id), reverse=True)
    shown: list[Notice] = []
    page = PageRequest(size=3)
    while True:
        answer = store.inbox(PERSON, page)
        shown.extend(answer.rows)
        if not answer.next_token:
            break
        page = PageRequest(size=3, after=(answer.rows[-1].created_at, answer.rows[-1].id))
    assert shown == expected


def test_an_inbox_is_narrowed_by_case_and_by_what_was_read(store: Store) -> None:
    first, second = kept(store, notices()[0], notices(case_number="371102-20261123-2000001-X")[0])
    store.save(first.mark_read(NOW))
    assert store.inbox(PERSON, ALL, unread=True).rows == (second,)
    assert [notice.id for notice in store.inbox(PERSON, ALL, case_number=CASE).rows] == [first.id]
