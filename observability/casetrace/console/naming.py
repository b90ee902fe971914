"""What things are called on a page: holders, regions, services, cases, reasons."""

from __future__ import annotations

from observability.casetrace.console.titles import title
from observability.casetrace.console.words import Words
from observability.casetrace.domain.names import Directory
from services.kernel import texts
from services.kernel.casenumber import DIGIT

SERVICES = {str(digit): service for service, digit in DIGIT.items()}


class Naming:
    """Names in one language."""

    def __init__(self, directory: Directory, words: Words) -> None:
        self._directory = directory
        self._words = words

    def holder(self, holder: str) -> str:
        """`department/<code>`, `person/<id>` or `client/<id>` for people to read."""
        kind, _, id = holder.partition("/")
        if kind == "department":
            return self.code(id)
        if kind == "person":
            return self._words("holder.person")
        return self._words("holder.client", id=id) if kind == "client" else self._words("holder.nobody")

    def code(self, code: str) -> str:
        """A department or region."""
        return self._directory.name(code, self._words.language)

    def region(self, code: str) -> str:
        """A region with the county that it lies in."""
        county = code[:6]
        return self.code(code) if code == county else f"{self.code(county)} {self.code(code)}"

    def event(self, event_type: str) -> str:
        """What an event tells."""
        return title(event_type, self._words.language)

    def service(self, service: str) -> str:
        """A service."""
        return self._words.of("service", service)

    def case(self, number: str, subject_type: str) -> str:
        """What kind of case it is: its number tells the service that opened it, its opening event what it is about."""
        kind: str = self._words.of("case.of", SERVICES.get(number.split("-")[2][:1], ""))
        return f"{kind} {self.subject(subject_type)}" if subject_type else kind

    def subject(self, subject_type: str) -> str:
        """What a case is about: the code alone, without standard and kind."""
        return subject_type.rpartition("/")[2]

    def reason(self, reason: str) -> str:
        """A reason in words; empty where it has none here."""
        return texts.text(reason, self._words.language) if reason in texts.names() else ""
