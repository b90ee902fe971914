"""The way in, an outside body and evidence, as they stand in an incident's row: written with it, and read with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.grid.domain.evidence import Proof
from services.grid.domain.reference import Evidence
from services.grid.domain.reports import Intake
from services.grid.domain.requests import OutsideRequest, Supervision
from services.grid.domain.standing import LastStep
from services.grid.domain.states import Command, DeclineKind, OutsideAnswer


def intake_out(intake: Intake | None) -> dict[str, Any] | None:
    """What became of a report that is checked first."""
    if intake is None:
        return None
    return {
        "found": intake.found,
        "checked_at": _text(intake.checked_at),
        "remark": intake.remark,
        "declined": intake.declined,
        "objected": intake.objected,
    }


def intake_in(kept: Mapping[str, Any] | None) -> Intake | None:
    """The same, from its row."""
    if kept is None:
        return None
    declined = kept["declined"] and DeclineKind(kept["declined"])
    return Intake(**{**kept, "checked_at": _moment(kept["checked_at"]), "declined": declined})


def outside_out(request: OutsideRequest | None) -> dict[str, Any] | None:
    """What an outside body was asked for."""
    if request is None:
        return None
    return {
        "body": request.body,
        "body_code": request.body_code,
        "reference": request.reference,
        "sent_at": _text(request.sent_at),
        "answer_by": _text(request.answer_by),
        "answer": request.answer,
        "answer_reason": request.answer_reason,
        "answered_at": _text(request.answered_at),
    }


def outside_in(kept: Mapping[str, Any] | None) -> OutsideRequest | None:
    """The same, from its row."""
    if kept is None:
        return None
    moments: dict[str, Any] = {name: _moment(kept[name]) for name in ("sent_at", "answer_by", "answered_at")}
    answer = kept["answer"] and OutsideAnswer(kept["answer"])
    return OutsideRequest(**{**kept, **moments, "answer": answer})


def supervision_out(order: Supervision | None) -> dict[str, Any] | None:
    """What a level above ordered."""
    if order is None:
        return None
    return {
        "ordered_by": order.ordered_by,
        "reason": order.reason,
        "ordered_at": _text(order.ordered_at),
        "answer_by": _text(order.answer_by),
        "missed": order.missed,
    }


def supervision_in(kept: Mapping[str, Any] | None) -> Supervision | None:
    """The same, from its row."""
    if kept is None:
        return None
    moments: dict[str, Any] = {name: _moment(kept[name]) for name in ("ordered_at", "answer_by")}
    return Supervision(**{**kept, **moments})


def last_step_out(last: LastStep | None, version: int) -> dict[str, Any] | None:
    """The last command, with the version that it led to: the release before leaves it as it is."""
    return last and {"command": last.command, "at": _text(last.at), "version": version}


def last_step_in(kept: Mapping[str, Any] | None, version: int) -> LastStep | None:
    """The same, from its row; None where something else was done since."""
    if kept is None or kept["version"] != version:
        return None
    at = datetime.fromisoformat(kept["at"]).astimezone(UTC)
    return LastStep(Command(kept["command"]), at)


def proofs_out(given: Iterable[Proof]) -> list[dict[str, Any]]:
    """What was handed in."""
    return [
        {
            "kind": each.kind,
            "reference": each.reference,
            "sha256": each.sha256,
            "given_at": _text(each.given_at),
            "superseded": each.superseded,
        }
        for each in given
    ]


def proofs_in(kept: Iterable[Mapping[str, Any]]) -> tuple[Proof, ...]:
    """The same, from its row."""
    return tuple(
        Proof(**{**each, "kind": Evidence(each["kind"]), "given_at": datetime.fromisoformat(each["given_at"])})
        for each in kept
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
