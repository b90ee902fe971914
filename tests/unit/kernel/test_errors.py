"""The typed error: what it carries, and what it never says."""

from collections.abc import Callable
from typing import Any

import pytest

from services.kernel import errors
from services.kernel.errors import Kind, NotYet, Refusal, Violation

HELPERS = [
    (errors.failed_state, Kind.FAILED_STATE),
    (errors.conflict, Kind.CONFLICT),
    (errors.not_found, Kind.NOT_FOUND),
    (errors.exists, Kind.EXISTS),
    (errors.denied, Kind.DENIED),
    (errors.unauthenticated, Kind.UNAUTHENTICATED),
    (errors.exhausted, Kind.EXHAUSTED),
    (errors.unavailable, Kind.UNAVAILABLE),
    (errors.timed_out, Kind.TIMED_OUT),
    (errors.unimplemented, Kind.UNIMPLEMENTED),
    (errors.internal, Kind.INTERNAL),
]


@pytest.mark.parametrize(("helper", "kind"), HELPERS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_helper_makes_its_kind(helper: Callable[..., Refusal], kind: Kind) -> None:
    refusal = helper("SOME_REASON", limit=3, reason="a param may have any name")
    assert (refusal.reason, refusal.kind, refusal.violations) == ("SOME_REASON", kind, ())
    assert refusal.params == {"limit": 3, "reason": "a param may have any name"}


def test_every_kind_has_a_helper() -> None:
    assert {kind for _, kind in HELPERS} | {errors.invalid().kind} == set(Kind)


def test_invalid_carries_all_violations() -> None:
    both = (Violation("report.region", "required"), Violation("scopes[2]", "too_long", {"limit": 40}))
    refusal = errors.invalid(*both)
    assert (refusal.reason, refusal.kind, refusal.violations) == ("INVALID_ARGUMENT", Kind.INVALID, both)
    assert refusal.violations[0].params == {}


def test_a_delay_is_carried() -> None:
    assert errors.conflict("IN_PROGRESS", retry_after_s=0.5).retry_after_s == 0.5
    assert errors.conflict("STALE_VERSION").retry_after_s is None


def test_params_cannot_be_changed_afterwards() -> None:
    given = {"limit": 1}
    refusal = Refusal("SOME_REASON", Kind.INVALID, params=given)
    given["limit"] = 2
    assert refusal.params == {"limit": 1}
    # As code would that no type checker has read: to one, they are read-only.
    params: Any = refusal.params
    with pytest.raises(TypeError):
        params["limit"] = 3


def test_its_text_is_the_reason_alone() -> None:
    refusal = Refusal("SOME_REASON", Kind.DENIED, params={"scope": "grid.incidents.file"})
    assert str(refusal) == "SOME_REASON"
    assert repr(refusal) == "Refusal(SOME_REASON, DENIED)"
    assert str(NotYet("INCIDENT_NOT_HERE")) == NotYet("INCIDENT_NOT_HERE").reason == "INCIDENT_NOT_HERE"
