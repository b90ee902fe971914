"""What the address of the Find page asks for: the box, the filters, the page; and the searches that this means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from egov.casetrace.v1 import cases_pb2
from egov.casetrace.v1 import casetrace_service_pb2 as pb
from egov.common.v1 import paging_pb2
from google.protobuf.duration_pb2 import Duration

from observability.casetrace.console.recognising import Reading
from observability.casetrace.console.times import ZONE
from services.chassis.moments import stamp

STATES = {"open": cases_pb2.CASE_STATE_OPEN, "closed": cases_pb2.CASE_STATE_CLOSED}
STUCK = {
    "1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1), "3d": timedelta(days=3),
    "7d": timedelta(days=7), "30d": timedelta(days=30),
}  # fmt: skip
LONGEST = 200
# The contract's fields, and the form's where they have another name.
FORM_FIELDS = {
    "case_number": "number", "subject_type": "subject", "event_type": "type", "last_event_type": "last",
    "active_from": "from", "active_until": "until", "stuck_for": "stuck", "page.page_token": "page",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Parameters as text; an empty one is not set. `bad`: those that cannot be read, by name."""

    q: str = ""
    number: str = ""
    about: str = ""
    subject: str = ""
    department: str = ""
    region: str = ""
    state: str = ""
    type: str = ""
    last: str = ""
    reason: str = ""
    from_: str = ""
    until: str = ""
    stuck: str = ""
    overdue: str = ""
    page: str = ""
    bad: frozenset[str] = field(default=frozenset())

    @property
    def filters(self) -> list[Reading]:
        """The filters that are set."""
        return [Reading(name, value) for name, value in self._set().items() if name not in ("q", "page")]

    @property
    def empty(self) -> bool:
        """Nothing is asked for."""
        return not self._set()

    def with_(self, reading: Reading) -> Asked:
        """The same with one more filter, in the place of the box; from the first page."""
        changes: dict[str, Any] = {"q": "", "page": "", _attribute(reading.kind): reading.value}
        return replace(self, **changes)

    def without(self, name: str) -> Asked:
        """The same without one filter, from the first page."""
        changes: dict[str, Any] = {"page": "", _attribute(name): ""}
        return replace(self, **changes)

    def on_page(self, token: str) -> Asked:
        """Another page of the same."""
        return replace(self, page=token)

    @property
    def address(self) -> str:
        """Where this is shown."""
        given = self._set()
        return f"/console/?{urlencode(given)}" if given else "/console/"

    def search(self, size: int, *, facets: bool) -> pb.SearchCasesRequest:
        """The filters as the contract has them."""
        return pb.SearchCasesRequest(
            case_number=self.number.upper(),
            about=self.about,
            subject_type=self.subject,
            department=self.department.upper(),
            region=self.region,
            state=STATES.get(self.state, cases_pb2.CASE_STATE_UNSPECIFIED),
            event_type=self.type,
            last_event_type=self.last,
            reason=self.reason.upper(),
            active_from=stamp(_moment(self.from_)),
            active_until=stamp(_moment(self.until)),
            stuck_for=_duration(STUCK.get(self.stuck)),
            overdue=bool(self.overdue),
            facets=facets,
            page=paging_pb2.PageRequest(page_size=size, page_token=self.page),
        )

    def _set(self) -> dict[str, str]:
        values = {each.name.rstrip("_"): getattr(self, each.name) for each in fields(self) if each.name != "bad"}
        return {name: value for name, value in values.items() if value}


def asked(given: Mapping[str, str]) -> Asked:
    """Read the parameters of an address. What is no parameter of the page is passed over."""
    names = [each.name for each in fields(Asked) if each.name != "bad"]
    values = {name: given.get(name.rstrip("_"), "").strip()[:LONGEST] for name in names}
    bad = {name for name in ("from_", "until") if values[name] and _moment(values[name]) is None}
    bad |= {name for name, known in (("state", STATES), ("stuck", STUCK)) if values[name] and values[name] not in known}
    return Asked(**values, bad=frozenset(name.rstrip("_") for name in bad))


def form_field(name: str) -> str:
    """The form's name for a field of the contract."""
    return FORM_FIELDS.get(name, name)


def _attribute(name: str) -> str:
    return "from_" if name == "from" else name


def _moment(text: str) -> datetime | None:
    """A moment as browsers send it, in UTC+8; None for what is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.replace(tzinfo=ZONE) if 2000 <= read.year < 3000 else None


def _duration(time: timedelta | None) -> Duration | None:
    return Duration(seconds=int(time.total_seconds())) if time else None
