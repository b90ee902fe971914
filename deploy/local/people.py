"""The people of the sample city, as sources of tokens: citizen app, operations, departments' staff, enterprises."""

from __future__ import annotations

from deploy.local.client import Gateway
from deploy.local.errors import StackError
from deploy.local.stackfile import Stack
from deploy.local.tokens import Member, Staff, Vouched


class People:
    """`citizens`, `office`, `operations`: the member systems of the sample city, each with its key."""

    def __init__(self, gateway: Gateway, where: Stack) -> None:
        """StackError when a member's key is not there."""
        self.citizens = _member(gateway, where, "rizhao-ssp")
        self.office = _member(gateway, where, "rizhao-office")
        self.operations = _member(gateway, where, "rizhao-ops")

    def seat(self, county: str) -> Staff:
        """The seat of a county's grid centre."""
        return self.office.vouching_for(f"seat.{county}", f"{county}-ZHZX")

    def grid_worker(self, county: str) -> Staff:
        """The grid worker of a county's grid centre."""
        return self.office.vouching_for(f"grid-worker.{county}", f"{county}-ZHZX")

    def coordinator(self, department: str) -> Staff:
        """The coordinator of a department, by its code."""
        return self._of("coordinator", department)

    def officer(self, department: str) -> Staff:
        """The officer of a department, by its code."""
        return self._of("officer", department)

    def operator(self) -> Staff:
        """An operator of the city's data bureau."""
        return self.operations.vouching_for("operator", "371100-DSJ")

    def enterprise(self, code: str) -> Vouched:
        """An enterprise that signed in with the citizen app, by its unified social credit code."""
        return self.citizens.speaking_for(code)

    def _of(self, role: str, department: str) -> Staff:
        county, _, name = department.partition("-")
        return self.office.vouching_for(f"{role}.{name.lower()}.{county}", department)


def _member(gateway: Gateway, where: Stack, client_id: str) -> Member:
    try:
        return Member(gateway, client_id, where.key_of(client_id))
    except OSError:
        raise StackError(f"The key of {client_id} is not in {where.members}: `make run` makes it.") from None
