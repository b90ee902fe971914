"""The page that tells the keys; with a script they show on every page."""

from __future__ import annotations

from werkzeug.wrappers import Response

from observability.casetrace.console.front import Visit


def page(visit: Visit) -> Response:
    """Which keys there are."""
    return visit.page("help.html")
