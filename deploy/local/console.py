"""A link into the console: `python -m deploy.local.console [LOGIN@DEPARTMENT]`. Good for ten minutes and one use.

The member system that the console is signs a ticket that names the operator. Whoever can read its key can do so; what
the operator may see, identity says.
"""

from __future__ import annotations

import argparse
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.errors import StackError
from deploy.local.stackfile import Stack, stack
from deploy.local.wiring import CONSOLE_MEMBER
from observability.casetrace.console.tickets import ALGORITHM, AUDIENCE, LONGEST_LIFE

OPERATOR = "operator@371100-DSJ"


def link(where: Stack, operator: str = OPERATOR) -> str:
    """The address that signs this operator in. Raises StackError when the member's key is not there."""
    return f"{where.gateway}/console/sign-in?ticket={ticket(where.key_of(CONSOLE_MEMBER), CONSOLE_MEMBER, operator)}"


def ticket(key: Path, client_id: str, operator: str) -> str:
    """A fresh ticket for `login@department`. Raises StackError when the key cannot be read."""
    try:
        signing = ECKey.import_key(key.read_bytes())
    except OSError:
        raise StackError(f"There is no key at {key}: `make run` makes it.") from None
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": operator,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + int(LONGEST_LIFE.total_seconds()),
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, signing, algorithms=[ALGORITHM])


def main(words: Sequence[str] | None = None) -> int:
    """The command. 1 with one sentence when there is no stack."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.console", description="Prints a link into the console."
    )
    parser.add_argument("operator", nargs="?", default=OPERATOR, help=f"login@department; {OPERATOR} when left out")
    try:
        print(link(stack(), parser.parse_args(words).operator))
    except StackError as stop:
        print(stop, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
