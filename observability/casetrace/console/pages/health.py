"""The Health page."""

from __future__ import annotations

from werkzeug.wrappers import Response

from observability.casetrace.console.front import Visit


def page(visit: Visit) -> Response:
    """How the services stand."""
    return visit.page("health.html", poll_s=5)
