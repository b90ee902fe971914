"""Load the reference data of a city: `python -m services.identity.load FOLDER [--member-keys DIR]`.

Nothing is written unless every row is good; all is written in one transaction; a second load changes nothing. Grids are
generated, three per village, and marked so. What is in the database and not in the files stays, but for what roles may
use: of that the files are the whole truth.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from services.chassis.load import in_one_transaction, owner_url
from services.identity.domain import secrets
from services.identity.domain.holders import Numbers
from services.identity.domain.members import Member
from services.identity.keys import number_key
from services.identity.reference.city import City, read_city
from services.identity.store.reference import ReferenceStore
from services.identity.wire.messages import known_scopes
from services.kernel.clock import SystemClock
from services.kernel.sheets import SheetFaults


def save(city: City, connection: sa.Connection) -> None:
    """Write the reference data; the caller commits."""
    store = ReferenceStore(connection)
    store.save_regions(city.regions)
    store.save_departments(city.departments)
    store.save_role_scopes(city.roles)
    store.save_staff(city.staff)
    store.save_holders(city.holders)
    known = store.known_members(member.client_id for member in city.members)
    store.save_members(list(_with_proofs(city, known)))


def _with_proofs(city: City, known: Mapping[str, Member]) -> Iterator[Member]:
    """The member systems; those that the files bring no keys, TLS identity or secret for keep what they have."""
    for member in city.members:
        old = known.get(member.client_id, member)
        secret = city.secrets.get(member.client_id, "")
        unchanged = not secret or secrets.fits(secret, old.secret_hash)
        yield replace(
            member,
            public_keys=member.public_keys or old.public_keys,
            tls_fingerprint=member.tls_fingerprint or old.tls_fingerprint,
            secret_hash=old.secret_hash if unchanged else secrets.hash_of(secret),
        )


def main(arguments: list[str]) -> int:
    """Load; 0 when done, 1 when the files have faults, 2 when the command line or the environment is wrong."""
    parser = argparse.ArgumentParser(prog="python -m services.identity.load", description="Load reference data.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--member-keys", type=Path, metavar="DIR", help="a folder per client id, with public.jwk.json")
    given = parser.parse_args(arguments)
    url = owner_url("identity")
    keys = os.environ.get("IDENTITY_KEYS")
    if not url or not keys:
        sys.stderr.write(f"load: {'IDENTITY_KEYS' if url else 'DATABASE_URL_IDENTITY_OWNER'} is missing\n")
        return 2
    try:
        numbers = Numbers(number_key(Path(keys)))
        city = read_city(given.folder, given.member_keys, numbers, known_scopes(), SystemClock().now())
    except SheetFaults as unfit:
        sys.stderr.write("".join(f"{fault}\n" for fault in unfit.faults))
        return 1
    in_one_transaction("identity", url, lambda connection: save(city, connection))
    sys.stdout.write(f"identity: {city.counts()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
