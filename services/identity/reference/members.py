"""Member systems as files: `members.yaml`, and a folder per client id with what it proves itself by."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from services.identity.domain.members import CLIENT_ID, Member, Registration, accept
from services.identity.domain.organisations import Department
from services.identity.domain.regions import Region
from services.identity.domain.secrets import SHORTEST_SECRET
from services.identity.jose import fit_key
from services.kernel import regions, texts
from services.kernel.errors import Refusal
from services.kernel.sheets import Line, Sheets

FILE = "members.yaml"
VOUCHES = ("vouches_for_citizens", "vouches_for_enterprises")
FIELDS = frozenset({"client_id", "display_name", "region", "departments", "scopes", *VOUCHES})
ALL = "all"
PUBLIC_KEY, TLS_CERT, SECRET = "public.jwk.json", "tls.crt", "secret"


class Known(NamedTuple):
    """What a member system may refer to, and the moment at which it does."""

    places: Mapping[str, Region]
    departments: Mapping[str, Department]
    scopes: Collection[str]
    now: datetime


def read_members(
    sheets: Sheets, folder: Path, member_keys: Path | None, known: Known
) -> tuple[list[Member], dict[str, str]]:
    """The member systems of a folder, and the client secrets of those that have one; faults are noted in `sheets`."""
    members, secrets = [], {}
    lines = _lines(sheets, folder / FILE)
    for line in lines:
        wanted = _wanted(sheets, line, known)
        citizens, enterprises = (_yes(sheets, line, name) for name in VOUCHES)
        own = member_keys / wanted.client_id if member_keys and wanted.client_id else None
        if member := _accepted(sheets, line, wanted, own, known):
            fingerprint = _fingerprint(sheets, line, own)
            trusted = replace(member, vouches_for_citizens=citizens, vouches_for_enterprises=enterprises)
            members.append(replace(trusted, tls_fingerprint=fingerprint))
        if secret := _secret(sheets, line, own):
            secrets[wanted.client_id] = secret
    sheets.demand_unique([line for line in lines if "client_id" in line.values], "client_id")
    return members, secrets


def _lines(sheets: Sheets, path: Path) -> list[Line]:
    """The entries of the file, with the line on which each begins."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if isinstance(root, yaml.MappingNode):
            root = next((value for key, value in root.value if key.value == "members"), None)
        listed = root.value if isinstance(root, yaml.SequenceNode) else []
        if not listed or not all(isinstance(each, yaml.MappingNode) for each in listed):
            raise ValueError("no list of mappings")
        return [Line(path.name, node.start_mark.line + 1, loader.construct_document(node)) for node in listed]
    except (OSError, ValueError, yaml.YAMLError):
        sheets.fault(Line(path.name, 1, {}), "members", "must be a list in a YAML file in UTF-8")
        return []


def _wanted(sheets: Sheets, line: Line, known: Known) -> Registration:
    for unknown in sorted(map(str, line.values.keys() - FIELDS)):
        sheets.fault(line, unknown, "is no field of a member system")
    region = _text(sheets, line, "region", regions.is_code, "must be a region code, in quotes")
    return Registration(
        client_id=_text(sheets, line, "client_id", CLIENT_ID.fullmatch, "must be 3 to 40 of a-z, 0-9 and hyphen"),
        display_name=_text(sheets, line, "display_name", lambda name: 0 < len(name) <= 80, "must be 1 to 80 letters"),
        region=region,
        departments=_departments(sheets, line, region, known),
        scopes=_texts(sheets, line, "scopes", required=True),
        public_keys=(),
    )


def _departments(sheets: Sheets, line: Line, region: str, known: Known) -> tuple[str, ...]:
    """The departments that are listed, or with `all` every one of the member's region."""
    if line.values.get("departments") != ALL:
        return _texts(sheets, line, "departments")
    return tuple(code for code, each in known.departments.items() if region and regions.within(each.region, region))


def _text(sheets: Sheets, line: Line, column: str, fits: Callable[[str], object], rule: str) -> str:
    value = line.values.get(column)
    if isinstance(value, str) and fits(value):
        return value
    sheets.fault(line, column, rule)
    return ""


def _yes(sheets: Sheets, line: Line, column: str) -> bool:
    """True or false; false where nothing is said."""
    value = line.values.get(column, False)
    if isinstance(value, bool):
        return value
    sheets.fault(line, column, "must be true or false")
    return False


def _texts(sheets: Sheets, line: Line, column: str, *, required: bool = False) -> tuple[str, ...]:
    value = line.values.get(column) or []
    if isinstance(value, list) and all(isinstance(each, str) for each in value) and (value or not required):
        return tuple(value)
    sheets.fault(line, column, "must be a list of texts")
    return ()


def _accepted(sheets: Sheets, line: Line, wanted: Registration, own: Path | None, known: Known) -> Member | None:
    """The member system under the same rules as one that is registered; None when it breaks any."""
    try:
        return accept(
            wanted,
            region=known.places.get(wanted.region),
            departments=known.departments,
            scopes=known.scopes,
            keys=[_public_key(own)] if own else [],
            owner="",
            now=known.now,
        )
    except Refusal as refusal:
        for violation in refusal.violations:
            sheets.fault(line, violation.field, texts.text(violation.rule, "en", violation.params))
        return None


def _public_key(own: Path) -> str | None:
    """The member's public key in canonical form; None when it is missing or not fit, which `accept` refuses."""
    path = own / PUBLIC_KEY
    return fit_key(path.read_text(encoding="utf-8")) if path.is_file() else None


def _fingerprint(sheets: Sheets, line: Line, own: Path | None) -> str:
    """SHA-256 of the member's TLS certificate, base64url without padding (RFC 8705); empty when it has none."""
    if own is None or not (own / TLS_CERT).is_file():
        return ""
    try:
        certificate = x509.load_pem_x509_certificate((own / TLS_CERT).read_bytes())
    except ValueError:
        sheets.fault(line, TLS_CERT, "must be a PEM certificate")
        return ""
    return base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).rstrip(b"=").decode()


def _secret(sheets: Sheets, line: Line, own: Path | None) -> str:
    """The member's client secret, empty when it has none."""
    if own is None or not (own / SECRET).is_file():
        return ""
    secret = (own / SECRET).read_text(encoding="utf-8").strip()
    if len(secret) < SHORTEST_SECRET:
        sheets.fault(line, SECRET, f"must have {SHORTEST_SECRET} characters or more")
    return secret
