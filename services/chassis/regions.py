"""What identity knows of a region: asked by every service that is told one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from egov.identity.v1 import identity_service_pb2
from google.protobuf.message import Message

from services.chassis.moments import moment_in
from services.kernel.errors import Refusal
from services.kernel.regions import Region


def known_region(ask: Callable[[Message], Any], code: str) -> Region | None:
    """The region by `ask`, a client's GetRegion; None when there is none, for the domain to refuse with the rest.

    None for an empty code, too.
    """
    if not code:
        return None
    try:
        found = ask(identity_service_pb2.GetRegionRequest(code=code)).region
    except Refusal as refusal:
        if refusal.reason != "REGION_UNKNOWN":
            raise
        return None
    return Region(found.code, moment_in(found, "valid_from"), moment_in(found, "valid_until"), found.name)
