"""The edges of a case's tree: from each event to each consumer that takes it, as the services declare them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from typing import NamedTuple

from observability.records import SpanRecord
from tests.contract.system import SERVICES, declared, service_class
from tests.e2e.city import City
from tests.e2e.spans import spans_of
from tests.waiting import wait_for

NOT_YET = {"retried", "waiting"}
"""Outcomes of events that came before what they refer to: they are tried again."""


class Edge(NamedTuple):
    """An event, and the consumer of a service that is declared to take it. `trace`: of the event."""

    event_id: str
    event_type: str
    service: str
    consumer: str
    trace: str

    @property
    def fact(self) -> str:
        """The event's name without its package."""
        return self.event_type.rpartition(".")[2]


@cache
def consumers() -> dict[tuple[str, str], list[tuple[str, str]]]:
    """By type of event and topic: service and consumer id of each method that takes it."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for service in SERVICES:
        for _, entrypoint in declared(service_class(service)):
            if type(entrypoint).__name__ == "On":
                taken = found.setdefault((entrypoint.kind.name, entrypoint.topic), [])
                taken.append((service, entrypoint.id))
    return found


def observes(service: str) -> bool:
    """Whether it only looks at what the others do."""
    return any(type(entrypoint).__name__ == "OnAny" for _, entrypoint in declared(service_class(service)))


def declared_edges(city: City, case_number: str) -> list[Edge]:
    """Every edge that the events of a case must have, by the declarations."""
    return [
        Edge(str(row["event_id"]), row["type"], service, consumer, row["traceparent"].split("-")[1])
        for writer in SERVICES
        for row in city.events(writer, case_number)
        for service, consumer in consumers().get((row["type"], f"egov.{writer}.v1"), [])
    ]


def outcomes(city: City, edges: Collection[Edge]) -> Counter[tuple[Edge, str]]:
    """What became of events on any edge, declared or not, as the inboxes of all that take part say it."""
    events = {edge.event_id: edge for edge in edges}
    asked = "SELECT event_id, event_type, consumer, outcome FROM chassis.inbox WHERE event_id = ANY(%s)"
    return Counter(
        (events[row["event_id"]]._replace(service=service, consumer=row["consumer"]), row["outcome"])
        for service in SERVICES
        if not observes(service)
        for row in city.rows(service, asked, list(events))
    )


def taken_in(spans: Iterable[SpanRecord], edge: Edge) -> list[SpanRecord]:
    """The spans in which an edge was gone; tries that came too early are left out."""
    wanted = {"egov.event.id": edge.event_id, "egov.consumer": edge.consumer, "egov.event.outcome": "taken"}
    return [
        span for span in spans
        if (span.kind, span.service) == ("consumer", edge.service) and wanted.items() <= span.attributes.items()
    ]  # fmt: skip


def whole_tree(city: City, trace_id: str, edges: Collection[Edge]) -> list[SpanRecord]:
    """The spans of a trace once every edge is among them, and the parent of each."""

    def whole() -> list[SpanRecord]:
        spans = spans_of(city.where.telemetry, trace_id)
        ids = {span.span for span in spans}
        complete = all(taken_in(spans, edge) for edge in edges)
        return spans if complete and all(span.parent in ids or not span.parent for span in spans) else []

    return wait_for(f"the tree of trace {trace_id}", whole)
