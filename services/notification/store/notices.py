"""The tables of notices and of their receipts, and how they are read from and kept in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.kernel.errors import conflict, not_found
from services.kernel.paging import Page, PageRequest
from services.kernel.parties import Party
from services.notification.domain.notices import EmailState, Notice
from services.notification.domain.receipts import AttemptResult, Receipt
from services.notification.domain.wordings import Text

_MOMENT = sa.DateTime(timezone=True)
_TABLES = sa.MetaData()

NOTICE = sa.Table(
    "notice",
    _TABLES,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger),
    sa.Column("case_number", sa.Text),
    sa.Column("region", sa.Text),
    sa.Column("owner_kind", sa.Text),
    sa.Column("owner_id", sa.Text),
    sa.Column("template", sa.Text),
    sa.Column("texts", JSONB),
    sa.Column("reference", sa.Text),
    sa.Column("caused_by", sa.Uuid),
    sa.Column("created_at", _MOMENT),
    sa.Column("read_at", _MOMENT),
    sa.Column("email_state", sa.Text),
)
RECEIPT = sa.Table(
    "receipt",
    _TABLES,
    sa.Column("notice_id", sa.Uuid, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("result", sa.Text),
    sa.Column("reply_code", sa.Integer),
    sa.Column("language", sa.Text),
    sa.Column("at", _MOMENT),
)

_ADD = insert(NOTICE).on_conflict_do_nothing(constraint="notice_once").returning(NOTICE.c.id)
_LOAD = sa.select(NOTICE).where(NOTICE.c.id == sa.bindparam("notice_id")).with_for_update()
_SAVE = sa.update(NOTICE).where(NOTICE.c.id == sa.bindparam("notice_id"), NOTICE.c.version == sa.bindparam("seen"))
_SET_EMAIL_STATE = sa.update(NOTICE).where(NOTICE.c.id == sa.bindparam("notice_id"))
_KEEP_RECEIPT = insert(RECEIPT).on_conflict_do_nothing()
_RECEIPTS = (
    sa.select(RECEIPT)
    .where(RECEIPT.c.notice_id.in_(sa.bindparam("notice_ids", expanding=True)))
    .order_by(RECEIPT.c.notice_id, RECEIPT.c.attempt)
)
_NEWEST_FIRST = sa.select(NOTICE).order_by(NOTICE.c.created_at.desc(), NOTICE.c.id.desc())


class NoticeStore:
    """Notices over one connection. A notice is owned by its recipient, and is in no other inbox."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, notice: Notice) -> bool:
        """Keep a new notice; False when this recipient was told of the same event by the same template before."""
        return self._connection.execute(_ADD, _row(notice)).first() is not None

    def load(self, notice_id: UUID, inboxes: Sequence[Party]) -> Notice:
        """Read one and lock it until the end; Refusal NOTICE_NOT_FOUND, also when it lies in no such inbox."""
        found = self._connection.execute(_LOAD.where(_in(inboxes)), {"notice_id": notice_id}).mappings().first()
        if found is None:
            raise not_found("NOTICE_NOT_FOUND")
        return self._notices([found])[0]

    def save(self, notice: Notice) -> None:
        """Keep that a notice was read; Refusal STALE_VERSION when someone else was faster."""
        changed = {"version": notice.version, "read_at": notice.read_at}
        found = {"notice_id": notice.id, "seen": notice.version - 1}
        if self._connection.execute(_SAVE, changed | found).rowcount == 0:
            raise conflict("STALE_VERSION")

    def keep_receipt(self, notice_id: UUID, receipt: Receipt, state: EmailState) -> None:
        """Keep what became of an attempt, and how far the e-mail got with it.

        Not a version of the notice: its recipient may read it at the same moment.
        """
        row = {"notice_id": notice_id, "attempt": receipt.attempt, "result": receipt.result.value}
        more = {"reply_code": receipt.reply_code, "language": receipt.language, "at": receipt.at}
        self._connection.execute(_KEEP_RECEIPT, row | more)
        self._connection.execute(_SET_EMAIL_STATE, {"notice_id": notice_id, "email_state": state.value})

    def inbox(self, owner: Party, page: PageRequest, *, case_number: str = "", unread: bool = False) -> Page[Notice]:
        """The notices to one party, newest first; an empty case number lets every case pass."""
        wanted = _NEWEST_FIRST.where(_in([owner]))
        if case_number:
            wanted = wanted.where(NOTICE.c.case_number == case_number)
        if unread:
            wanted = wanted.where(NOTICE.c.read_at.is_(None))
        if page.after:
            wanted = wanted.where(sa.tuple_(NOTICE.c.created_at, NOTICE.c.id) < page.after)
        rows = self._connection.execute(wanted.limit(page.fetch)).mappings().all()
        return page.cut(self._notices(rows), key=lambda notice: (notice.created_at, notice.id))

    def _notices(self, rows: Sequence[Mapping[Any, Any]]) -> list[Notice]:
        """Rows as notices, with their receipts."""
        receipts: dict[UUID, tuple[Receipt, ...]] = {}
        for row in self._connection.execute(_RECEIPTS, {"notice_ids": [row["id"] for row in rows]}).mappings():
            receipts[row["notice_id"]] = (*receipts.get(row["notice_id"], ()), _receipt(row))
        return [_notice(row, receipts.get(row["id"], ())) for row in rows]


def _in(inboxes: Sequence[Party]) -> sa.ColumnElement[bool]:
    return sa.or_(*(sa.and_(NOTICE.c.owner_kind == kind, NOTICE.c.owner_id == id) for kind, id in inboxes))


def _row(notice: Notice) -> dict[str, Any]:
    """A notice as a row."""
    return {
        "id": notice.id,
        "version": notice.version,
        "case_number": notice.case_number,
        "region": notice.region,
        "owner_kind": notice.recipient.kind,
        "owner_id": notice.recipient.id,
        "template": notice.template,
        "texts": [text._asdict() for text in notice.texts],
        "reference": notice.reference,
        "caused_by": notice.caused_by,
        "created_at": notice.created_at,
        "read_at": notice.read_at,
        "email_state": notice.email_state.value,
    }


def _notice(row: Mapping[Any, Any], receipts: tuple[Receipt, ...]) -> Notice:
    """A row as a notice."""
    return Notice(
        id=row["id"],
        version=row["version"],
        case_number=row["case_number"],
        region=row["region"],
        recipient=Party(row["owner_kind"], row["owner_id"]),
        template=row["template"],
        texts=tuple(Text(**text) for text in row["texts"]),
        reference=row["reference"],
        caused_by=row["caused_by"],
        created_at=row["created_at"],
        read_at=row["read_at"],
        email_state=EmailState(row["email_state"]),
        receipts=receipts,
    )


def _receipt(row: Mapping[Any, Any]) -> Receipt:
    result = AttemptResult(row["result"])
    return Receipt(row["attempt"], result, row["at"], reply_code=row["reply_code"], language=row["language"])
