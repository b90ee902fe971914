"""For whom a token speaks when a member system vouches: staff at one of their departments, or a citizen."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.identity.domain.holders import Holder
from services.identity.domain.members import Member
from services.identity.domain.organisations import Staff
from services.kernel import texts
from services.kernel.errors import Kind, Refusal

STAFF_LEVEL = "AL2"
"""Assurance level of staff whom a member system signed in and vouches for."""
CITIZEN_LEVEL = "AL1"
"""Assurance level of a citizen whom an app signed in and vouches for: how, the backbone does not see."""

texts.register(
    {
        "PERSON_NOT_VOUCHED": (
            "该人员不存在，或不属于本成员系统可代表的部门。",
            "There is no such person in a department that this client may speak for.",
        ),
        "PERSON_INACTIVE": ("该人员已停用。", "This person is no longer active."),
        "PERSON_NOT_AT_DEPARTMENT": (
            "该人员当前不在所请求的部门工作。",
            "This person does not work for the department that was asked for at this moment.",
        ),
    }
)


class Bearer(NamedTuple):
    """A person as a token names them. `department` is empty for a citizen; `level` is the assurance level."""

    person_id: UUID
    department: str
    region: str
    roles: frozenset[str]
    level: str


def vouched(person: Staff | Holder | None, member: Member, department: str, now: datetime) -> Bearer:
    """The person at a department at this moment, if the member may speak for them; empty: their own department.

    A person of a foreign department is as unknown as one who does not exist: a member learns nothing of others' staff.
    Raises Refusal PERSON_NOT_VOUCHED, PERSON_NOT_AT_DEPARTMENT, PERSON_INACTIVE or SUBJECT_DISABLED.
    """
    if isinstance(person, Staff):
        bearer = _staff(person, member, department, now)
    elif person and person.natural and member.vouches_for_citizens and not department:
        bearer = Bearer(person.holder_id, "", member.region, frozenset(), CITIZEN_LEVEL)
    else:
        raise Refusal("PERSON_NOT_VOUCHED", Kind.INVALID)
    if person.disabled:
        raise Refusal("SUBJECT_DISABLED", Kind.INVALID)
    return bearer


def _staff(person: Staff, member: Member, department: str, now: datetime) -> Bearer:
    asked = department or person.department
    if asked not in member.departments:
        raise Refusal("PERSON_NOT_VOUCHED", Kind.INVALID)
    post = person.post_at(asked, now)
    if post is None:
        known = person.department in member.departments
        raise Refusal("PERSON_NOT_AT_DEPARTMENT" if known else "PERSON_NOT_VOUCHED", Kind.INVALID)
    if not person.active:
        raise Refusal("PERSON_INACTIVE", Kind.INVALID)
    return Bearer(person.person_id, post.department, post.region, post.roles, STAFF_LEVEL)
