"""The Find page."""

from __future__ import annotations

from werkzeug.wrappers import Response

from observability.casetrace.console.front import Visit


def page(visit: Visit) -> Response:
    """Cases."""
    return visit.page("find.html", poll_s=10)
