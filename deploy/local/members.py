"""The files of a member system: the key it signs token requests with, its TLS identity, and the root it trusts.

`key.pem` and `public.jwk.json`, `tls.key` and `tls.crt`, `trust.pem`: what a member keeps at home, and under `.run`
what the sample members have.
"""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from deploy.local.pki import DevelopmentPki, write_private


def ensure_member(folder: Path, client_id: str, identities: DevelopmentPki) -> Path:
    """The folder of `client_id` under `folder`, with its files; keys are made once, TLS identities in time."""
    own = folder / client_id
    own.mkdir(parents=True, exist_ok=True)
    if not (own / "key.pem").exists():
        write_private(own / "key.pem", _new_key())
    (own / "public.jwk.json").write_text(json.dumps(public_jwk(own / "key.pem")), encoding="utf-8")
    identity = identities.member_identity(client_id)
    write_private(own / "tls.key", identity.key.read_bytes())
    (own / "tls.crt").write_bytes(identity.cert.read_bytes())
    (own / "trust.pem").write_bytes(identity.trust.read_bytes())
    return own


def public_jwk(key: Path) -> dict[str, object]:
    """The public part of a private key (PEM) as a JSON Web Key (RFC 7517), named by its thumbprint (RFC 7638)."""
    loaded = ECKey.import_key(key.read_bytes())
    return {**loaded.as_dict(private=False), "kid": loaded.thumbprint(), "use": "sig", "alg": "ES256"}


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
