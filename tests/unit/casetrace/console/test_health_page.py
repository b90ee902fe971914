"""The Health page: what it shows of what is known, and what its forms do."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from egov.casetrace.v1 import casetrace_service_pb2 as pb
from egov.casetrace.v1 import health_pb2
from egov.chassis.v1 import operations_service_pb2 as operations
from google.protobuf.message import Message
from werkzeug.wrappers import Response

from observability.casetrace.console.acting import ERROR_INFO
from observability.casetrace.console.outside import Answer
from observability.casetrace.console.pages import health
from services.chassis.moments import stamp
from services.kernel.errors import Refusal, unavailable
from services.kernel.texts import LANGUAGES
from tests.unit.casetrace.console.visits import Outside, visit
from tests.unit.casetrace.samples import CASE, event_id
from tests.unit.fakes import NOW

EVENT = event_id(1)
PLACE = f"/console/health?service=notification&event={EVENT}"
PARKED = health_pb2.OpenEffect(
    service="notification", consumer="incident-notices", event_id=EVENT, type="egov.grid.v1.IncidentFiled",
    case_number=CASE, outcome=operations.EFFECT_OUTCOME_PARKED, reason="HANDLER_FAILED", attempts=5,
    decided_at=stamp(NOW),
)  # fmt: skip
FORM = {
    "act": "retry", "service": "notification", "event": EVENT, "consumer": "incident-notices",
    "reason": "mended", "key": str(uuid.UUID(int=7)),
}  # fmt: skip


def answering(*effects: health_pb2.OpenEffect, services: tuple[Any, ...] = ()) -> Any:
    def ask(method: str, request: Message) -> Message:
        if method == "GetHealth":
            return pb.GetHealthResponse(services=services)
        return pb.ListOpenEffectsResponse(effects=effects, total=len(effects))

    return ask


def service(state: Any = health_pb2.SERVICE_STATE_UP, **more: Any) -> health_pb2.ServiceHealth:
    plain: dict[str, Any] = {"service": "grid", "heard_at": stamp(NOW), "answered_at": stamp(NOW), "processes": 1}
    points = [
        health_pb2.HealthPoint(start=stamp(NOW + timedelta(minutes=minute)), calls_per_minute=minute, outbox_depth=2)
        for minute in range(3)
    ]
    return health_pb2.ServiceHealth(state=state, points=points, **plain | more)


def html(response: Response) -> str:
    return response.get_data(as_text=True)


def text(response: Response) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", "", html(response)))


def act(outside: Outside, **changes: str) -> Response:
    return health.act(visit("/console/health", answering(PARKED), form=FORM | changes, outside=outside))


def refusing(reason: str) -> Outside:
    return Outside(Answer(400, {"message": "no", "details": [{"@type": ERROR_INFO, "reason": reason}]}))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", list(health_pb2.ServiceState.values())[1:])
def test_every_state_has_words(language: str, state: Any) -> None:
    page = health.page(visit("/console/health", answering(services=(service(state),)), language=language))
    assert page.status_code == 200 and 'id="service-grid"' in html(page)


def test_a_card_has_a_chart_for_each_number_with_a_title_a_description_and_a_table() -> None:
    page = html(health.page(visit("/console/health", answering(services=(service(),)))))
    assert page.count('role="img"') == 6 == page.count("<title id=") == page.count("<desc id=")
    assert '<details id="table-grid">' in page and page.count('<th scope="row">') == 3
    assert " style=" not in page and "<script>" not in page


def test_what_is_beyond_a_bound_names_its_alert_and_leads_to_its_playbook() -> None:
    shown = answering(services=(service(alerts=["OutboxOld"]),))
    page = html(health.page(visit("/console/health", shown)))
    assert '<a href="/console/health?alert=OutboxOld">Events have not gone out</a>' in page
    playbook = text(health.page(visit("/console/health?alert=OutboxOld", shown)))
    assert "Alert `OutboxOld`" in playbook
    with pytest.raises(Refusal):
        health.page(visit("/console/health?alert=../../README", shown))


def test_a_service_that_does_not_answer_says_how_far_its_effects_are_known() -> None:
    late = service(answered_at=stamp(NOW - timedelta(minutes=2)))
    assert "what became of events there is known up to" in text(
        health.page(visit("/console/health", answering(services=(late,))))
    )


@pytest.mark.parametrize(("asked", "current"), [("", "1 h"), ("?hours=48", "48 h"), ("?hours=7", "1 h")])
def test_the_address_says_which_hours_are_shown(asked: str, current: str) -> None:
    page = html(health.page(visit(f"/console/health{asked}", answering())))
    assert re.findall(r'aria-current="true">([^<]*)', page) == [current]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "The service failed at it"), ("zh-CN", "服务处理它时出错")],
)
def test_a_parked_event_says_why_and_what_to_do_and_leads_to_its_case(language: str, words: str) -> None:
    page = html(health.page(visit("/console/health", answering(PARKED), language=language)))
    assert words in page and f'href="/console/cases/{CASE}?event={EVENT}"' in page
    assert f"event={EVENT}" in page


def test_an_event_of_no_case_is_listed_too() -> None:
    stray = health_pb2.OpenEffect(
        service="grid", consumer="c", event_id="egov.x.v1:0:17", type="unknown", reason="NO_ENVELOPE",
        outcome=operations.EFFECT_OUTCOME_PARKED, decided_at=stamp(NOW),
    )  # fmt: skip
    page = health.page(visit("/console/health", answering(stray)))
    assert "of no case" in text(page) and "event=egov.x.v1%3A0%3A17" in html(page)


def test_who_may_act_gets_two_forms_with_keys_of_their_own() -> None:
    page = html(health.page(visit(PLACE, answering(PARKED))))
    keys = re.findall(r'name="key" data-fresh value="([^"]*)"', page)
    assert re.findall(r'data-act="(\w+)"', page) == ["retry", "discard"] and len(set(keys)) == 2


def test_who_may_not_act_gets_a_sentence() -> None:
    page = html(health.page(visit(PLACE, answering(PARKED), scopes=frozenset())))
    assert "data-act" not in page and "data-nobody" in page


def test_one_that_only_waits_has_no_forms() -> None:
    waiting = health_pb2.OpenEffect()
    waiting.CopyFrom(PARKED)
    waiting.outcome = operations.EFFECT_OUTCOME_WAITING
    assert "data-act" not in html(health.page(visit(PLACE, answering(waiting))))


def test_new_keys_alone_make_no_new_page() -> None:
    tags = [health.page(visit(PLACE, answering(PARKED))).get_etag() for _ in range(2)]
    assert tags[0] == tags[1]


def test_a_form_is_carried_out_as_the_operator_and_leads_back() -> None:
    outside = Outside(Answer(200, {}))
    done = act(outside)
    assert (done.status_code, done.headers["Location"]) == (303, f"{PLACE}&done=retry")
    path = f"POST /v1/operations/notification/parked/{EVENT}:retry"
    body = {"consumer": "incident-notices", "reason": "mended"}
    assert outside.sent == [{"path": path, "token": "token", "body": body, "key": FORM["key"]}]


def test_ids_that_are_places_in_a_topic_stay_one_part_of_the_path() -> None:
    outside = Outside(Answer(200, {}))
    act(outside, event="egov.x.v1:0:17", service="grid/../x")
    assert outside.sent[0]["path"] == "POST /v1/operations/grid%2F..%2Fx/parked/egov.x.v1%3A0%3A17:retry"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_form_needs_a_reason(reason: str) -> None:
    outside = Outside(Answer(200, {}))
    page = act(outside, reason=reason)
    assert (page.status_code, outside.sent) == (400, []) and 'aria-invalid="true"' in html(page)


def test_giving_up_needs_a_word_of_confirmation_and_keeps_what_was_typed() -> None:
    outside = Outside(Answer(200, {}))
    page = act(outside, act="discard")
    assert (page.status_code, outside.sent) == (400, []) and 'value="mended"' in html(page)
    for word in ("discard", "放弃"):
        assert act(outside, act="discard", confirmed=word).status_code == 303


@pytest.mark.parametrize(
    ("outside", "words"),
    [
        (refusing("PARKED_NOT_FOUND"), "It is not parked any more"),
        (refusing("NOT_THE_HEAD"), "It only waits behind an earlier event"),
        (refusing("SCOPE_MISSING"), "You do not hold the scope"),
        (refusing("KEY_REUSED"), "This idempotency key belongs to a different request"),
        (Outside(unavailable()), "The service did not answer"),
        (Outside(Answer(503, {})), "The service did not answer"),
    ],
)
def test_a_refusal_is_said_in_words_and_keeps_what_was_typed(outside: Outside, words: str) -> None:
    page = act(outside)
    assert page.status_code == 409 and words in text(page) and 'value="mended"' in html(page)


def test_a_form_without_an_answer_keeps_its_key_and_one_whose_key_is_used_gets_another() -> None:
    assert html(act(Outside(unavailable()))).count(FORM["key"]) == 1
    assert FORM["key"] not in html(act(refusing("KEY_REUSED")))


@pytest.mark.parametrize("changes", [{"act": "delete"}, {"key": "x"}])
def test_what_is_none_of_the_forms_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Refusal):
        act(Outside(Answer(200, {})), **changes)
