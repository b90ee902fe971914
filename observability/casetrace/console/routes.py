"""The routes of the console, which the service class takes over. One line each: what is done stands in the pages."""

from __future__ import annotations

from typing import Any

from observability.casetrace.config import CaseTraceSettings
from observability.casetrace.console import answers, entry, front
from observability.casetrace.console.console import Console
from observability.casetrace.console.front import Page
from observability.casetrace.console.pages import case, find, health, help, trace
from services.chassis.asking import Asking
from services.chassis.entrypoints import http
from services.chassis.transaction import Transaction


class ConsoleRoutes:
    """What a service class must have, and what it gets."""

    uow: Transaction
    config: CaseTraceSettings
    console: Console | None
    asking: Asking

    reports = entry.Reports()

    @http("GET", "/console/")
    def find_page(self, request: Any) -> Any:
        """Find cases."""
        return self._page(request, find.page)

    @http("GET", "/console/cases/<number>")
    def case_page(self, request: Any, number: str) -> Any:
        """One case."""
        return self._page(request, lambda visit: case.page(visit, number))

    @http("GET", "/console/cases/<number>/traces/<trace_id>")
    def trace_document(self, request: Any, number: str, trace_id: str) -> Any:
        """One trace of a case, for other tools."""
        return self._page(request, lambda visit: trace.document(visit, number, trace_id))

    @http("GET", "/console/health")
    def health_page(self, request: Any) -> Any:
        """How the services stand."""
        return self._page(request, health.page)

    @http("POST", "/console/health")
    def act_on_event(self, request: Any) -> Any:
        """Try a parked event again, or give it up."""
        return self._page(request, health.act)

    @http("GET", "/console/help")
    def help_page(self, request: Any) -> Any:
        """Which keys there are."""
        return self._page(request, help.page)

    @http("GET", "/console/sign-in")
    def sign_in(self, request: Any) -> Any:
        """Come in with a ticket."""
        return entry.sign_in(request, self.console, self.asking, self.config.console_hours)

    @http("POST", "/console/sign-out")
    def sign_out(self, request: Any) -> Any:
        """Leave."""
        return self._page(request, entry.sign_out)

    @http("POST", answers.REPORTS)
    def policy_report(self, request: Any) -> Any:
        """What a browser kept a page from doing."""
        return front.no_console(request) if self.console is None else self.reports.take(request)

    @http("GET", "/console/static/<name>")
    def static_file(self, request: Any, name: str) -> Any:
        """Style, script, icon."""
        return answers.static(request, name) or self._page(request, front.no_such_page)

    @http("GET", "/console/<path:rest>")
    def other_page(self, request: Any, rest: str) -> Any:
        """An address that there is not."""
        return self._page(request, front.no_such_page)

    def _page(self, request: Any, page: Page) -> Any:
        return front.signed_in(request, self.console, self.asking, self.uow.now(), page)
