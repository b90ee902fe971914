"""The console as a browser sees it, over a database."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from deploy.local import console
from deploy.local.stack import Stack
from observability.casetrace.domain.facts import Fact
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.usecases import take_events
from tests.unit.casetrace.samples import CASE, at, course, effect, event_id
from tests.visitor import Visitor
from tests.waiting import wait_for

ELSEWHERE = "370202-20261123-2000428-0"
PAGE = f"/console/cases/{CASE}"


@dataclass
class Desk:
    """The running parts, and who sits in front of them."""

    stack: Stack
    engine: sa.Engine

    def visitor(self, language: str = "en") -> Visitor:
        where = self.stack.where()
        return Visitor(where.gateway, where.trust, language)

    def link(self) -> str:
        return console.link(self.stack.where())

    def operator(self, language: str = "en") -> Visitor:
        """Signed in; whoever comes as often as these tests do is asked to wait, and does."""
        visitor = self.visitor(language)
        wait_for("somebody is let in", lambda: visitor.follow(self.link()).status == 200, every_s=1.0)
        return visitor

    def rows(self, service: str, statement: str, *values: object) -> list[Any]:
        with self.stack.database(service) as connection:
            return connection.execute(statement, values).fetchall()

    def change(self, service: str, statement: str) -> None:
        with self.stack.database(service) as connection:
            connection.execute(statement)


def store(engine: sa.Engine) -> None:
    """The sample case with two troubles, moved to end an hour ago; and a case of another city."""
    shift = datetime.now(UTC) - timedelta(hours=1) - at(5)
    facts = [moved(each, shift, number) for number, each in enumerate(course()) if each.at <= at(5)]
    filed, dispatched = facts[0], facts[1]
    foreign = dataclasses.replace(filed, id=event_id(99, filed.at), case_number=ELSEWHERE, region="370202")
    with engine.begin() as connection:
        take_events(EventStore(connection), CaseStore(connection), [*facts, foreign])
        EffectStore(connection).keep(
            [
                effect(filed.id, "taken", decided_at=filed.at),
                effect(dispatched.id, "parked", event_type=dispatched.type, reason="UNAVAILABLE", attempts=8),
                effect(dispatched.id, "refused", consumer="another", event_type=dispatched.type, reason="CASE_CLOSED"),
            ]
        )


def moved(fact: Fact, shift: timedelta, number: int) -> Fact:
    later = fact.at + shift
    return dataclasses.replace(
        fact,
        id=event_id(number, later),
        at=later,
        deadline=fact.deadline + shift if fact.deadline else None,
    )
