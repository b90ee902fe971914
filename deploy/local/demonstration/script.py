"""How a step is written down: who leads what on, what is said of it, and who has to be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from deploy.local.demonstration.case import Case, Json
from deploy.local.demonstration.cast import CENTRE, Cast, Inbox
from deploy.local.demonstration.stage import Effect, Stage, Step
from deploy.local.demonstration.told import Told

Says = Callable[[Json], str]
Tell = tuple[str, str]
"""Whom (`citizen`, `centre`, `office`: the department in charge, `officer`, `officer-2`), and by which wording."""


class Script:
    """The stage, the case and its people, for the course of the case to be written with."""

    def __init__(self, stage: Stage, case: Case, cast: Cast, told: Told) -> None:
        self.stage, self.case, self.cast, self.told = stage, case, cast, told
        self.office = ""
        """Code of the department in charge, from the dispatch on."""

    def incident(self, step: Step, command: str, *told: Tell, **said: Any) -> None:
        """Lead the incident a step on, and wait until everybody knows."""
        self.stage.act(step, lambda: self.case.lead(command, step.by, **said), held)
        self.tell(*told)

    def inspection(
        self,
        step: Step,
        command: str,
        says: Says,
        *told: Tell,
        before: Sequence[Effect] = (),
        holder: int = 0,
        **said: Any,
    ) -> None:
        """Lead the inspection a step on, and wait for what follows."""
        self.stage.act(step, lambda: self.case.inspect(command, step.by, **said), says)
        self.tell(*told, before=before, holder=holder)

    def tell(self, *told: Tell, before: Sequence[Effect] = (), holder: int = 0) -> None:
        """Wait for what other services do, then for notices and mails; `holder`: how many mails the holder gets."""
        number = self.case.case_number
        expected = [(self._inbox(whom), wording) for whom, wording in told]
        self.stage.follow(*before, *self.told.effects(number, number, *expected, holder=holder))

    def incident_becomes(self, state: str, event: str) -> Effect:
        """Grid leads the incident on by an event."""
        return Effect(
            "grid",
            event,
            lambda: self.case.incident_is(state),
            lambda: held({"incident": self.case.incident}),
            needed=True,
        )

    def licence_becomes(self, status: str, event: str) -> Effect:
        """Certificates suspends the licence, or lets it go on, by an event."""
        return Effect(
            "certificates",
            event,
            lambda: self.case.licence_is(status),
            lambda: licence({"certificate": self.case.licence}),
            needed=True,
        )

    def _inbox(self, whom: str) -> Inbox:
        if whom == "citizen":
            return self.cast.citizen_inbox
        if whom.startswith("officer"):
            return Inbox(whom, self.cast.inspectors()[whom != "officer"].door)
        return self.cast.inbox_of(self.cast.code(CENTRE) if whom == "centre" else self.office)


def constant(text: str) -> Callable[..., str]:
    """Says the same of whatever came back."""
    return lambda *_: text


def held(body: Json) -> str:
    """Where the incident stands, and who holds it."""
    incident = body["incident"]
    holder = incident.get("holderDepartment")
    return f"incident {word(incident['state'])}" + (f", held by {holder}" if holder else "")


def licence(body: Json) -> str:
    """How the licence stands."""
    certificate = body["certificate"]
    return f"licence {certificate['number']} {word(certificate['status'])}"


def finding(body: Json) -> str:
    """What was found last."""
    last = body["inspection"]["findings"][-1]
    return f"{last['itemCode']} spoiled food, {word(last['gravity'])}"


def ordered(body: Json) -> str:
    """Until when rectification was ordered."""
    return f"rectification until {body['inspection']['rectifyBy'][:10]}"


def ended(body: Json) -> str:
    """How the inspection ended."""
    return f"inspection closed, {word(body['inspection']['outcome'])}"


def word(name: str) -> str:
    """The last word of an enum's name, in lower case."""
    return name.rpartition("_")[2].lower()
