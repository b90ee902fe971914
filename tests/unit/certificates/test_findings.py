from __future__ import annotations

from datetime import timedelta

import pytest

from services.certificates.domain.findings import to_lift, to_suspend
from services.certificates.domain.states import Reason
from services.kernel.errors import Kind, Refusal
from tests.unit.certificates.samples import case_number, certificate
from tests.unit.fakes import NOW

DAY = timedelta(days=1)
CASE, OTHER = case_number(), case_number()


def test_nothing_held_is_nothing_to_suspend() -> None:
    assert to_suspend([], CASE, NOW) is None


def test_the_newest_that_stands_is_suspended() -> None:
    old, new = certificate(at=NOW - DAY), certificate()
    assert to_suspend([new, old], CASE, NOW) == new
    assert to_suspend([old, new.revoke("", now=NOW)], CASE, NOW) == old


def test_a_case_suspends_once_and_another_case_adds_its_ground() -> None:
    other = certificate(at=NOW - DAY)
    held = certificate().suspend(CASE, Reason.GRAVE_FINDING, now=NOW)
    assert to_suspend([other, held], CASE, NOW) is None
    assert to_suspend([other, held], OTHER, NOW) == held


def test_a_revoked_one_is_refused_and_an_expired_one_is_left() -> None:
    revoked = certificate().revoke("", now=NOW)
    with pytest.raises(Refusal) as refused:
        to_suspend([revoked], CASE, NOW)
    assert (refused.value.kind, refused.value.reason) == (Kind.FAILED_STATE, "CERTIFICATE_REVOKED")
    assert to_suspend([certificate(valid_until=NOW + DAY)], CASE, NOW + DAY) is None


def test_what_expired_while_it_was_suspended_stays_as_it_is() -> None:
    held = certificate(valid_until=NOW + DAY).suspend(CASE, Reason.GRAVE_FINDING, now=NOW)
    assert to_lift([held], NOW) == [held]
    assert to_lift([held], NOW + DAY) == []
