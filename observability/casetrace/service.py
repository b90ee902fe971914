"""The case trace (办件追踪): where is case X, who holds it, since when, which clock runs, what failed."""

from __future__ import annotations

from collections.abc import Sequence

from egov.casetrace.v1 import casetrace_service_pb2 as pb
from egov.chassis.v1 import operations_service_pb2 as operations
from egov.identity.v1 import identity_service_pb2

from observability.casetrace import usecases
from observability.casetrace.config import CaseTraceSettings
from observability.casetrace.console.console import open_console
from observability.casetrace.console.routes import ConsoleRoutes
from observability.casetrace.domain.effects import Page
from observability.casetrace.domain.facts import in_order
from observability.casetrace.domain.names import is_due
from observability.casetrace.domain.search import Counted
from observability.casetrace.domain.series import window_of
from observability.casetrace.domain.traces import trace_of_case
from observability.casetrace.otlp.door import otlp_door
from observability.casetrace.otlp.export import otlp_json
from observability.casetrace.otlp.metrics import CALL_BOUNDS
from observability.casetrace.store.cases import CaseStore
from observability.casetrace.store.effects import EffectStore, SourceStore
from observability.casetrace.store.events import EventStore
from observability.casetrace.store.housekeeping import keep_days, keep_months
from observability.casetrace.store.metrics import MetricStore, Thinned
from observability.casetrace.store.names import NameStore
from observability.casetrace.store.open_effects import OpenEffectStore
from observability.casetrace.store.search import SearchStore
from observability.casetrace.store.spans import MOST_SPANS, FailureStore, SpanStore
from observability.casetrace.wire import cases as wire
from observability.casetrace.wire import health, taken
from observability.casetrace.wire.traces import span_messages
from services.chassis.asking import OwnMethods
from services.chassis.beside import Beside
from services.chassis.call import Call
from services.chassis.client import GrpcClient, GrpcClients
from services.chassis.config import Config
from services.chassis.database import without_limit
from services.chassis.entrypoints import BEGINNING, every, on_any, rpc
from services.chassis.envelope import Envelope
from services.chassis.reads import Reads
from services.chassis.uow import UnitOfWork

PAGE = 1000


class CaseTraceService(ConsoleRoutes):
    """Answers the contract's `CaseTraceService` from the envelopes of all topics and what became of their events.

    Shows the same to operators on pages of its own, the console.
    """

    name = "casetrace"
    contract = pb.DESCRIPTOR.services_by_name["CaseTraceService"]
    settings = CaseTraceSettings

    uow = UnitOfWork()
    reads = Reads()
    config = Config(CaseTraceSettings)
    door = Beside(otlp_door)
    services = GrpcClients(operations.DESCRIPTOR.services_by_name["OperationsService"])
    identity = GrpcClient(identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"], service="identity")
    console = Beside(open_console, "http")
    asking = OwnMethods()
    thinned = Thinned()

    @rpc
    def GetCase(self, request: pb.GetCaseRequest, call: Call) -> pb.GetCaseResponse:
        """Reads one case."""
        case = self._cases.load(request.case_number, call.region)
        call.looked_at = case.number
        facts = in_order(self._events.of_cases([case.number])[case.number])
        effects = self._effects.of_case(case.number)
        takers = self._effects.takers(list({fact.type for fact in facts}))
        linked = self._events.linked(case.number, facts, call.region)
        aggregates = list({fact.aggregate_id for fact in facts})
        failures = FailureStore(self.uow.connection).of_case(case.number, aggregates)
        traces = self._spans.traces(case.number, [fact.trace_id for fact in facts if fact.trace_id])
        sources = self._sources.all(list(self.services))
        return wire.case_answer(case, facts, effects, takers, linked, failures, traces, sources, self.uow.now())

    @rpc
    def SearchCases(self, request: pb.SearchCasesRequest, call: Call) -> pb.SearchCasesResponse:
        """Lists cases."""
        now, searches = self.uow.now(), SearchStore(self.uow.connection)
        wanted = wire.wanted(request, call.region, now)
        page = searches.page(wanted, wire.case_page(request.page))
        troubled = self._effects.troubles([case.number for case in page.rows])
        return wire.found(page, troubled, searches.counts(wanted, now) if request.facets else Counted(), now)

    @rpc
    def GetTrace(self, request: pb.GetTraceRequest, call: Call) -> pb.GetTraceResponse:
        """Reads one trace of a case."""
        case = self._cases.load(request.case_number, call.region)
        call.looked_at = case.number
        trace = trace_of_case(self._spans.of_trace(request.trace_id), case.number)
        kept = [node.span for node in trace.nodes()]
        return pb.GetTraceResponse(
            spans=span_messages(trace),
            of_other_cases=trace.of_other_cases,
            otlp_json=otlp_json(kept) if request.otlp else "",
            truncated=len(kept) + trace.of_other_cases >= MOST_SPANS,
        )

    @rpc
    def GetHealth(self, request: pb.GetHealthRequest, call: Call) -> pb.GetHealthResponse:
        """Reads how the services stand and went."""
        now, hours = self.uow.now(), health.hours_of(request)
        names = [*self.services, self.name]
        metrics, window = MetricStore(self.uow.connection), window_of(now, hours)
        over = self.thinned.over(metrics, window, now)
        sources = self._sources.all(list(self.services))
        found = usecases.health(metrics, over, names, sources, window, now, CALL_BOUNDS)
        return health.health_answer(found, window)

    @rpc
    def ListOpenEffects(self, request: pb.ListOpenEffectsRequest, call: Call) -> pb.ListOpenEffectsResponse:
        """Lists events that nobody has taken, or reads how one of them stands."""
        if request.event_id:
            return health.open_answer(self._opens.of_event(request.service, request.event_id, call.region))
        return health.open_answer(self._opens.listed(call.region, request.service))

    # Some read envelopes while the database writes what another has read.
    @on_any(id="case-events", start=BEGINNING, threads=3)
    def take_events(self, envelopes: Sequence[Envelope], call: Call) -> None:
        """Keeps the events of cases, and moves the cases on."""
        usecases.take_events(self._events, self._cases, taken.facts(envelopes))

    @every(seconds=0.5)
    def read_effects(self) -> bool:
        """Asks the service whose turn it is what became of events there."""
        now, names = self.uow.now(), list(self.services)
        source = SourceStore(self.reads.connection).next(names, now, self.config.ask_seconds)
        if source is not None:
            page = usecases.ask(source, self._ask)
            usecases.keep_effects(self.uow, self._effects, self._opens, self._sources, source, page)
        return source is not None

    @every(seconds=5)
    def read_names(self) -> None:
        """Reads now and then what regions and departments are called."""
        now = self.uow.now()
        if is_due(NameStore(self.reads.connection).read_at(), now):
            names = usecases.ask_names(lambda: taken.names(self.identity.ListNames))
            if names:
                NameStore(self.uow.connection).replace(names, now)

    @every(seconds=3600)
    def drop_old(self) -> None:
        """Makes the partitions to come, and drops what is past its keeping."""
        without_limit(self.uow.connection)
        keep_months(self.uow.connection, self.config.event_months)
        keep_days(self.uow.connection, ("span", "failure"), self.config.span_days)
        keep_days(self.uow.connection, ("metric",), self.config.metric_days)

    def _ask(self, service: str, cursor: str) -> Page:
        request = operations.ListEffectsRequest(after=cursor, page_size=PAGE)
        return taken.page(self.services[service].ListEffects(request), service)

    @property
    def _events(self) -> EventStore:
        return EventStore(self.uow.connection)

    @property
    def _cases(self) -> CaseStore:
        return CaseStore(self.uow.connection)

    @property
    def _effects(self) -> EffectStore:
        return EffectStore(self.uow.connection)

    @property
    def _opens(self) -> OpenEffectStore:
        return OpenEffectStore(self.uow.connection)

    @property
    def _spans(self) -> SpanStore:
        return SpanStore(self.uow.connection)

    @property
    def _sources(self) -> SourceStore:
        return SourceStore(self.uow.connection)
