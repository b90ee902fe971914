"""How certificates are read and kept. What changes one locks it first, so that uses and events do not collide."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert

from services.certificates.domain.certificates import Certificate
from services.certificates.domain.reference import Holder
from services.certificates.domain.uses import Use
from services.certificates.store.rows import certificate, certificate_row, edition_row, status_row, use_row
from services.certificates.store.tables import CERTIFICATE, EDITION, STATUS, USE
from services.kernel.certidentifier import CertificateIdentifier
from services.kernel.errors import conflict, not_found
from services.kernel.paging import Page, PageRequest

SHOWN_USES = 200


def _lines(table: sa.Table, label: str) -> sa.Label[Any]:
    """The rows of a certificate in another table, oldest first, as one JSON list."""
    lines = sa.func.jsonb_agg(aggregate_order_by(sa.func.to_jsonb(table.table_valued()), table.c.version))
    return sa.select(lines).where(table.c.certificate_id == CERTIFICATE.c.id).scalar_subquery().label(label)


_WHOLE = sa.select(CERTIFICATE, _lines(EDITION, "editions"), _lines(STATUS, "history"))
_IN_BOUND = CERTIFICATE.c.region.like(sa.bindparam("bound"))
_ONE = sa.and_(CERTIFICATE.c.id == sa.bindparam("certificate_id"), _IN_BOUND)
_LOAD = _WHOLE.where(_ONE)
_LOCK = sa.select(CERTIFICATE.c.id).where(_ONE).with_for_update()
_HOLDING = sa.and_(
    CERTIFICATE.c.holder_kind == sa.bindparam("holder_kind"), CERTIFICATE.c.holder == sa.bindparam("holder"), _IN_BOUND
)
_HELD = sa.select(CERTIFICATE.c.id).where(_HOLDING, CERTIFICATE.c.type_code == sa.bindparam("type_code"))
_SUSPENDED = sa.select(CERTIFICATE.c.id).where(
    CERTIFICATE.c.grounds.contains(sa.bindparam("grounds", type_=ARRAY(sa.Text)))
)
_BY_IDENTIFIER = _WHOLE.where(
    CERTIFICATE.c.id.in_(sa.select(EDITION.c.certificate_id).where(EDITION.c.identifier == sa.bindparam("identifier")))
)
_SORT_KEY = (CERTIFICATE.c.type_code, CERTIFICATE.c.number, CERTIFICATE.c.id)
_OF_HOLDER = _WHOLE.where(_HOLDING).order_by(*_SORT_KEY)
_ADD = insert(CERTIFICATE).on_conflict_do_nothing(constraint="certificate_number_once").returning(CERTIFICATE.c.id)
_SAVE = sa.update(CERTIFICATE).where(
    CERTIFICATE.c.id == sa.bindparam("certificate_id"), CERTIFICATE.c.version == sa.bindparam("seen")
)
_USES = (
    sa.select(USE)
    .where(USE.c.certificate_id == sa.bindparam("of"))
    .order_by(USE.c.used_at.desc(), USE.c.id.desc())
    .limit(SHOWN_USES)
)


class CertificateStore:
    """Certificates over one connection. `bound` is the region prefix that the caller works in."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, new: Certificate) -> bool:
        """Keep a new certificate; False when its issuer has given its number to one of this type before."""
        if self._connection.execute(_ADD, certificate_row(new)).first() is None:
            return False
        self._keep_lines(new)
        return True

    def load(self, certificate_id: UUID, bound: str) -> Certificate:
        """Read one; Refusal CERTIFICATE_NOT_FOUND, also when it lies outside `bound`."""
        wanted = {"certificate_id": certificate_id, "bound": f"{bound}%"}
        found = self._connection.execute(_LOAD, wanted).mappings().first()
        if found is None:
            raise not_found("CERTIFICATE_NOT_FOUND")
        return certificate(found)

    def load_to_change(self, certificate_id: UUID, bound: str) -> Certificate:
        """Lock one until the end, then read it; Refusal CERTIFICATE_NOT_FOUND as for `load`."""
        # In two statements: what waited for a lock does not see the lines that the one before it added.
        self._connection.execute(_LOCK, {"certificate_id": certificate_id, "bound": f"{bound}%"})
        return self.load(certificate_id, bound)

    def save(self, changed: Certificate) -> None:
        """Keep a changed certificate; Refusal STALE_VERSION when someone else was faster."""
        row = certificate_row(changed)
        found = {"certificate_id": row.pop("id"), "seen": changed.version - 1}
        if self._connection.execute(_SAVE, row | found).rowcount == 0:
            raise conflict("STALE_VERSION")
        self._keep_lines(changed)

    def by_identifier(self, identifier: CertificateIdentifier) -> Certificate | None:
        """The certificate one of whose versions has this identifier, wherever it lies: verifying is open to anyone."""
        found = self._connection.execute(_BY_IDENTIFIER, {"identifier": str(identifier)}).mappings().first()
        return certificate(found) if found else None

    def held_to_change(self, holder: Holder, type_code: str, bound: str) -> list[Certificate]:
        """Lock and read the certificates of one type that a holder has inside `bound`."""
        wanted = {"type_code": type_code, **_holding(holder, bound)}
        return self._locked(_HELD, wanted)

    def suspended_to_change(self, ground: str) -> list[Certificate]:
        """Lock and read the certificates that are suspended on this ground, wherever they lie."""
        return self._locked(_SUSPENDED, {"grounds": [ground]})

    def of_holder(
        self, holder: Holder, type_codes: Collection[str], bound: str, page: PageRequest
    ) -> Page[Certificate]:
        """A holder's certificates of these types inside `bound`, by type and number."""
        wanted = _OF_HOLDER.where(CERTIFICATE.c.type_code.in_(type_codes))
        if page.after:
            wanted = wanted.where(sa.tuple_(*_SORT_KEY) > page.after)
        rows = self._connection.execute(wanted.limit(page.fetch), _holding(holder, bound)).mappings()
        return page.cut([certificate(row) for row in rows], key=lambda each: (each.type_code, each.number, each.id))

    def add_use(self, use: Use) -> None:
        """Keep a use."""
        self._connection.execute(sa.insert(USE), use_row(use))

    def uses(self, certificate_id: UUID) -> list[Use]:
        """The uses of a certificate, newest first, at most 200."""
        return [Use(**row) for row in self._connection.execute(_USES, {"of": certificate_id}).mappings()]

    def _locked(self, ids: sa.Select[Any], wanted: dict[str, Any]) -> list[Certificate]:
        locking = ids.order_by(CERTIFICATE.c.id).with_for_update()
        found = list(self._connection.execute(locking, wanted).scalars())
        whole = _WHOLE.where(CERTIFICATE.c.id.in_(found)).order_by(CERTIFICATE.c.id)
        return [certificate(row) for row in self._connection.execute(whole).mappings()] if found else []

    def _keep_lines(self, kept: Certificate) -> None:
        """Keep the version and the change of status that this record version made, if it made any."""
        if kept.edition.version == kept.version:
            self._connection.execute(sa.insert(EDITION), edition_row(kept))
        if kept.changed.version == kept.version:
            self._connection.execute(sa.insert(STATUS), status_row(kept))


def _holding(holder: Holder, bound: str) -> dict[str, str]:
    return {"holder_kind": holder.kind.value, "holder": holder.code, "bound": f"{bound}%"}
