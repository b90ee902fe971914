"""The Find page: one box that takes anything, filters, counts, and the cases that are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from markupsafe import Markup
from werkzeug.wrappers import Response

from observability.casetrace.console import answers
from observability.casetrace.console.asked import STUCK, Asked, asked, form_field
from observability.casetrace.console.front import Visit
from observability.casetrace.console.naming import Naming
from observability.casetrace.console.recognising import MOST_OF_A_KIND, Reading, readings
from observability.casetrace.console.rows import Row, row_of
from observability.casetrace.console.titles import titles
from observability.casetrace.console.words import TABLE, Words
from services.kernel import casenumber
from services.kernel.errors import Kind, Refusal, Violation
from services.kernel.texts import text

ONE, SEVERAL, GLANCE = 25, 8, 6
MOST_VALUES = 8
FILTER_OF = {
    "state": "state", "holder": "department", "county": "region", "subject_type": "subject", "last_event_type": "last",
    "overdue": "overdue",
}  # fmt: skip
POLL_S = 10
NOTHING: Mapping[str, Any] = {"sections": [], "nothing_as": [], "cannot_be": False, "first_names": False}
"""What a page without anything found is made from."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet; `address` is empty where there is no filter for it."""

    name: str
    cases: int
    address: str


@dataclass(frozen=True, slots=True)
class Section:
    """A list of cases under a heading. `only`: where these alone are shown; `next`: where the list goes on."""

    id: str
    heading: Markup
    rows: Sequence[Row]
    only: str = ""
    next: str = ""
    nothing: str = "find.nothing_here"
    facets: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    counted: int | None = None
    in_part: bool = False


def page(visit: Visit) -> Response:
    """Cases."""
    wanted = asked(visit.request.args)
    if casenumber.broken_rule(wanted.q.upper()) is None:
        return answers.moved(f"/console/cases/{wanted.q.upper()}")
    shown: dict[str, Any] = {"wanted": wanted, "chips": chips(wanted, visit), "choices": choices(visit.language)}
    if wanted.empty:
        return visit.page("overview.html", poll_s=POLL_S, **shown, **overview(visit))
    wrong = [Violation(name, f"find.bad.{name}") for name in sorted(wanted.bad)]
    try:
        listed = found(visit, wanted)
    except Refusal as refusal:
        if refusal.kind is not Kind.INVALID:
            raise
        wrong += refusal.violations
    if wrong:
        return visit.page("find.html", 400, errors=errors(wrong, visit.words), **shown, **NOTHING)
    return visit.page("find.html", poll_s=POLL_S, errors={}, **shown, **listed)


def overview(visit: Visit) -> dict[str, Any]:
    """What stands out where nothing is asked for: overdue, stuck, latest; and how many there are of what."""
    everything = Asked()
    overdue, stuck = everything.with_(Reading("overdue", "1")), everything.with_(Reading("stuck", "1d"))
    latest = visit.ask("SearchCases", everything.search(GLANCE, facets=True))
    naming = Naming(visit.directory, visit.words)
    sections = [
        _glance(visit, "overdue", overdue, visit.ask("SearchCases", overdue.search(GLANCE, facets=False))),
        _glance(visit, "stuck", stuck, visit.ask("SearchCases", stuck.search(GLANCE, facets=False))),
        _glance(visit, "latest", everything, latest),
    ]
    return {"sections": sections, "facets": facets(latest, everything, naming, visit.words), "counted": latest.counted}


def found(visit: Visit, wanted: Asked) -> dict[str, Any]:
    """What is found: one list, or one for each thing that the box may mean."""
    meant = readings(wanted.q, visit.directory, titles()) if wanted.q else []
    if wanted.q and not meant:
        return {**NOTHING, "cannot_be": True}
    if len(meant) <= 1:
        narrowed = wanted.with_(meant[0]) if meant else wanted
        return {**NOTHING, "sections": [_whole(visit, narrowed, meant)]}
    each = [_part(visit, wanted.with_(reading), reading) for reading in meant]
    empty = [section.heading for section in each if not section.rows]
    full = [section for section in each if section.rows]
    return {"sections": full, "nothing_as": empty, "cannot_be": False, "first_names": first_names_only(meant)}


def first_names_only(meant: Sequence[Reading]) -> bool:
    """More names may fit than were looked for."""
    kinds = Counter(reading.kind for reading in meant)
    return max(kinds.values()) >= MOST_OF_A_KIND


def errors(violations: Sequence[Violation], words: Words) -> dict[str, str]:
    """What is wrong, by field of the form; in plainer words than the contract's where there are any."""
    wrong = {}
    for violation in violations:
        name = form_field(violation.field)
        own = f"find.bad.{name}"
        plainer = own in TABLE and violation.rule in ("pattern", own)
        wrong[name] = str(words(own)) if plainer else text(violation.rule, words.language, violation.params)
    return wrong


def chips(wanted: Asked, visit: Visit) -> list[tuple[Markup, str]]:
    """The filters that are set, in words, and where each is taken away."""
    return [(said(filter_, visit), wanted.without(filter_.kind).address) for filter_ in wanted.filters]


def said(reading: Reading, visit: Visit) -> Markup:
    """A filter in words."""
    return visit.words(f"find.reading.{reading.kind}", value=reading.value, name=_value_name(reading, visit))


def choices(language: str) -> dict[str, Any]:
    """What the form's lists offer."""
    place = 1 if language == "en" else 0
    events = sorted((both[place], name) for name, both in titles().items())
    return {"types": events, "stuck": list(STUCK.items())}


def facets(answer: pb.SearchCasesResponse, wanted: Asked, naming: Naming, words: Words) -> dict[str, list[Value]]:
    """How many of the cases have which value, and where those alone are shown."""
    values: dict[str, list[Value]] = {facet: [] for facet in FILTER_OF}
    for count in answer.facets:
        name, filter_ = _facet_value(count, naming, words)
        address = wanted.with_(filter_).address if filter_ else ""
        values[count.facet].append(Value(name, count.cases, address))
    return {facet: counted for facet, counted in values.items() if counted}


def _facet_value(count: pb.FacetCount, naming: Naming, words: Words) -> tuple[str, Reading | None]:
    """A facet's value in words, and the filter for it, where there is one."""
    value = count.value
    if count.facet == "holder":
        filter_ = Reading("department", value.partition("/")[2]) if value.startswith("department/") else None
        return naming.holder(value), filter_
    if count.facet == "overdue":
        return words(f"find.facet.overdue.{value}"), Reading("overdue", "1") if value == "true" else None
    names = {"county": naming.code, "subject_type": naming.subject, "last_event_type": naming.event}
    name = names[count.facet](value) if count.facet in names else str(words.of("state", value))
    return name, Reading(FILTER_OF[count.facet], value)


def _glance(visit: Visit, kind: str, wanted: Asked, answer: pb.SearchCasesResponse) -> Section:
    more = wanted.address if answer.page.next_page_token and not wanted.empty else ""
    return Section(kind, visit.words(f"find.{kind}"), _rows(visit, answer), only=more, nothing=f"find.none.{kind}")


def _whole(visit: Visit, wanted: Asked, meant: Sequence[Reading]) -> Section:
    answer = visit.ask("SearchCases", wanted.search(ONE, facets=True))
    naming, token = Naming(visit.directory, visit.words), answer.page.next_page_token
    return Section(
        id="results",
        heading=said(meant[0], visit) if meant else visit.words("find.results"),
        rows=_rows(visit, answer),
        next=wanted.on_page(token).address if token else "",
        facets=facets(answer, wanted.on_page(""), naming, visit.words),
        counted=answer.counted,
        in_part=answer.counted_in_part,
    )


def _part(visit: Visit, wanted: Asked, reading: Reading) -> Section:
    answer = visit.ask("SearchCases", wanted.search(SEVERAL, facets=False))
    id = f"as-{reading.kind}-{reading.value}".replace(".", "-")
    return Section(id, said(reading, visit), _rows(visit, answer), only=wanted.address)


def _rows(visit: Visit, answer: pb.SearchCasesResponse) -> list[Row]:
    naming = Naming(visit.directory, visit.words)
    return [row_of(case, naming) for case in answer.cases]


def _value_name(reading: Reading, visit: Visit) -> str:
    naming = Naming(visit.directory, visit.words)
    if reading.kind in ("department", "region"):
        return naming.code(reading.value)
    if reading.kind in ("type", "last"):
        return naming.event(reading.value)
    if reading.kind == "stuck" and reading.value in STUCK:
        return visit.times.span(STUCK[reading.value])
    return str(visit.words.of("state", reading.value))
