from __future__ import annotations

from datetime import timedelta

from egov.chassis.v1 import operations_service_pb2 as operations

from observability.casetrace.domain.effects import Page, Source
from observability.casetrace.usecases import AT_ONCE, ask, keep_effects
from observability.casetrace.wire.taken import page
from services.chassis.moments import stamp
from services.kernel.errors import unavailable
from tests.unit.casetrace.samples import CASE, FakeEffects, FakeOpenEffects, FakeSources, at, effect, event_id
from tests.unit.fakes import NOW, FakeUnitOfWork

SOURCE = Source("notification", "cursor", None)


def kept(*pages: Page | None, opens: FakeOpenEffects | None = None) -> tuple[FakeEffects, FakeSources]:
    effects, sources = FakeEffects(), FakeSources()
    for each in pages:
        keep_effects(FakeUnitOfWork(), effects, opens or FakeOpenEffects(), sources, SOURCE, each)
    return effects, sources


def left_open(*pages: Page) -> list[tuple[str, str]]:
    """Which events are open after these answers."""
    opens = FakeOpenEffects()
    kept(*pages, opens=opens)
    return [(each.event_id, each.outcome) for each in opens.kept.values()]


def test_what_a_service_answers_is_kept_with_how_far_it_was_read() -> None:
    effects, sources = kept(Page([effect(event_id(1))], "next", False, None))
    assert [each.event_id for each in effects.kept.values()] == [event_id(1)]
    assert sources.moves == [("notification", "next", NOW, NOW)]


def test_where_there_is_more_it_is_asked_again_at_once_and_is_not_known_to_the_end() -> None:
    _, sources = kept(Page([effect(event_id(1))], "next", True, None))
    assert sources.moves == [("notification", "next", AT_ONCE, None)]


def test_a_service_that_does_not_answer_is_asked_again_later() -> None:
    def silent(service: str, cursor: str) -> Page:
        raise unavailable()

    answer = ask(SOURCE, silent)
    effects, sources = kept(answer)
    assert (answer, effects.kept, sources.moves) == (None, {}, [("notification", "cursor", NOW, None)])


def test_of_one_that_changed_twice_the_later_outcome_holds() -> None:
    twice = [effect(event_id(1), "retrying"), effect(event_id(1), "taken")]
    effects, _ = kept(Page(twice, "next", False, None))
    assert [each.outcome for each in effects.kept.values()] == ["taken"]


def test_what_a_restore_undid_is_void() -> None:
    old, new, other = (event_id(number, at(hours)) for number, hours in ((1, -48), (2, 0), (3, 0)))
    first = Page([effect(old), effect(new), effect(other, service="grid")], "a", False, None)
    effects, _ = kept(first, Page([], "b", False, at(-24).date()))
    assert {each.event_id for each in effects.kept.values()} == {old, other}


def test_what_belongs_to_no_case_is_not_kept() -> None:
    effects, sources = kept(Page([effect(event_id(1), case_number="")], "next", False, None))
    assert (effects.kept, len(sources.moves)) == ({}, 1)


def test_what_is_not_done_with_is_known_also_where_it_belongs_to_no_case() -> None:
    parked = effect("egov.grid.v1:0:17", "parked", case_number="")
    first = Page([effect(event_id(1), "waiting"), effect(event_id(2), "retrying"), parked], "a", False, None)
    assert left_open(first, Page([effect(event_id(1)), effect(event_id(2), "parked")], "b", False, None)) == [
        ("egov.grid.v1:0:17", "parked"),
        (event_id(2), "parked"),
    ]


def test_where_a_service_tells_all_anew_only_that_is_open() -> None:
    first = Page([effect(event_id(1), "parked")], "a", False, None)
    assert left_open(first, Page([effect(event_id(2), "parked")], "b", False, NOW.date())) == [(event_id(2), "parked")]


def test_a_source_is_late_when_it_was_never_or_long_not_known_to_the_end() -> None:
    assert SOURCE.is_late(NOW)
    assert not Source("grid", "", NOW).is_late(NOW + timedelta(seconds=5))
    assert Source("grid", "", NOW).is_late(NOW + timedelta(minutes=1))


def test_an_answer_becomes_effects_of_the_service_that_gave_it() -> None:
    answer = operations.ListEffectsResponse(next="n", more=True, from_beginning=True, kept_since=stamp(NOW))
    known = {"consumer": "c", "decided_at": stamp(NOW), "attempts": 2, "outcome": operations.EFFECT_OUTCOME_PARKED}
    answer.effects.add(event_id=event_id(1), case_number=CASE, reason="HANDLER_FAILED", **known)
    answer.effects.add(event_id=event_id(2), case_number="a person's name", **known)
    answer.effects.add(event_id="egov.grid.v1:0:17", case_number=CASE, **known)
    read = page(answer, "grid")
    assert (read.next, read.more, read.void_since) == ("n", True, NOW.date())
    assert [(each.service, each.outcome, each.reason, each.case_number, each.due_at) for each in read.effects] == [
        ("grid", "parked", "HANDLER_FAILED", CASE, None),
        ("grid", "parked", "", "", None),
        ("grid", "parked", "", "", None),
    ]
