from collections import Counter

from deploy.local.replaying import items, mapping, rows, visits
from deploy.local.replaying.cases import Action, Case, Step, steps_of
from deploy.local.replaying.joining import Recheck
from deploy.local.replaying.licences import Licence
from deploy.local.replaying.rows import LeftOut, Row
from deploy.local.replaying.timeline import Plan, plan, timeline
from deploy.local.replaying.visits import Visit
from tests.unit.replay.made import BUSINESS, DIRTY, SPOILED, VILLAGE, WARM, chain, day, inspected, report, request

GRID_ONLY = ["FILE", "DISPATCH", "ACCEPT", "HANDLE", "VERIFY", "CLOSE"]


def sample(limit: int | None = None) -> Plan:
    return plan(rows.read(), visits.read(), mapping.load(), items.load(), limit)


def names(steps: list[Step]) -> list[str]:
    return [step.action.name for step in steps]


def test_steps_come_by_date_and_each_report_in_its_own_order() -> None:
    steps = timeline([report("b", 2, 5), report("a", 1, 3)])
    assert [(step.case.key[-1], step.action.name) for step in steps] == [
        ("a", "FILE"),
        ("a", "DISPATCH"),
        ("b", "FILE"),
        ("b", "DISPATCH"),
        *(("a", step) for step in ("ACCEPT", "HANDLE", "VERIFY", "CLOSE")),
        *(("b", step) for step in ("ACCEPT", "HANDLE", "VERIFY", "CLOSE")),
    ]


def test_a_report_closed_on_its_first_day_is_filed_first() -> None:
    assert names(timeline([report("a", 1, 1)])) == GRID_ONLY


def test_a_report_without_completion_stays_open() -> None:
    assert names(timeline([report("a", 1, None)])) == ["FILE", "DISPATCH"]


def test_a_complaint_with_its_inspection_goes_through_both_and_is_accepted_and_handled_by_event() -> None:
    steps = steps_of(chain("a", SPOILED, DIRTY, created=1, closed=2, at=3))
    assert names(steps) == [
        *("FILE", "DISPATCH", "ASSIGN", "FIND", "FIND", "ORDER", "PASS", "END", "VERIFY", "CLOSE"),
    ]
    assert [step.at.day for step in steps] == [1, 1, 3, 3, 3, 3, 3, 3, 3, 3]
    assert [step.finding for step in steps if step.finding] == [SPOILED, DIRTY]


def test_an_inspection_by_request_without_more_than_minor_findings_is_simply_closed() -> None:
    assert names(steps_of(request(1, DIRTY))) == ["OPEN", "ASSIGN", "FIND", "END"]


def test_what_is_graver_has_to_be_rectified() -> None:
    assert names(steps_of(request(1, WARM))) == ["OPEN", "ASSIGN", "FIND", "ORDER", "PASS", "END"]


def test_rechecks_have_the_dates_of_the_visits_that_they_were() -> None:
    looks = (Recheck(day(9), False, None), Recheck(day(20), True, None))
    steps = steps_of(Case("inspection/1", inspected=inspected(1, WARM, at=5, looks=looks)))
    assert [(step.action.name, step.at.day) for step in steps[3:]] == [
        ("ORDER", 5),
        ("FAIL", 9),
        ("PASS", 20),
        ("END", 20),
    ]


def test_every_step_of_a_case_has_a_name_of_its_own() -> None:
    steps = steps_of(chain("a", SPOILED, SPOILED, DIRTY))
    assert len({step.name for step in steps}) == len(steps)
    assert steps[0].name == "chicago/a/FILE"


def test_the_first_step_of_an_inspection_comes_after_its_licence() -> None:
    assert [step.after for step in steps_of(chain("a", SPOILED))] == ["licence/30790", *[""] * 8]
    unlicensed = request(1, licence=Licence(30790, VILLAGE, None))
    assert {step.after for step in steps_of(unlicensed)} == {""}


def test_a_licence_is_issued_before_all_that_needs_it() -> None:
    late = Licence(BUSINESS.number, VILLAGE, day(20))
    steps = timeline([Case(late.key, licence=late), report("a", 20, 20)])
    assert names(steps) == ["ISSUE", *GRID_ONLY]


def test_every_row_of_the_samples_is_played_or_left_out_by_a_reason() -> None:
    made = sample()
    complaints, seen = sum(1 for _ in rows.read()), {each.key for each in visits.read()}
    shared = made.chains - len({case.inspected.visit.key for case in made.cases if case.inspected and case.mapped})
    assert made.rows == complaints + len(seen) - made.chains + shared
    assert made.reports + made.requests + made.left_out.total() == made.rows
    assert (made.chains, made.chains - shared + made.requests) == (137, len(seen))
    counts = Counter(step.action for step in made.steps)
    assert counts[Action.FILE] == made.reports
    assert counts[Action.END] == counts[Action.ASSIGN] == made.chains + made.requests
    assert counts[Action.OPEN] == made.requests
    assert counts[Action.ISSUE] == made.licences
    assert counts[Action.PASS] == counts[Action.ORDER]


def test_a_limit_takes_of_each_kind_in_turn() -> None:
    made = sample(300)
    assert made.rows == 300
    assert (made.chains, made.requests, made.reports - made.chains + made.left_out.total()) == (100, 100, 100)


def test_a_limit_takes_the_first_of_each_kind_by_date() -> None:
    made, whole = sample(30), sample()
    filed = {step.case.key: step.at for step in whole.steps if step.action is Action.FILE and step.case.chain}
    taken = {case.key for case in made.cases if case.chain}
    assert max(filed[key] for key in taken) <= min(at for key, at in filed.items() if key not in taken)


def test_each_licence_is_issued_once_and_dated_before_its_first_inspection() -> None:
    steps = sample().steps
    issued = [step.case.key for step in steps if step.action is Action.ISSUE]
    assert len(issued) == len(set(issued))
    places = {key: place for place, key in enumerate(step.case.key for step in steps)}
    assert all(places[step.after] < place for place, step in enumerate(steps) if step.after)


def test_rows_that_cannot_be_read_are_counted() -> None:
    bad: list[Row | LeftOut] = [LeftOut("chicago/line-2", "UNREADABLE")]
    seen: list[Visit | LeftOut] = [LeftOut("inspection/line-2", "UNREADABLE")]
    made = plan(bad, seen, mapping.load(), items.load())
    assert (made.rows, made.reports, dict(made.left_out)) == (2, 0, {"UNREADABLE": 2})
