"""Regions, organisations, member systems and parties as messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import egov
from egov.common.v1 import options_pb2, paging_pb2, parties_pb2
from egov.identity.v1 import identity_service_pb2, organisations_pb2, regions_pb2, standing_pb2

from services.chassis.moments import stamp
from services.chassis.parties import party
from services.identity.domain.members import Member, Registration
from services.identity.domain.names import CodeName
from services.identity.domain.organisations import Contact, Department, Staff
from services.identity.domain.regions import Region
from services.identity.domain.standing import Reason, Standing
from services.kernel.errors import not_found
from services.kernel.paging import Page, PageRequest, page_request, plain
from services.kernel.parties import Party
from services.kernel.regions import Level

LEVELS = {
    Level.CITY: regions_pb2.REGION_LEVEL_CITY,
    Level.COUNTY: regions_pb2.REGION_LEVEL_COUNTY,
    Level.TOWNSHIP: regions_pb2.REGION_LEVEL_TOWNSHIP,
    Level.VILLAGE: regions_pb2.REGION_LEVEL_VILLAGE,
    Level.GRID: regions_pb2.REGION_LEVEL_GRID,
}

DISABLE_REASONS: Mapping[Reason, standing_pb2.DisableReason.ValueType] = {
    Reason.LEFT: standing_pb2.DISABLE_REASON_LEFT,
    Reason.EXPOSED: standing_pb2.DISABLE_REASON_EXPOSED,
    Reason.MISUSE: standing_pb2.DISABLE_REASON_MISUSE,
    Reason.ORDERED: standing_pb2.DISABLE_REASON_ORDERED,
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@cache
def known_scopes() -> frozenset[str]:
    """Every scope that a method of the contract asks for, of all services."""
    scopes = set()
    for folder in egov.__path__:
        for stub in Path(folder).glob("*/v1/*_service_pb2.py"):
            module = import_module(f"egov.{stub.parent.parent.name}.v1.{stub.stem}")
            for service in module.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    scopes.add(method.GetOptions().Extensions[options_pb2.access].outward.scope)
    return frozenset(scopes - {""})


def page_of_codes(message: paging_pb2.PageRequest) -> PageRequest:
    """Which page of regions or departments; sorted by code."""
    return page_request(message.page_size, message.page_token, plain)


def next_page(page: Page[Any]) -> paging_pb2.PageResponse:
    """Where a list goes on."""
    return paging_pb2.PageResponse(next_page_token=page.next_token)


def names_message(page: Page[CodeName]) -> identity_service_pb2.ListNamesResponse:
    """A page of what codes are called."""
    names = [identity_service_pb2.CodeName(code=row.code, name=row.name, name_en=row.name_en) for row in page.rows]
    return identity_service_pb2.ListNamesResponse(names=names, page=next_page(page))


def region(known: Region) -> regions_pb2.Region:
    """A region as the contract shows it."""
    return regions_pb2.Region(
        code=known.code,
        level=LEVELS[known.level],
        parent_code=known.parent_code,
        name=known.name,
        generated=known.generated,
        valid_from=stamp(known.valid_from),
        valid_until=stamp(known.valid_until),
    )


def regions_message(page: Page[Region]) -> identity_service_pb2.ListRegionsResponse:
    """A page of regions."""
    return identity_service_pb2.ListRegionsResponse(regions=[region(each) for each in page.rows], page=next_page(page))


def department(known: Department) -> organisations_pb2.Department:
    """A department as the contract shows it."""
    return organisations_pb2.Department(code=known.code, region=known.region, name=known.name, name_en=known.name_en)


def departments_message(page: Page[Department]) -> identity_service_pb2.ListDepartmentsResponse:
    """A page of departments."""
    return identity_service_pb2.ListDepartmentsResponse(
        departments=[department(each) for each in page.rows],
        page=next_page(page),
    )


def registration(request: identity_service_pb2.RegisterMemberRequest) -> Registration:
    """The member system that is asked for."""
    return Registration(
        client_id=request.client_id,
        display_name=request.display_name,
        region=request.region,
        departments=tuple(request.departments),
        scopes=tuple(request.scopes),
        public_keys=tuple(request.public_keys),
        tls_fingerprint=request.tls_fingerprint,
    )


def member(known: Member) -> organisations_pb2.Member:
    """A member system as the contract shows it."""
    return organisations_pb2.Member(
        client_id=known.client_id,
        display_name=known.display_name,
        region=known.region,
        departments=known.departments,
        scopes=known.scopes,
        public_keys=known.public_keys,
        tls_fingerprint=known.tls_fingerprint,
        vouches_for_citizens=known.vouches_for_citizens,
        vouches_for_enterprises=known.vouches_for_enterprises,
    )


def known_party(reference: parties_pb2.Party) -> Party:
    """A party by reference. Raises Refusal PARTY_UNKNOWN when the id cannot be one of that kind."""
    if reference.kind == parties_pb2.PARTY_KIND_PERSON and not _UUID.fullmatch(reference.id):
        raise not_found("PARTY_UNKNOWN")
    return party(reference)


def contact(known: Contact) -> organisations_pb2.Contact:
    """A contact as the contract shows it."""
    return organisations_pb2.Contact(email=known.email, language=known.language)


def staff(known: Staff, department: str, now: datetime) -> organisations_pb2.Staff:
    """A member of staff at the department that was asked for, if they work for it now, else at their own."""
    post = known.post_at(department, now) or known.own_post
    return organisations_pb2.Staff(
        person_id=str(known.person_id),
        department=post.department,
        roles=sorted(post.roles),
        officer_licence=known.officer_licence,
        active=known.active and not known.disabled,
    )


def standing(now: Standing) -> standing_pb2.Standing:
    """A standing as the contract shows it."""
    shown = standing_pb2.Standing(disabled=now.disabled, disabled_since=stamp(now.since), version=now.version)
    if now.reason:
        shown.reason = DISABLE_REASONS[now.reason]
    return shown


def reason(asked: standing_pb2.DisableReason.ValueType) -> Reason:
    """Why somebody is to be shut out."""
    return next(reason for reason, number in DISABLE_REASONS.items() if number == asked)
