"""Client secrets: kept as scrypt hashes (RFC 7914), for member systems that cannot sign.

A secret is made by a machine and long, so a cost of 16 MB and some 50 ms per check is enough against guessing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

SHORTEST_SECRET = 32
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


def hash_of(secret: str) -> str:
    """What is kept of a secret: `scrypt$<salt>$<hash>`, both base64. ValueError below 32 characters."""
    if len(secret) < SHORTEST_SECRET:
        raise ValueError("must be 32 characters or more")
    salt = os.urandom(16)
    return "$".join(("scrypt", base64.b64encode(salt).decode(), base64.b64encode(_scrypt(secret, salt)).decode()))


def fits(secret: str, kept: str) -> bool:
    """Whether this is the secret that the hash was made of; False for a member without a secret."""
    method, _, rest = kept.partition("$")
    salt, _, expected = rest.partition("$")
    if method != "scrypt":
        return False
    return hmac.compare_digest(_scrypt(secret, base64.b64decode(salt)), base64.b64decode(expected))


def _scrypt(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, maxmem=64 * 2**20, **_COST)
