"""Personal data that nobody has, and every place where the stack keeps or says something, to look for it there."""

from __future__ import annotations

import csv
import json
import os
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from deploy.local import parts
from deploy.local.assembly import SAMPLE
from tests.e2e.city import City

# The reporter's.
NAME, PHONE, ADDRESS = "赵铁柱", "13905330417", "碧海路七十七号三单元"
CITIZEN_NUMBER, WRONG_CITIZEN_NUMBER = "37110219900307451X", "371102199003074511"
# A citizen's whom an officer registers, and who holds a certificate.
HOLDER, HOLDER_NUMBER, HOLDER_MAIL = "钱映雪", "371102196309128820", "qian.yingxue.7731@mail.example"
# What an officer writes: why a report is dismissed, what a certificate is used for.
DISMISSED, PURPOSE = "孙立人已搬走", "李默然申请迁户"
MARKS = (
    NAME, PHONE, ADDRESS, CITIZEN_NUMBER, WRONG_CITIZEN_NUMBER, HOLDER, HOLDER_NUMBER, HOLDER_MAIL, DISMISSED, PURPOSE,
)  # fmt: skip

# Whose purpose it is to hold it: docs/architecture/personal-data.md. An answer is kept for who asked, seven days.
DOMAIN = {
    ("grid", "public.incident"),
    ("identity", "public.holder"),
    ("certificates", "public.certificate"),
    ("certificates", "public.certificate_use"),
    ("grid", "chassis.idempotency"),
    ("identity", "chassis.idempotency"),
    ("certificates", "chassis.idempotency"),
}
# Folders of a stack that hold somebody's data by purpose: the tables themselves, and mails with their addresses.
BY_PURPOSE = {"postgres", "mail"}

TABLES = (
    "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname IN ('public', 'chassis') AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
)
SAYS = "SELECT EXISTS (SELECT FROM {} t, unnest(%s::text[]) form WHERE position(form in t::text) > 0)"


def forms(text: str) -> set[str]:
    """How a text may lie somewhere: as it is, in JSON, in a URL, in a column of bytes."""
    return {text, json.dumps(text)[1:-1], quote(text), text.encode().hex()}


def staff() -> Iterator[str]:
    """Names and e-mail addresses of the sample staff, which are invented."""
    with (SAMPLE / "staff.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["name"].partition("（")[0]
            yield row["email"]


def person_ids(city: City) -> set[str]:
    """Ids of the sample staff."""
    return {str(row["person_id"]) for row in city.rows("identity", "SELECT person_id FROM staff")}


def assert_nothing_of(texts: Iterable[str], where: str, content: bytes) -> None:
    """None of the texts, in any form."""
    for text in texts:
        for form in forms(text):
            at = content.find(form.encode())
            assert at < 0, f"{where} says {form}: ...{content[max(0, at - 200) : at + 100]!r}"


def files(city: City) -> Iterator[tuple[str, bytes]]:
    """Every file that the stack has written, but for those that hold personal data by purpose."""
    run = city.where.run
    for folder, folders, names in os.walk(run):
        if Path(folder) == run:
            folders[:] = [name for name in folders if name not in BY_PURPOSE]
        for path in (Path(folder) / name for name in names):
            if path.is_file():
                yield str(path.relative_to(run)), path.read_bytes()


def admin_pages(city: City) -> Iterator[tuple[str, bytes]]:
    """What the admin port of every part shows."""
    services = [*parts.names(), "collector", "catalogue"]
    pages = [(name, page) for name in services for page in ("metrics", "status", "readyz")]
    pages += [("gateway", page) for page in ("stats/prometheus", "clusters", "config_dump")]
    for part, page in pages:
        with urllib.request.urlopen(f"{city.stack.admin_url(part)}/{page}", timeout=10) as answer:
            yield f"{part}/{page}", answer.read()


def tables_that_say(city: City, texts: Iterable[str]) -> set[tuple[str, str]]:
    """Tables of every service's database in which one of the texts lies, in any form."""
    looked_for = [form for text in texts for form in forms(text)]
    found = set()
    for service in parts.names():
        with city.stack.database(service, owner=True) as owner:
            for (table,) in owner.execute(TABLES.encode()).fetchall():
                if owner.execute(SAYS.format(table).encode(), (looked_for,)).fetchone() == (True,):
                    found.add((service, table))
    return found
