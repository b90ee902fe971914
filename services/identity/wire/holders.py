"""Persons, enterprises, and the looks at their records, as messages."""

from __future__ import annotations

from uuid import UUID

from egov.common.v1 import paging_pb2
from egov.identity.v1 import holders_pb2, identity_service_pb2

from services.chassis.moments import stamp
from services.identity.domain.accesses import Access
from services.identity.domain.holders import Application, Holder
from services.kernel.paging import Page, PageRequest, instant, page_request


def application(request: identity_service_pb2.RegisterHolderRequest) -> Application:
    """The holder that is to be registered."""
    return Application(
        kind_code=request.kind_code,
        number=request.number,
        name=request.name,
        region=request.region,
        email=request.email,
        language=request.language or "zh-CN",
    )


def holder(known: Holder) -> holders_pb2.Holder:
    """A holder as the contract shows it."""
    return holders_pb2.Holder(
        holder_id=str(known.holder_id),
        kind_code=known.kind_code,
        number_tail=known.number_tail,
        number_doubtful=known.number_doubtful,
        name=known.name,
        region=known.region,
        email=known.email,
        language=known.language,
        registered_at=stamp(known.registered_at),
        disabled=known.disabled,
        version=known.version,
    )


def page_of_accesses(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of accesses; sorted by moment and id, newest first."""
    return page_request(message.page_size, message.page_token, instant, UUID)


def accesses(page: Page[Access]) -> list[holders_pb2.Access]:
    """The accesses of a page."""
    return [
        holders_pb2.Access(
            at=stamp(each.at),
            department=each.department,
            client_id=each.client_id,
            person_id=each.person_id,
            method=each.method,
            case_number=each.case_number,
            outcome=each.outcome,
        )
        for each in page.rows
    ]
