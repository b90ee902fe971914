"""A clerk notes what it was told, and asks again under the same key until there is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from deploy.local.client import Answer, ApiError, TokenSource, Unreachable
from tests.chaos.clerk import Clerk, Journal
from tests.chaos.records import Command, Told

FILE = Command("", "egov.grid.v1.IncidentFiled", Told.UNKNOWN, reference="ref-1")
DONE = Answer({"incident": {"incidentId": "i1", "version": "1"}}, "", "", 0.0, 1)
AWAY = ApiError(503, 14, "UNAVAILABLE", "", retry_after_s=0.001)
BROKEN = ApiError(500, 13, "INTERNAL", "", retry_after_s=0.001)
REFUSED = ApiError(409, 10, "STALE_VERSION", "")


class Nobody:
    """A source of tokens."""

    def token(self) -> str:
        return ""


class Scripted:
    """A gateway that answers as it is told, one answer after the other."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.keys: list[str | None] = []
        self._answers = list(answers)

    def post(self, path: str, body: Mapping[str, Any], *, door: TokenSource, key: str | None = None) -> Answer:
        self.keys.append(key)
        return self._next()

    def get(self, path: str, query: Mapping[str, str] | None = None, *, door: TokenSource | None = None) -> Answer:
        return self._next()

    def _next(self) -> Answer:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def send(gateway: Scripted, *, until: float = float("inf")) -> Command:
    """What is noted of one command."""
    journal = Journal()
    Clerk(gateway, journal, until=until).send("/v1/incidents", {}, Nobody(), FILE, noun="incident")
    (noted,) = journal.all()
    return noted


def test_what_is_acknowledged_is_noted_with_its_answer() -> None:
    noted = send(Scripted(DONE))
    assert (noted.told, noted.aggregate, noted.version, noted.tries) == (Told.ACKNOWLEDGED, "i1", 1, 1)


@pytest.mark.parametrize("trouble", [AWAY, BROKEN])
def test_without_an_answer_it_asks_again_under_the_same_key(trouble: ApiError) -> None:
    gateway = Scripted(trouble, trouble, DONE)
    noted = send(gateway)
    assert (noted.told, noted.tries) == (Told.ACKNOWLEDGED, 3)
    assert set(gateway.keys) == {noted.key}


def test_a_refusal_is_an_answer() -> None:
    noted = send(Scripted(REFUSED))
    assert (noted.told, noted.reason) == (Told.REFUSED, "STALE_VERSION")


@pytest.mark.parametrize(("trouble", "reason"), [(AWAY, "UNAVAILABLE"), (Unreachable("away"), "UNREACHABLE")])
def test_what_has_no_answer_in_time_stays_unknown(trouble: Exception, reason: str) -> None:
    noted = send(Scripted(trouble), until=0.0)
    assert (noted.told, noted.reason) == (Told.UNKNOWN, reason)
