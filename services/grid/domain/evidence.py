"""Evidence (取证): what was handed in, and what the catalogue demands before an incident counts as handled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.grid.domain.reference import Evidence
from services.kernel import texts
from services.kernel.errors import Violation, invalid

texts.register(
    {
        "EVIDENCE_MISSING": (
            "该事项类型要求提交取证材料：{kind}。",
            "Incidents of this type need evidence that was not handed in: {kind}.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A picture, video or document, by where it is kept and the SHA-256 of its bytes.

    `superseded`: something happened since, so that it no longer shows how it is.
    """

    kind: Evidence
    reference: str
    sha256: str
    given_at: datetime
    superseded: bool = False


def superseded(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """The same when it is to be handled once more: no picture shows any longer what is handled."""
    return tuple(replace(each, superseded=True) if each.kind is Evidence.PHOTO_AFTER else each for each in proofs)


def missing_evidence(demanded: Iterable[Evidence], proofs: Iterable[Proof]) -> tuple[Evidence, ...]:
    """Of what is demanded the kinds of which nothing is there."""
    there = {each.kind for each in proofs if not each.superseded}
    return tuple(kind for kind in demanded if kind not in there)


def demand_evidence(demanded: Iterable[Evidence], proofs: Iterable[Proof]) -> None:
    """Refuse, with a violation EVIDENCE_MISSING for each kind, what is demanded and not there."""
    missing = missing_evidence(demanded, proofs)
    if missing:
        raise invalid(*(Violation("evidence", "EVIDENCE_MISSING", {"kind": kind.value}) for kind in missing))
