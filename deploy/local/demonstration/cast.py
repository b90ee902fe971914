"""Who plays: everybody acts with a token of their own, and reads an inbox of their own."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from deploy.local.client import TokenSource
from deploy.local.people import People

OWN, DEPARTMENT = "MAILBOX_UNSPECIFIED", "MAILBOX_DEPARTMENT"
TITLES = {
    "ZHZX": "grid centre",
    "SCJG": "market supervision",
    "CGJ": "urban management",
    "ZJJ": "housing",
    "HBJ": "environment",
    "GAJ": "public security",
    "YJJ": "emergency management",
}
CENTRE, MARKET_SUPERVISION = "ZHZX", "SCJG"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does a step: `who` as shown, and their token."""

    who: str
    door: TokenSource


@dataclass(frozen=True, slots=True)
class Inbox:
    """Whose notices: `name` as shown, a token that may read them, and which of its mailboxes."""

    name: str
    door: TokenSource
    mailbox: str = OWN


class Cast:
    """The people of one county, each for their own steps."""

    def __init__(self, people: People, county: str) -> None:
        self._people, self._county = people, county
        self.citizen = Actor("citizen, with the app rizhao-ssp", people.citizens)
        self.citizen_inbox = Inbox("citizen app", people.citizens)
        self.operations = people.operations

    def seat(self) -> Actor:
        """The seat of the grid centre: dispatches, verifies, closes."""
        return Actor(f"seat, {_titled(self.code(CENTRE))}", self._people.seat(self._county))

    def officer(self, department: str, number: int = 1) -> Actor:
        """An officer of a department: the first, or one of those who inspect with them."""
        door = self._people.office.vouching_for(login(department, number), department)
        return Actor(officer_of(department, number), door)

    def inspectors(self) -> tuple[Actor, Actor]:
        """The two licensed officers of market supervision."""
        return self.officer(self.code(MARKET_SUPERVISION)), self.officer(self.code(MARKET_SUPERVISION), 2)

    def inbox_of(self, department: str) -> Inbox:
        """The inbox of a department, read by one of its people."""
        reader = self.seat() if department == self.code(CENTRE) else self.officer(department)
        return Inbox(department, reader.door, DEPARTMENT)

    def code(self, ending: str) -> str:
        """The code of the county's department with this ending."""
        return f"{self._county}-{ending}"


def login(department: str, number: int = 1) -> str:
    """The login of an officer in the sample city."""
    county, _, ending = department.partition("-")
    return f"officer{_numbered(number)}.{ending.lower()}.{county}"


def officer_of(department: str, number: int = 1) -> str:
    """An officer in words."""
    return f"officer{_numbered(number)}, {_titled(department)}"


def person_id(actor: Actor) -> str:
    """The id of a person, as their own token says it (`sub`, RFC 9068). Raises ApiError, Unreachable."""
    claims = actor.door.token().split(".")[1]
    said: dict[str, str] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return said["sub"]


def _titled(department: str) -> str:
    title = TITLES.get(department.partition("-")[2])
    return f"{title} {department}" if title else department


def _numbered(number: int) -> str:
    return "" if number == 1 else f"-{number}"
