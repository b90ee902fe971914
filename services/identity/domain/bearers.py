"""For whom a token speaks when a member system vouches: staff at one of their departments, a citizen, an enterprise."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.identity.domain.holders import Holder
from services.identity.domain.members import Member
from services.identity.domain.organisations import Staff
from services.identity.domain.roles import ENTERPRISE
from services.kernel import texts
from services.kernel.errors import Kind, Refusal

STAFF_LEVEL = "AL2"
"""Assurance level of staff whom a member system signed in and vouches for."""
CITIZEN_LEVEL = "AL1"
"""Assurance level of a citizen whom an app signed in and vouches for: how, the backbone does not see."""
ENTERPRISE_LEVEL = "AL1"
"""Assurance level of an enterprise whose agent an app signed in and vouches for: how, the backbone does not see."""

texts.register(
    {
        "PERSON_NOT_VOUCHED": (
            "没有此人员或企业，或不在本成员系统可代表的范围内。",
            "There is no such person or enterprise, or none that this client may speak for.",
        ),
        "PERSON_INACTIVE": ("该人员已停用。", "This person is no longer active."),
        "PERSON_NOT_AT_DEPARTMENT": (
            "该人员当前不在所请求的部门工作。",
            "This person does not work for the department that was asked for at this moment.",
        ),
    }
)


class Enterprise(NamedTuple):
    """An enterprise that was named by its unified social credit code, `code`, of which `holder` keeps a hash alone."""

    holder: Holder
    code: str


class Bearer(NamedTuple):
    """Who a token says it speaks for. `level` is the assurance level.

    `subject` is a person's id, or an enterprise's as holder; `enterprise` is then its unified social credit code, else
    empty. `department` is empty but for staff; a citizen has no roles.
    """

    subject: UUID
    department: str
    region: str
    roles: frozenset[str]
    level: str
    enterprise: str = ""

    @property
    def bounded(self) -> bool:
        """May do what their roles may; a citizen acts in none, with all that the app may."""
        return bool(self.department or self.enterprise)


def vouched(subject: Staff | Holder | Enterprise | None, member: Member, department: str, now: datetime) -> Bearer:
    """Staff at a department at this moment (empty: their own), a citizen or an enterprise, if the member may speak so.

    A person of a foreign department is as unknown as one who does not exist: a member learns nothing of others' staff.
    Raises Refusal PERSON_NOT_VOUCHED, PERSON_NOT_AT_DEPARTMENT, PERSON_INACTIVE or SUBJECT_DISABLED.
    """
    if isinstance(subject, Staff):
        bearer, disabled = _staff(subject, member, department, now), subject.disabled
    elif subject is None or department:
        raise Refusal("PERSON_NOT_VOUCHED", Kind.INVALID)
    else:
        holder = subject.holder if isinstance(subject, Enterprise) else subject
        bearer, disabled = _own(subject, holder, member), holder.disabled
    if disabled:
        raise Refusal("SUBJECT_DISABLED", Kind.INVALID)
    return bearer


def _own(subject: Holder | Enterprise, holder: Holder, member: Member) -> Bearer:
    """A citizen, or an enterprise; an enterprise's id alone does not say its code, by which its notices are kept."""
    if isinstance(subject, Enterprise) and member.vouches_for_enterprises:
        roles = frozenset({ENTERPRISE})
        return Bearer(holder.holder_id, "", member.region, roles, ENTERPRISE_LEVEL, subject.code)
    if isinstance(subject, Holder) and holder.natural and member.vouches_for_citizens:
        return Bearer(holder.holder_id, "", member.region, frozenset(), CITIZEN_LEVEL)
    raise Refusal("PERSON_NOT_VOUCHED", Kind.INVALID)


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
