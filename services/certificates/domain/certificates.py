"""Certificates: what they are, which states they pass, and who may do what. Decided here, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.certificates.domain.issuing import Application, end_fits
from services.certificates.domain.reference import CertificateType, Holder, Reader
from services.certificates.domain.states import (
    TRANSITIONS,
    Command,
    Edition,
    Reason,
    Status,
    StatusChange,
    by_dates,
)
from services.kernel import certidentifier, texts
from services.kernel.certidentifier import CertificateIdentifier
from services.kernel.errors import Violation, conflict, denied, failed_state, invalid, not_found

texts.register(
    {
        "CERTIFICATE_NOT_FOUND": (
            "没有此证照，或不在您的查看范围内。",
            "There is no such certificate, or none that this caller may see.",
        ),
        "ALREADY_SUSPENDED": ("该证照已因此事由暂停。", "The certificate is suspended on this ground already."),
        "VERSIONS_USED_UP": (
            "该证照的版本号已用尽，请重新颁发。",
            "The certificate has had its last version; issue a new one.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate over all its versions. A command returns it as it is afterwards, one record version on.

    `issuer` is the department that answers for it. `editions` and `history` are oldest first and never empty.
    `grounds` are what it is suspended for: case numbers, and empty text for the issuer's own ground without a case.
    """

    id: UUID
    version: int
    type_code: str
    number: str
    holder: Holder
    holder_name: str = field(repr=False)
    issuer: str
    region: str
    editions: tuple[Edition, ...]
    history: tuple[StatusChange, ...]
    grounds: tuple[str, ...] = ()

    @classmethod
    def issue(
        cls,
        application: Application,
        kind: CertificateType,
        *,
        id: UUID,
        issuer: str,
        code: str,
        now: datetime,
    ) -> Certificate:
        """An application that passed `check_application` becomes a certificate; `code` is the issuer part."""
        since = application.valid_from or now
        identifier = certidentifier.make(kind.code, code, application.number, 1)
        return cls(
            id=id,
            version=1,
            type_code=kind.code,
            number=application.number,
            holder=application.holder,
            holder_name=application.holder_name,
            issuer=issuer,
            region=application.region,
            editions=(Edition(1, identifier, now, since, application.valid_until or kind.longest(since)),),
            history=(StatusChange(1, Status.VALID, Reason.ISSUED, now, ""),),
        )

    @property
    def edition(self) -> Edition:
        """Its newest version."""
        return self.editions[-1]

    @property
    def changed(self) -> StatusChange:
        """Its last change of status."""
        return self.history[-1]

    @property
    def previous_identifier(self) -> str:
        """Identifier of the version before the newest; empty for the first."""
        return str(self.editions[-2].identifier) if len(self.editions) > 1 else ""

    def status(self, now: datetime) -> Status:
        """Where it stands now."""
        return by_dates(self.changed.status, self.edition, now)

    def status_at(self, moment: datetime) -> Status | None:
        """Where it stood at a moment; None before it was issued."""
        change = next((each for each in reversed(self.history) if each.since <= moment), None)
        if change is None:
            return None
        edition = next((each for each in reversed(self.editions) if each.issued_at <= moment), self.editions[0])
        return by_dates(change.status, edition, moment)

    def status_of(self, identifier: CertificateIdentifier, now: datetime) -> Status:
        """Where the version with this identifier stands now."""
        return self.status(now) if identifier == self.edition.identifier else Status.REPLACED

    def edition_of(self, identifier: CertificateIdentifier) -> Edition:
        """The version with this identifier, which is one of its own."""
        return next(each for each in self.editions if each.identifier == identifier)

    def answers_to(self, reader: Reader) -> bool:
        """Whether the reader is its issuer or holds it: those learn who has used it."""
        return reader.holder == self.holder or reader.department == self.issuer

    def demand_sight(self, kind: CertificateType, reader: Reader) -> None:
        """Let pass its issuer, and who its type is open to or who holds it, when recognised surely enough.

        Raises Refusal CERTIFICATE_NOT_FOUND for all others, LEVEL_TOO_LOW.
        """
        if not self.answers_to(reader) and not kind.open_to_department(reader.department):
            raise not_found("CERTIFICATE_NOT_FOUND")
        if reader.department != self.issuer and reader.level < kind.lowest_level:
            raise denied("LEVEL_TOO_LOW", level=f"AL{kind.lowest_level}")

    def demand_issuer(self, department: str, seen: int) -> None:
        """Let pass its issuer, who saw version `seen`. Raises Refusal NOT_THE_ISSUER, STALE_VERSION."""
        if department != self.issuer:
            raise denied("NOT_THE_ISSUER")
        if seen != self.version:
            raise conflict("STALE_VERSION")

    def suspend(self, ground: str, reason: Reason, *, now: datetime) -> Certificate:
        """Suspend it, or add a ground to its suspension. Raises Refusal WRONG_STATE, ALREADY_SUSPENDED."""
        status = self._after(Command.SUSPEND, now)
        if ground in self.grounds:
            raise failed_state("ALREADY_SUSPENDED")
        return self._changed(status, reason, ground, now, grounds=(*self.grounds, ground))

    def lift(self, ground: str, reason: Reason, *, now: datetime) -> Certificate:
        """Take one of its grounds away; with the last one it is in force again. Raises Refusal WRONG_STATE."""
        left = tuple(each for each in self.grounds if each != ground)
        status = self._after(Command.LIFT if left else Command.RESUME, now)
        return self._changed(status, reason, ground, now, grounds=left)

    def resume(self, case_number: str, *, now: datetime) -> Certificate:
        """Put it in force again, whatever it was suspended for. Raises Refusal WRONG_STATE."""
        return self._changed(self._after(Command.RESUME, now), Reason.BY_ISSUER, case_number, now, grounds=())

    def revoke(self, case_number: str, *, now: datetime) -> Certificate:
        """Revoke it for good. Raises Refusal WRONG_STATE."""
        return self._changed(self._after(Command.REVOKE, now), Reason.BY_ISSUER, case_number, now, grounds=())

    def renew(self, kind: CertificateType, until: datetime | None, *, now: datetime) -> Certificate:
        """Add the next version, valid from now. `until` None: as long as the type allows.

        Raises Refusal WRONG_STATE, CERTIFICATE_TYPE_UNKNOWN when the type was retired, VERSIONS_USED_UP, and INVALID
        with VALIDITY_UNFIT.
        """
        status = self._after(Command.RENEW, now)
        if not kind.in_force:
            raise failed_state("CERTIFICATE_TYPE_UNKNOWN")
        if self.edition.identifier.version == certidentifier.LAST_VERSION:
            raise failed_state("VERSIONS_USED_UP")
        if not end_fits(kind, now, until, now):
            raise invalid(Violation("valid_until", "VALIDITY_UNFIT"))
        edition = Edition(self.version + 1, self.edition.identifier.next(), now, now, until or kind.longest(now))
        renewed = self._changed(status, Reason.RENEWED, "", now, grounds=())
        return replace(renewed, editions=(*self.editions, edition))

    def use(self, *, now: datetime) -> Certificate:
        """It is used without paper; its status stays. Raises Refusal WRONG_STATE."""
        self._after(Command.USE, now)
        return replace(self, version=self.version + 1)

    def _after(self, command: Command, now: datetime) -> Status:
        status = self.status(now)
        if (status, command) not in TRANSITIONS:
            raise failed_state("WRONG_STATE", state=status.value)
        return TRANSITIONS[status, command]

    def _changed(
        self, status: Status, reason: Reason, case_number: str, now: datetime, *, grounds: tuple[str, ...]
    ) -> Certificate:
        change = StatusChange(self.version + 1, status, reason, now, case_number)
        return replace(self, version=change.version, history=(*self.history, change), grounds=grounds)
