"""Registers a member system: `python -m deploy.local.member NAME --scopes a,b [--region CODE] [--departments X,Y]`.

Makes its key and its TLS identity, registers it through the API in the name of operations, and writes
`.run/members/NAME/` with everything that its first calls need, ready to paste.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.errors import StackError
from deploy.local.member_calls import Wish, example_for, member_json, shown_path, texts, token_script
from deploy.local.members import ensure_member, public_jwk
from deploy.local.people import People
from deploy.local.pki import DevelopmentPki
from deploy.local.stackfile import Stack, stack

KIT = Path(__file__).resolve().parent / "member_kit"


class Kit:
    """The files of a new member system; `discard` takes back what was made here, for a registration that failed."""

    def __init__(self, where: Stack, name: str) -> None:
        """Make key and TLS identity, or take those that are there. Raises StackError for an unsafe name."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise StackError("A member's name has lower-case letters, digits and hyphens, 3 to 40, a letter first.")
        self.folder = where.members / name
        self._tls = where.trust.parent / "members" / name
        self._made = [path for path in (self.folder, self._tls) if not path.exists()]
        ensure_member(where.members, name, DevelopmentPki(where.trust.parent))

    def discard(self) -> None:
        """Delete what this run made."""
        for path in self._made:
            shutil.rmtree(path, ignore_errors=True)

    def public_key(self) -> str:
        """The public half of the key, as JSON Web Key."""
        return json.dumps(public_jwk(self.folder / "key.pem"))

    def fingerprint(self) -> str:
        """SHA-256 of the certificate, base64url without padding (RFC 8705)."""
        certificate = x509.load_pem_x509_certificate((self.folder / "tls.crt").read_bytes())
        return base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")

    def write(self, where: Stack, wish: Wish) -> None:
        """Write everything else that its first calls need."""
        example = example_for(wish)
        shutil.copy(KIT / "example.py", self.folder / "example.py")
        (self.folder / "member.json").write_text(member_json(where, wish, example), encoding="utf-8")
        (self.folder / "token.sh").write_text(token_script(self.folder), encoding="utf-8")
        readme = Template((KIT / "README.md").read_text(encoding="utf-8"))
        (self.folder / "README.md").write_text(readme.substitute(texts(where, wish, self.folder, example)), "utf-8")


def register(where: Stack, wish: Wish) -> Kit:
    """Register the member system and write its files. Raises ApiError, Unreachable, StackError."""
    with contextlib.closing(Gateway(where.gateway, where.trust, patience_s=5.0)) as gateway:
        operations = People(gateway, where).operations
        operations.token()
        kit = Kit(where, wish.name)
        try:
            gateway.post("/v1/members", _registration(kit, wish), door=operations)
        except ApiError:
            kit.discard()
            raise
    kit.write(where, wish)
    return kit


def _registration(kit: Kit, wish: Wish) -> dict[str, object]:
    return {
        "clientId": wish.name,
        "displayName": wish.name,
        "region": wish.region,
        "departments": list(wish.departments),
        "scopes": list(wish.scopes),
        "publicKeys": [kit.public_key()],
        "tlsFingerprint": kit.fingerprint(),
    }


def explain(refusal: ApiError) -> str:
    """The API's own refusal, one line per violation."""
    lines = [f"{refusal.reason}: {refusal.message}"]
    lines += [f"  {name}: {said or rule}" for name, rule, said in refusal.violations]
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    """Register, and say what to try first."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.member", description="Registers a member system.")
    parser.add_argument("name", help="client id, such as donggang-water")
    parser.add_argument("--scopes", required=True, type=_list, help="comma separated, such as grid.incidents.read")
    parser.add_argument("--region", default="371100", help="region that its calls are bound to (default 371100)")
    parser.add_argument("--departments", default=(), type=_list, help="departments whose staff it may vouch for")
    asked = parser.parse_args(words)
    wish = Wish(asked.name, asked.scopes, asked.region, asked.departments)
    try:
        kit = register(stack(), wish)
    except ApiError as refusal:
        print(explain(refusal), file=sys.stderr)
        return 1
    except (StackError, Unreachable, OSError) as stop:
        print(stop, file=sys.stderr)
        return 2
    print(f"{wish.name} is registered. Keys, TLS identity, first calls: {shown_path(kit.folder)}/README.md\n")
    print((kit.folder / "README.md").read_text(encoding="utf-8").partition("## JSON")[2].partition("\n\n")[2])
    return 0


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace(" ", ",").split(",") if part.strip())


if __name__ == "__main__":
    sys.exit(main())
