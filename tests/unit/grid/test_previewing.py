from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from egov.grid.v1 import clocks_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.grid.domain.catalogue import Catalogue, Counted, Stage, Urgency
from services.grid.domain.clocks import Verdict
from services.grid.domain.courses import Course
from services.grid.domain.decisions import Source
from services.grid.domain.incidents import Incident
from services.grid.domain.previewing import Beside, Difference, preview
from services.grid.domain.progressing import report_progress
from services.grid.domain.reference import Evidence
from services.grid.domain.retracing import Ruling
from services.grid.wire.catalogue import preview_message
from services.kernel.worktime.terms import Limit
from tests.unit.fakes import NOW
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS, STANDARD, TYPES, incident, rule

HOUR = timedelta(hours=1)
END = NOW + 100 * HOUR
RULES = (rule("CGJ", 24),)
AS_IT_WAS = Catalogue(TYPES, RULES)


def handled(after_hours: int = 10, **said: Any) -> Incident:
    """An incident that its department had 24 hours for."""
    filed = incident()
    given = {"rules": RULES, "named": "", "limits": LIMITS, **said}
    sent = filed.dispatch(seen=1, by=CENTRE, now=NOW, **given)
    taken = sent.accept(seen=2, by=sent.department, limits=LIMITS, now=NOW + HOUR)
    return taken.handle(seen=3, by=sent.department, limits=LIMITS, now=NOW + after_hours * HOUR)


def differences(case: Incident, catalogue: Catalogue) -> tuple[Difference, ...]:
    return preview(case, catalogue, LIMITS, END).differences


def test_under_the_rules_that_it_had_nothing_differs() -> None:
    assert differences(handled(), AS_IT_WAS) == ()
    assert differences(handled(50), AS_IT_WAS) == ()


def test_a_shorter_limit_would_have_been_missed() -> None:
    tried = preview(handled(10), Catalogue(TYPES, (rule("CGJ", 4),)), LIMITS, END)
    assert tried.before == Ruling(DEPARTMENT, Limit(24), NOW + 24 * HOUR, Verdict.KEPT)
    assert tried.after == Ruling(DEPARTMENT, Limit(4), NOW + 4 * HOUR, Verdict.MISSED)
    assert tried.differences == (Difference.LIMIT, Difference.DEADLINE, Difference.VERDICT)


def test_another_department_or_none_is_said() -> None:
    assert differences(handled(), Catalogue(TYPES, (rule("ZJJ", 24),))) == (Difference.DEPARTMENT,)
    tried = preview(handled(), Catalogue(TYPES), LIMITS, END)
    assert tried.after == Ruling()
    assert tried.differences == (Difference.DEPARTMENT, Difference.LIMIT, Difference.DEADLINE)


def test_a_department_that_a_person_chose_stays() -> None:
    chosen = handled(named="371102-ZJJ")
    assert differences(chosen, AS_IT_WAS) == ()
    tried = preview(chosen, Catalogue(TYPES), LIMITS, END)
    assert (tried.after.department, tried.after.limit) == ("371102-ZJJ", LIMITS.handle)


def test_stages_go_before_the_rule() -> None:
    stage = Stage(STANDARD, "event", "06010", Urgency.NORMAL, 1, "清运", Limit(2), "现场已清理")
    tried = preview(handled(), Catalogue(TYPES, RULES, (stage,)), LIMITS, END)
    assert (tried.after.limit, tried.after.verdict) == (Limit(2), Verdict.MISSED)


def test_a_type_that_is_gone_is_said() -> None:
    assert differences(handled(), Catalogue(TYPES[1:], RULES)) == (Difference.TYPE,)
    assert differences(incident(), Catalogue(TYPES[1:], RULES)) == (Difference.TYPE,)


def test_what_was_never_dispatched_differs_by_nothing_else() -> None:
    assert differences(incident(), Catalogue(TYPES)) == ()


def test_without_its_clock_a_case_is_held_against_the_limit_alone() -> None:
    old = replace(handled(), clocks=())
    assert differences(old, AS_IT_WAS) == ()
    tried = preview(old, Catalogue(TYPES, (rule("CGJ", 4),)), LIMITS, END)
    assert (tried.differences, tried.after.late) == ((Difference.LIMIT,), None)


def test_an_answer_shows_what_differs_and_counts_the_rest() -> None:
    shorter = Catalogue(TYPES, (rule("CGJ", 24), rule("CGJ", 4, code_prefix="06")))
    tried = [preview(case, shorter, LIMITS, END) for case in (handled(10), handled(2), incident())]
    told = preview_message(tried, "next")
    assert (told.looked_at, len(told.cases), told.newly_missed, told.newly_met) == (3, 2, 1, 0)
    assert told.cases[0].after.verdict == clocks_pb2.CLOCK_VERDICT_MISSED
    assert (told.cases[0].before.limit, told.cases[0].after.limit) == (24, 4)
    assert told.page.next_page_token == "next"


def staged(amount: int, at: int = 1, counted: Counted = Counted.STAGE, urgency: Urgency = Urgency.NORMAL) -> Stage:
    return Stage(STANDARD, "event", "06010", urgency, at, f"环节{at}", Limit(amount), "完成", counted=counted)


TWO = (staged(4), staged(20, 2))


def done_in_stages(stages: tuple[Stage, ...] = TWO, first: int = 3, all_: int = 20) -> Incident:
    """Its first stage was done after so many hours, all of it after more."""
    sent = incident().dispatch(
        seen=1, by=CENTRE, now=NOW, rules=RULES, named="", limits=LIMITS, course=Course(stages),
        urgency=stages[0].urgency,
    )  # fmt: skip
    taken = sent.accept(seen=2, by=sent.department, limits=LIMITS, now=NOW + HOUR)
    at = NOW + first * HOUR
    on = report_progress(taken, condition_met=True, seen=3, by=DEPARTMENT, limits=LIMITS, now=at)
    return on.handle(seen=4, by=DEPARTMENT, limits=LIMITS, now=NOW + all_ * HOUR)


def rulings(case: Incident, *stages: Stage) -> list[tuple[float, Verdict | None]]:
    """The limit and the verdict of each stage that there would have been."""
    tried = preview(case, Catalogue(TYPES, RULES, stages), LIMITS, END)
    return [(each.limit.amount, each.verdict) for each in tried.would if each.limit]


def test_each_stage_is_held_against_its_own_limit() -> None:
    case = done_in_stages()
    assert differences(case, Catalogue(TYPES, RULES, TWO)) == ()
    assert rulings(case, staged(4), staged(10, 2)) == [(4, Verdict.KEPT), (10, Verdict.MISSED)]
    assert rulings(case, staged(4), staged(17, 2)) == [(4, Verdict.KEPT), (17, Verdict.KEPT)]
    whole = staged(17, 2, Counted.WHOLE)
    assert rulings(case, staged(4), whole) == [(4, Verdict.KEPT), (17, Verdict.MISSED)], "it counts from the dispatch"
    shorter = Catalogue(TYPES, RULES, (staged(2), staged(20, 2)))
    assert differences(case, shorter) == (Difference.LIMIT, Difference.DEADLINE, Difference.VERDICT)


def test_what_was_done_beyond_the_last_stage_belongs_to_it() -> None:
    case = done_in_stages()
    assert rulings(case) == [(24, Verdict.KEPT)]
    assert rulings(case, staged(19)) == [(19, Verdict.MISSED)]
    assert Difference.STAGES in differences(case, AS_IT_WAS)


def test_of_stages_that_nobody_could_report_is_known_what_must_be_so() -> None:
    assert rulings(handled(3), *TWO) == [(4, Verdict.KEPT), (20, None)]
    assert rulings(handled(10), *TWO) == [(4, None), (20, None)]
    last = staged(8, 2, Counted.WHOLE)
    assert rulings(handled(10), staged(4), last) == [(4, None), (8, Verdict.MISSED)]
    assert preview(handled(10), Catalogue(TYPES, RULES, (staged(4), last)), LIMITS, END).differences[-1] == "VERDICT"


def test_an_urgent_case_is_held_against_the_urgent_stages() -> None:
    urgent = staged(4, urgency=Urgency.URGENT), staged(20, 2, urgency=Urgency.URGENT)
    assert rulings(done_in_stages(urgent), *TWO, *urgent) == [(4, Verdict.KEPT), (20, Verdict.KEPT)]
    slower = Catalogue(TYPES, RULES, (staged(9), *urgent))
    assert differences(done_in_stages(urgent), slower) == ()


def test_rework_is_a_clock_more_and_a_hold_stays() -> None:
    again = steps.verify(done_in_stages(), passed=False)
    assert rulings(again, *TWO)[:2] == [(4, Verdict.KEPT), (20, Verdict.KEPT)]
    assert len(rulings(again, *TWO)) == 3
    for case in (again, steps.grant(steps.ask_hold(samples.accepted()))):
        course = (*case.course.stages,) if case.course else ()
        same = Catalogue(TYPES, (samples.rule(),), course)
        assert preview(case, same, LIMITS, END).differences == ()


def test_what_a_routing_rule_chose_stays() -> None:
    by_rule = Beside(source=Source.RULE)
    other = Catalogue(TYPES, (rule("ZJJ", 24),))
    assert preview(handled(), other, LIMITS, END, by_rule).differences == ()


def test_evidence_that_would_have_been_demanded_is_said() -> None:
    demanding = Catalogue((replace(TYPES[0], evidence=(Evidence.PHOTO_AFTER, Evidence.PHOTO)),), RULES)
    case = replace(handled(), evidence=(samples.proof(Evidence.PHOTO),))
    tried = preview(case, demanding, LIMITS, END)
    assert (tried.differences, tried.missing) == ((Difference.EVIDENCE,), (Evidence.PHOTO_AFTER,))
    assert preview(case, demanding, LIMITS, END, Beside((Evidence.PHOTO, Evidence.PHOTO_AFTER))).differences == ()
    assert preview(incident(), demanding, LIMITS, END).missing == ()


@given(st.sampled_from([after for _, after in steps.TAKEN.values()]))
def test_under_its_own_rules_nothing_of_any_case_differs(case: Incident) -> None:
    same = Catalogue(TYPES, (rule("CGJ", 24),), steps.COURSE.stages)
    tried = preview(case, same, LIMITS, END, Beside(source=Source.PERSON if case.department != case.owner else None))
    assert tried.differences == ()
