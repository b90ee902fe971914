"""What the catalogue demands as evidence is there before an incident counts as handled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.grid import usecases
from services.grid.domain.evidence import Proof
from services.grid.domain.incidents import Incident
from services.grid.domain.reference import Evidence, IncidentType
from services.grid.domain.standing import Which
from services.kernel.errors import Refusal
from tests.unit.fakes import NOW, WANG, FakeUnitOfWork, caller
from tests.unit.grid import samples, steps
from tests.unit.grid.samples import CENTRE, DEPARTMENT, LIMITS, RUBBISH, FakeIncidents, FakeReference, proof

BOTH = (Evidence.PHOTO, Evidence.PHOTO_AFTER)


def handled(before: Incident, *proofs: Proof, demanded: tuple[Evidence, ...] = BOTH) -> Incident:
    return before.handle(
        seen=before.version, by=before.department, limits=LIMITS, now=NOW, proofs=proofs, demanded=demanded
    )


def verified(before: Incident, *proofs: Proof) -> Incident:
    return before.verify(
        passed=True, seen=before.version, by=CENTRE, limits=LIMITS, now=NOW, proofs=proofs, demanded=BOTH
    )  # fmt: skip


def missing(before: Incident, *proofs: Proof) -> list[tuple[str, str, object]]:
    with pytest.raises(Refusal) as refused:
        handled(before, *proofs)
    return [(each.field, each.rule, each.params["kind"]) for each in refused.value.violations]


def test_all_that_is_missing_is_said_at_once() -> None:
    assert missing(samples.accepted()) == [
        ("evidence", "EVIDENCE_MISSING", "photo"), ("evidence", "EVIDENCE_MISSING", "photo_after"),
    ]  # fmt: skip


def test_what_came_with_the_report_or_the_check_on_site_counts() -> None:
    with_report = samples.accepted(samples.dispatched(evidence=(proof(Evidence.PHOTO),)))
    assert missing(with_report) == [("evidence", "EVIDENCE_MISSING", "photo_after")]
    after = handled(with_report, proof(Evidence.PHOTO_AFTER))
    assert [each.kind for each in after.evidence] == [Evidence.PHOTO_AFTER]


def test_after_a_rework_order_the_old_picture_shows_nothing() -> None:
    before = handled(samples.accepted(), *map(proof, BOTH))
    again = steps.verify(before, passed=False)
    assert missing(again) == [("evidence", "EVIDENCE_MISSING", "photo_after")]
    assert [each.superseded for each in again.evidence] == [False, True]


def test_whoever_verifies_may_hand_in_what_an_inspection_cannot() -> None:
    done = samples.handled()
    with pytest.raises(Refusal):
        verified(done)
    assert verified(done, *map(proof, BOTH)).verified_at == NOW


def test_what_the_type_demands_stands_in_the_catalogue() -> None:
    incidents, reference = FakeIncidents(), FakeReference()
    reference.catalogue = (IncidentType(RUBBISH, "市容环境", "暴露垃圾", evidence=(Evidence.PHOTO_AFTER,)),)
    incident = replace(samples.accepted(), step=None)
    incidents.add(incident)
    officer = FakeUnitOfWork(caller=caller(subject=WANG, department=DEPARTMENT))
    with pytest.raises(Refusal):
        usecases.report_handled(officer, incidents, reference, Which(incident.id, "3711", 3), limits=LIMITS)
    given = (proof(Evidence.PHOTO_AFTER),)
    usecases.report_handled(
        officer, incidents, reference, Which(incident.id, "3711", 3), limits=LIMITS, proofs=given
    )  # fmt: skip
    assert incidents.rows[incident.id].evidence == given
