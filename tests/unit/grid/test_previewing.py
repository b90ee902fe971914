from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from egov.grid.v1 import clocks_pb2

from services.grid.domain.catalogue import Catalogue, Stage, Urgency
from services.grid.domain.clocks import Verdict
from services.grid.domain.incidents import Incident
from services.grid.domain.previewing import Difference, Ruling, preview
from services.grid.wire.catalogue import preview_message
from services.kernel.worktime.terms import Limit
from tests.unit.fakes import NOW
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
