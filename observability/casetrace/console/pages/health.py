"""The Health page: how the services stand and went, and events that nobody has taken; one of them, to act on it."""

from __future__ import annotations

import uuid

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from werkzeug.wrappers import Response

from observability.casetrace.console import answers
from observability.casetrace.console.acting import SCOPE, Tried, carry_out, read_act
from observability.casetrace.console.cards import Card, cards_of
from observability.casetrace.console.front import Visit, here
from observability.casetrace.console.naming import Naming
from observability.casetrace.console.numbers import Numbers
from observability.casetrace.console.open_events import OpenEvent, event_place, open_event
from observability.casetrace.console.playbooks import playbooks
from observability.casetrace.domain.series import STRETCHES
from services.kernel.errors import invalid, not_found

# How the columns of a card's table are written.
KINDS = ("calls", "calls", "durations", "durations", "depth", "age", "lag", "parked")
POLL_S, EVENT_POLL_S = 5, 2
REFUSED = 409


def page(visit: Visit) -> Response:
    """All services and events, or the one thing that the address names."""
    asked = visit.request.args
    if "alert" in asked:
        return playbook_page(visit, asked["alert"])
    if "event" in asked:
        return event_page(visit, asked.get("service", ""), asked["event"])
    hours = _hours(asked.get("hours", ""))
    services = cards_of(visit.ask("GetHealth", pb.GetHealthRequest(hours=hours)), visit.now)
    found = visit.ask("ListOpenEffects", pb.ListOpenEffectsRequest())
    return visit.page(
        "health.html",
        poll_s=POLL_S,
        cards=services,
        counts=_counts(services),
        kinds=KINDS,
        n=Numbers(visit.language),
        hours=hours,
        windows=[(each, here(visit.request, {"hours": str(each)})) for each in STRETCHES],
        events=_open_events(visit, found),
        total=found.total,
    )


def event_page(visit: Visit, service: str, event_id: str, tried: Tried | None = None, status: int = 200) -> Response:
    """One event at the consumers of a service. `tried`: a form that was not carried out."""
    asked = pb.ListOpenEffectsRequest(service=service, event_id=event_id)
    return visit.page(
        "health_event.html",
        status,
        # What was typed into a form that was refused is on no other page.
        poll_s=0 if tried else EVENT_POLL_S,
        service=service,
        event_id=event_id,
        events=_open_events(visit, visit.ask("ListOpenEffects", asked)),
        may_act=SCOPE in visit.signed.session.scopes,
        done=visit.request.args.get("done", ""),
        tried=tried,
        new_key=lambda: str(uuid.uuid4()),
    )


def act(visit: Visit) -> Response:
    """Carry out what a form asks for, and lead back to its event."""
    asked = read_act(visit.request.form)
    if asked is None:
        raise invalid()
    wrong = asked.wrong(visit.words)
    tried = Tried(asked, wrong) if wrong else carry_out(visit, asked)
    if tried is None:
        return answers.moved(event_place(asked.service, asked.event_id, done=asked.what))
    return event_page(visit, asked.service, asked.event_id, tried, 400 if wrong else REFUSED)


def playbook_page(visit: Visit, alert: str) -> Response:
    """What an alert means, and what to do."""
    if alert not in playbooks():
        raise not_found()
    return visit.page("health_playbook.html", playbook=playbooks()[alert])


def _open_events(visit: Visit, answer: pb.ListOpenEffectsResponse) -> list[OpenEvent]:
    naming = Naming(visit.directory, visit.words)
    return [open_event(effect, naming, visit.words) for effect in answer.effects]


def _counts(cards: list[Card]) -> dict[str, int]:
    """How many services stand how."""
    found: dict[str, int] = {}
    for card in cards:
        found[card.state] = found.get(card.state, 0) + 1
    return found


def _hours(text: str) -> int:
    """The window that the address names; the shortest where it names none of them."""
    return int(text) if text in {str(hours) for hours in STRETCHES} else next(iter(STRETCHES))
