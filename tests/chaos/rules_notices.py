"""Rules about notices and their mails. Each yields what breaks it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.records import Books, Notice
from tests.chaos.rules import excused, twice

MAILED = ("department", "enterprise")
"""Kinds of party that have a mailbox in the sample city."""
# From a mail's arrival to the moment when its sender has kept that it was taken.
KEEPING_S = 5.0


def every_notice(books: Books) -> Iterator[str]:
    """Each event told each party that it concerns, and nobody else."""
    there = {(notice.caused_by, notice.party) for notice in books.notices}
    tells = {record.id: record.tells for record in books.published if record.tells is not None}
    wanted = {(id, party) for id, parties in tells.items() for party in parties}
    yield from (f"{party} was not told of {id}" for id, party in wanted if (id, party) not in there)
    yield from (f"{party} was told of {id}, which does not concern them" for id, party in there
                if (id, party) not in wanted)  # fmt: skip


def no_notice_twice(books: Books) -> Iterator[str]:
    """Nobody was told of the same event twice."""
    yield from twice((notice.caused_by, notice.party) for notice in books.notices)


def every_mail(books: Books) -> Iterator[str]:
    """Whoever has a mailbox got the notice's mail, and nobody got another."""
    sent = {mail.notice for mail in books.mails}
    notices = {notice.id: notice for notice in books.notices}
    yield from (f"{notice.party}: {notice.id} is {notice.email}" for notice in books.notices if _unsent(notice, sent))
    yield from (f"{id}: a mail without its notice" for id in sent if id not in notices)


def mails_doubled_where_smtp_allows(books: Books) -> Iterator[str]:
    """A mail was sent again only when a fault kept its sender from keeping that it was taken."""
    first: dict[str, float] = {}
    for mail in sorted(books.mails, key=lambda mail: mail.at):
        before = first.setdefault(mail.notice, mail.at)
        touched = ("notification", "mail", "postgres")
        if before < mail.at and not excused(books, touched, before, before + KEEPING_S):
            yield f"{mail.notice}: at {before:.1f} and {mail.at:.1f}"


def _unsent(notice: Notice, sent: set[str]) -> bool:
    if notice.email == "SENT":
        return notice.id not in sent
    return notice.email != "NONE" or notice.party[0] in MAILED or notice.id in sent
