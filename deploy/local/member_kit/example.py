"""How a member system calls the backbone: get a token, make one call. Needs `joserfc` and nothing else.

`python example.py` makes the call of member.json and prints the answer. `python example.py --token` prints an access
token for five minutes; `--token --tls` one that is bound to this member's TLS identity.
"""

import json
import ssl
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from joserfc import jwt
from joserfc.jwk import ECKey

HERE = Path(__file__).resolve().parent
MEMBER: dict[str, Any] = json.loads((HERE / "member.json").read_text(encoding="utf-8"))
TRUST = ssl.create_default_context(cafile=str(HERE / "trust.pem"))


def token(bound: bool = False) -> str:
    """An access token for this member itself. Ask anew when it is about to end, not for every call."""
    form = {
        "grant_type": "client_credentials",
        "client_id": MEMBER["client_id"],
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(MEMBER["client_id"]),
    }
    if bound:
        form["bind"] = "tls"
    answer: dict[str, str] = send(Request(f"{MEMBER['gateway']}/oauth2/token", urlencode(form).encode()))
    return answer["access_token"]


def assertion(subject: str) -> str:
    """What proves who asks: signed with this member's key, good for one use within a minute.

    With grant_type urn:ietf:params:oauth:grant-type:jwt-bearer and the subject `login@department-code` it vouches for a
    signed-in person instead, if the member may speak for that department. Of the member's scopes that token holds those
    that the person's roles may use.
    """
    key = ECKey.import_key((HERE / "key.pem").read_bytes())
    now = int(time.time())
    claims = {"iss": MEMBER["client_id"], "sub": subject, "aud": MEMBER["issuer"], "iat": now, "exp": now + 60}
    return jwt.encode({"alg": "ES256"}, {**claims, "jti": str(uuid.uuid4())}, key, algorithms=["ES256"])


def call(method: str, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> dict[str, Any]:
    """One call of the JSON door. A change that is tried again must be sent with the same `key`."""
    text = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token()}", "Accept-Language": "en"}
    if text is not None:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid.uuid4())}
    return send(Request(MEMBER["gateway"] + path, text, headers, method=method))


def send(request: Request) -> dict[str, Any]:
    """Send, and read the JSON of the answer. An error answer is JSON too: it says why in `message` and `details`."""
    with urlopen(request, timeout=15, context=TRUST) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


if __name__ == "__main__":
    try:
        if "--token" in sys.argv:
            print(token(bound="--tls" in sys.argv))
        else:
            print(json.dumps(call(**MEMBER["call"]), ensure_ascii=False, indent=2))
    except HTTPError as error:
        sys.exit(error.read().decode())
