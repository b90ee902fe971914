"""What a phone collected without a network: however it is sent, each report is filed once."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
import sqlalchemy as sa
from egov.grid.v1 import batches_pb2, incidents_pb2

from deploy.local.stack import Stack
from services.chassis.moments import stamp
from services.grid.domain.batches import Submitted
from services.grid.domain.catalogue import Catalogue
from services.grid.domain.versions import BEGINNING
from services.grid.store.batches import BatchStore
from services.grid.store.catalogue import CatalogueStore
from services.grid.store.reference import replace_centres
from services.kernel.errors import Refusal, unavailable
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from tests.integration.grid.desk import LAST_WEEK, PHONE, Desk, noted
from tests.integration.grid.phones import Counter, submit_in_a_process
from tests.unit.fakes import NOW, caller
from tests.unit.grid.samples import CENTRE, TYPES

KILLED = -9


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    with engine.begin() as connection:
        catalogue = Catalogue(TYPES, ())
        CatalogueStore(connection).add(catalogue, BEGINNING, NOW)
        replace_centres(connection, {"371102": CENTRE})
    return Desk(engine)


@pytest.fixture
def count(engine: sa.Engine) -> Iterator[Counter]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield Counter(connection)


def test_each_item_is_filed_and_says_as_what(desk: Desk, count: Counter) -> None:
    items = [noted(), noted(str(uuid4()))]
    results = desk.submit(*items)
    assert [each.item_id for each in results] == [each.item_id for each in items]
    assert len({each.filed.case_number for each in results}) == 2
    assert all(each.filed.captured_at == stamp(LAST_WEEK) for each in results)
    assert all(each.filed.received_at.seconds > each.filed.captured_at.seconds for each in results)
    assert count.new() == (2, 2)


def test_what_the_public_says_is_checked_first_and_an_app_that_syncs_is_told_so(desk: Desk, count: Counter) -> None:
    [result] = desk.submit(noted(source=incidents_pb2.REPORT_SOURCE_PUBLIC))
    assert count.new() == (1, 0), "it is not filed yet"
    told = {each.incident_id: each.incident for each in desk.sync(PHONE).changes}
    assert told[result.filed.incident_id].state == incidents_pb2.INCIDENT_STATE_REPORTED
    [refused] = desk.submit(noted(source=incidents_pb2.REPORT_SOURCE_COLLECTOR))
    assert [each.reason for each in refused.refused.violations] == ["SOURCE_UNFIT"]


def test_what_was_noted_days_ago_was_seen_then_and_is_filed_now(desk: Desk, engine: sa.Engine) -> None:
    (result,) = desk.submit(noted())
    with engine.connect() as connection:
        of_it = sa.text("SELECT seen_at, captured_at, filed_at FROM incident WHERE id = :id")
        row = connection.execute(of_it, {"id": result.filed.incident_id}).one()
    assert row.seen_at == LAST_WEEK
    assert row.captured_at == LAST_WEEK
    assert row.filed_at.timestamp() == pytest.approx(result.filed.received_at.ToNanoseconds() / 1e9)


def test_an_incident_says_when_it_was_noted_down_and_when_it_came_in(desk: Desk) -> None:
    (result,) = desk.submit(noted())
    told = {each.incident_id: each.incident for each in desk.sync(PHONE).changes}[result.filed.incident_id]
    assert (told.captured_at, told.received_at) == (result.filed.captured_at, result.filed.received_at)


def test_what_phones_submitted_before_incidents_said_so_has_its_moment(desk: Desk, engine: sa.Engine) -> None:
    (result,) = desk.submit(noted())
    of_it = {"id": result.filed.incident_id}
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE incident SET captured_at = NULL WHERE id = :id"), of_it)
        connection.execute(sa.text(import_module("services.grid.migrations.versions.0017_captured").SO_FAR))
        kept = connection.execute(sa.text("SELECT captured_at FROM incident WHERE id = :id"), of_it).scalar_one()
    assert kept == LAST_WEEK


def test_a_phone_whose_clock_is_wrong_is_told_so_of_what_it_sent(desk: Desk, count: Counter) -> None:
    for days, rule in ((1, "CAPTURED_IN_FUTURE"), (-400, "CAPTURED_LONG_AGO"), (-20_000, "CAPTURED_LONG_AGO")):
        for seen_at in (None, stamp(LAST_WEEK)):
            item = noted(seen_at=seen_at)
            item.captured_at.FromDatetime(LAST_WEEK + timedelta(days=7 + days))
            (result,) = desk.submit(item)
            told = [(each.field, each.reason) for each in result.refused.violations]
            assert told == [("captured_at", rule)]
    assert count.new() == (0, 0)


def test_an_id_in_upper_case_is_the_same_id(desk: Desk, count: Counter) -> None:
    item = noted()
    upper = batches_pb2.BatchItem()
    upper.CopyFrom(item)
    upper.item_id = item.item_id.upper()
    (first,), (again,) = desk.submit(upper), desk.submit(item)
    assert (first.item_id, again.item_id) == (upper.item_id, item.item_id)
    assert first.filed == again.filed
    assert count.new() == (1, 1)


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_grouping_and_however_often_each_item_has_one_effect_and_one_result(
    desk: Desk, count: Counter, seed: int
) -> None:
    chance, items = random.Random(seed), [noted() for _ in range(6)]
    first = {each.item_id: each for each in desk.submit(*items)}
    for _ in range(5):
        some = chance.choices(items, k=chance.randint(1, 6))
        for item, result in zip(some, desk.submit(*some), strict=True):
            assert result == first[item.item_id]
    assert count.new() == (6, 6)


def test_the_same_item_twice_in_one_batch_is_one_report(desk: Desk, count: Counter) -> None:
    item = noted()
    one, other = desk.submit(item, item)
    assert one == other
    assert count.new() == (1, 1)


def test_it_is_the_same_report_after_kept_outcomes_are_gone(desk: Desk, count: Counter, engine: sa.Engine) -> None:
    item = noted()
    first = desk.submit(item)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM chassis.idempotency"))
    assert desk.submit(item) == first
    assert count.new() == (1, 1)


def test_another_report_under_the_same_id_is_refused_at_any_time(desk: Desk, engine: sa.Engine) -> None:
    item = noted()
    other = noted(item.item_id, description="别的")
    desk.submit(item)
    assert desk.submit(other)[0].refused.reason == "KEY_REUSED"
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM chassis.idempotency"))
    assert desk.submit(other)[0].refused.reason == "KEY_REUSED"


def test_an_id_is_the_phones_own(desk: Desk) -> None:
    item, somebody = noted(), caller(subject=str(uuid7()))
    assert desk.submit(item)[0].filed.incident_id != desk.submit(item, by=somebody)[0].filed.incident_id


def test_a_bad_item_says_all_that_is_wrong_in_both_languages_and_costs_the_others_nothing(
    desk: Desk, count: Counter
) -> None:
    bad = noted(code="99999", region="371199999999")
    misformed = noted("not-an-id", description="", reporter_citizen_number="1")
    before, refused, unread, after = desk.submit(noted(), bad, misformed, noted())
    assert before.filed.case_number and after.filed.case_number
    assert count.new() == (2, 2)
    assert (refused.item_id, refused.refused.reason, refused.refused.try_again) == (
        bad.item_id, "INVALID_ARGUMENT", False,
    )  # fmt: skip
    found = {(each.field, each.reason): each for each in refused.refused.violations}
    assert set(found) == {("report.type", "TYPE_UNKNOWN"), ("report.region", "NO_CENTRE")}
    assert all(each.text_zh and each.text_en and each.text_zh != each.text_en for each in found.values())
    assert unread.item_id == ""
    assert {each.field for each in unread.refused.violations} == {
        "item_id", "report.description", "report.reporter_citizen_number",
    }  # fmt: skip
    assert [outcome for _, outcome in desk.books.outcomes] == ["INVALID_ARGUMENT", "INVALID_ARGUMENT"]


def test_a_refused_item_leaves_its_id_free(desk: Desk) -> None:
    item = noted(code="99999")
    desk.submit(item)
    assert desk.submit(noted(item.item_id))[0].filed.case_number


def test_what_is_down_for_one_is_not_tried_for_the_rest(desk: Desk, count: Counter) -> None:
    asked = []

    class Away:
        def GetRegion(self, request: object) -> None:
            asked.append(request)
            raise unavailable()

    desk.identity = Away()
    results = desk.submit(noted(), noted(), noted())
    assert [(each.refused.reason, each.refused.try_again) for each in results] == [("UNAVAILABLE", True)] * 3
    assert len(asked) == 1
    assert count.new() == (0, 0)


def test_of_two_who_remember_one_item_the_second_is_told_to_wait(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        store, one = BatchStore(connection), Submitted(uuid7(), "371102-20261123-2000427-X", NOW, NOW, b"")
        for_both = (Party("person", str(uuid7())), uuid7())
        store.add(*for_both, one)
        with pytest.raises(Refusal) as refused:
            store.add(*for_both, replace(one, incident_id=uuid7()))
        assert refused.value.reason == "IN_PROGRESS"
        assert store.find(*for_both) == one


def test_two_phones_of_one_person_at_once_file_it_once(desk: Desk, count: Counter) -> None:
    item, answers = noted(), []
    phones = [caller(subject=PHONE.subject, client_id=each) for each in ("rizhao-ssp", "rizhao-oa")]
    threads = [threading.Thread(target=lambda by=by: answers.extend(desk.submit(item, by=by))) for by in phones * 2]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {each.refused.reason for each in answers if each.HasField("refused")} <= {"IN_PROGRESS"}
    assert count.new() == (1, 1)
    assert desk.submit(item)[0].filed in [each.filed for each in answers]


@pytest.mark.parametrize(("point", "filed"), [("uow.before_commit", 2), ("uow.after_commit", 3)])
def test_a_process_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    desk: Desk, count: Counter, postgres: Stack, monkeypatch: pytest.MonkeyPatch, point: str, filed: int
) -> None:
    items = [noted() for _ in range(5)]
    monkeypatch.setenv("EGOV_FAULTPOINTS", f"{point}=kill@3")
    url, sent = postgres.wiring.database("grid", owner=False), [each.SerializeToString() for each in items]
    process = multiprocessing.get_context("spawn").Process(target=submit_in_a_process, args=(url, *sent))
    process.start()
    process.join(60)
    assert process.exitcode == KILLED
    assert count.new() == (filed, filed)
    results = desk.submit(*items)
    assert all(each.HasField("filed") for each in results)
    assert count.new() == (5, 5)
