from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from egov.identity.v1 import identity_service_pb2, regions_pb2

from services.chassis.moments import stamp
from services.chassis.regions import known_region
from services.kernel.errors import Refusal, not_found, unavailable
from services.kernel.regions import Region

VILLAGE = "371102001001"
SINCE = datetime(2024, 1, 1, tzinfo=UTC)


def identity_knows(request: Any) -> identity_service_pb2.GetRegionResponse:
    return identity_service_pb2.GetRegionResponse(region=regions_pb2.Region(code=request.code, valid_from=stamp(SINCE)))


def test_a_region_is_as_identity_answers() -> None:
    assert known_region(identity_knows, VILLAGE) == Region(VILLAGE, valid_from=SINCE)


def test_what_identity_does_not_know_is_for_the_domain_to_refuse() -> None:
    def ask(_: Any) -> Any:
        raise not_found("REGION_UNKNOWN")

    assert known_region(ask, VILLAGE) is None


def test_that_identity_cannot_answer_is_not_that_there_is_no_region() -> None:
    def ask(_: Any) -> Any:
        raise unavailable()

    with pytest.raises(Refusal) as refused:
        known_region(ask, VILLAGE)
    assert refused.value.reason != "REGION_UNKNOWN"
