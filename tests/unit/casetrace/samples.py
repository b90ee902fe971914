"""A case and its events, and stores of it without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from observability.casetrace.domain.cases import Case
from observability.casetrace.domain.effects import Effect, Source
from observability.casetrace.domain.facts import Fact
from tests.unit.fakes import NOW

CASE = "371102-20261123-2000427-X"
CENTRE, KITCHENS = "department/371102-ZHZX", "department/371102-SCJG"
INCIDENT, INSPECTION = "01a00000-0000-7000-8000-00000000000a", "01a00000-0000-7000-8000-00000000000b"
REGION, RUBBISH = "371102001001", "GB/T 47678.5-2026/event/06010"
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def event_id(number: int, moment: datetime = NOW) -> str:
    """A UUIDv7 of that moment; of two of one moment, the higher number comes later."""
    milliseconds = int(moment.timestamp() * 1000)
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | number))


def fact(hours: float, version: int = 1, kind: str = "Happened", **more: Any) -> Fact:
    """An event of the incident, so many hours after the case began."""
    plain: dict[str, Any] = {
        "id": event_id(version, at(hours)),
        "type": f"egov.grid.v1.{kind}",
        "service": "grid",
        "at": at(hours),
        "aggregate_id": INCIDENT,
        "aggregate_version": version,
        "case_number": CASE,
    }
    return Fact(**plain | more)


def course() -> list[Fact]:
    """A whole case: filed, dispatched, inspected, put off, closed; and what is told of it."""
    return [
        fact(0, 1, "IncidentFiled", phase="opens", holder=CENTRE, deadline=at(4), region=REGION, subject_type=RUBBISH),
        fact(1, 2, "IncidentDispatched", holder=KITCHENS, deadline=at(25)),
        fact(1.5, 1, "InspectionOpened", aggregate_id=INSPECTION, holder=KITCHENS, links=(("caused", INCIDENT),)),
        fact(2, 1, "NoticeCreated", aggregate_id=event_id(77)),
        fact(5, 2, "RectificationOrdered", aggregate_id=INSPECTION, deadline=at(53)),
        fact(9, 3, "InspectionClosed", aggregate_id=INSPECTION),
        fact(9, 3, "IncidentHandled", holder=CENTRE, deadline=at(33), id=event_id(9, at(9))),
        fact(11, 4, "IncidentClosed", phase="closes"),
    ]


def effect(event: str, outcome: str = "taken", **more: Any) -> Effect:
    plain = Effect(
        "notification", "incident-notices", event, "egov.grid.v1.IncidentFiled", CASE, outcome, "", 1, NOW, None
    )
    return replace(plain, **more)


class FakeEvents:
    """Events without a database."""

    def __init__(self) -> None:
        self.kept: dict[str, Fact] = {}
        self.remade: list[str] = []

    def add(self, facts: Sequence[Fact]) -> list[Fact]:
        fresh = [each for each in facts if each.id not in self.kept]
        self.kept |= {each.id: each for each in fresh}
        return fresh

    def of_cases(self, numbers: Sequence[str]) -> dict[str, list[Fact]]:
        self.remade += numbers
        return {number: [each for each in self.kept.values() if each.case_number == number] for number in numbers}


class FakeCases:
    """Cases without a database."""

    def __init__(self) -> None:
        self.kept: dict[str, Case] = {}

    def lock(self, numbers: Sequence[str]) -> dict[str, Case]:
        return {number: self.kept[number] for number in numbers if number in self.kept}

    def save(self, cases: Sequence[Case]) -> None:
        self.kept |= {case.number: case for case in cases}


class FakeEffects:
    """Effects without a database."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Effect] = {}

    def keep(self, effects: Sequence[Effect]) -> None:
        self.kept |= {(each.service, each.consumer, each.event_id): each for each in effects}

    def void(self, service: str, since: date) -> None:
        self.kept = {key: each for key, each in self.kept.items() if each.service != service or each.day < since}


class FakeOpenEffects:
    """Open effects without a database."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Effect] = {}

    def keep(self, effects: Sequence[Effect]) -> None:
        for each in effects:
            key = (each.service, each.consumer, each.event_id)
            self.kept.pop(key, None)
            if each.is_open:
                self.kept[key] = each

    def void(self, service: str) -> None:
        self.kept = {key: each for key, each in self.kept.items() if each.service != service}


class FakeSources:
    """Where services were read to, without a database."""

    def __init__(self) -> None:
        self.moves: list[tuple[str, str, datetime, datetime | None]] = []

    def move(self, source: Source, next: str, asked_at: datetime, known_at: datetime | None) -> None:
        self.moves.append((source.service, next, asked_at, known_at))
