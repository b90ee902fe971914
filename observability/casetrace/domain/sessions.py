"""Who is signed in at the console, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel import texts

RIGHTS_LAST = timedelta(minutes=5)

texts.register(
    {
        "TICKET_INVALID": ("登录链接无效。", "The sign-in link is not valid."),
        "TICKET_EXPIRED": ("登录链接已过期。", "The sign-in link has expired."),
        "TICKET_USED": ("登录链接已被使用过。", "The sign-in link was used before."),
        "SIGN_IN_REFUSED": ("统一身份未准许该操作员登录。", "Identity does not let this operator in."),
        "FORM_REFUSED": (
            "该表单不是从当前登录的页面提交的，请重新打开页面再试。",
            "The form was not sent from a page of this session. Open the page again and retry.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Session:
    """An operator's session, with the rights that identity gave them at `rights_at`.

    `id`: SHA-256 of the secret that only the browser has. `operator`: `login@department code`.
    """

    id: bytes
    operator: str
    client_id: str
    subject: str
    department: str
    region: str
    roles: frozenset[str]
    scopes: frozenset[str]
    level: int
    rights_at: datetime
    ends_at: datetime

    def rights_are_old(self, now: datetime) -> bool:
        """It is time to ask identity again."""
        return now - self.rights_at >= RIGHTS_LAST
