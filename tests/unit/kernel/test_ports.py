"""For whom a call is made."""

from dataclasses import replace

import pytest

from services.kernel.ports import Caller

SERVICE = Caller(
    workload="grid",
    client_id=None,
    subject=None,
    department=None,
    region="",
    roles=frozenset(),
    scopes=frozenset(),
    level=0,
    anonymous=False,
)


@pytest.mark.parametrize(
    ("caller", "party"),
    [
        (SERVICE, ("service", "grid")),
        (replace(SERVICE, workload="gateway", anonymous=True), ("anonymous", "")),
        (replace(SERVICE, workload="gateway", client_id="rizhao-ssp"), ("client", "rizhao-ssp")),
        (replace(SERVICE, workload="gateway", client_id="rizhao-office", subject="p-1", level=2), ("person", "p-1")),
        (
            replace(SERVICE, workload="gateway", client_id="rizhao-ssp", subject="h-1", enterprise="E1"),
            ("enterprise", "E1"),
        ),
    ],
)
def test_the_party_is_the_person_or_enterprise_then_the_client_then_the_service(
    caller: Caller, party: tuple[str, str]
) -> None:
    assert caller.party == party


def test_an_enterprise_is_no_person() -> None:
    assert replace(SERVICE, subject="p-1").person == "p-1"
    assert replace(SERVICE, subject="h-1", enterprise="E1").person is None
