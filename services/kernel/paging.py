"""Pages of a list, by position: a token says after which row the list goes on, so that new rows shift nothing.

A token is opaque to callers and worth nothing to forge: it holds the sort key of a row, never what the caller may see.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from services.kernel.errors import Violation, invalid

Row = TypeVar("Row")

DEFAULT_SIZE = 50
LARGEST_SIZE = 200


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many rows, and after which sort key; `after` is None for the first page."""

    size: int = DEFAULT_SIZE
    after: tuple[Any, ...] | None = None

    @property
    def fetch(self) -> int:
        """Rows to ask the database for: one more than the page holds shows whether another page follows."""
        return self.size + 1

    def cut(self, rows: Sequence[Row], key: Callable[[Row], Iterable[object]]) -> Page[Row]:
        """Make the page from up to `fetch` rows; `key` gives the sort key of a row."""
        shown = tuple(rows[: self.size])
        more = len(rows) > self.size
        return Page(shown, token_of(key(shown[-1])) if more else "")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of a page, and the token of the next one; empty on the last page."""

    rows: tuple[Row, ...]
    next_token: str


def page_request(size: int, token: str, *readers: Callable[[str], object]) -> PageRequest:
    """Read what a caller asks for; `readers` turn each part of the token back into a sort key, by ValueError if not.

    A size of 0 means 50; at most 200 rows. Raises Refusal (INVALID) with rule PAGE_TOKEN_INVALID on field
    `page.page_token` when the token was not made by the same list.
    """
    size = min(size, LARGEST_SIZE) if size > 0 else DEFAULT_SIZE
    return PageRequest(size, read_position(token, *readers, field="page.page_token"))


def read_position(token: str, *readers: Callable[[str], object], field: str) -> tuple[Any, ...] | None:
    """After which sort key a list goes on; None for the first page. Raises as `page_request` on `field`."""
    try:
        return read_token(token, *readers) if token else None
    except ValueError:
        raise invalid(Violation(field, "PAGE_TOKEN_INVALID")) from None


def read_token(token: str, *readers: Callable[[str], object]) -> tuple[Any, ...]:
    """The sort key that `token_of` made a token of, each part by its reader. ValueError when it made no such token."""
    try:
        key = tuple(reader(part) for reader, part in zip(readers, _parts(token), strict=True))
        made = token_of(key)
    except (TypeError, OverflowError) as error:
        raise ValueError("no sort key") from error
    if made != token:
        raise ValueError("not canonical")
    return key


def token_of(key: Iterable[object]) -> str:
    """The token for the rows after the one with this sort key."""
    parts = [_text(part) for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def instant(text: str) -> datetime:
    """Reader for a moment; ValueError when it does not name its offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment


def plain(text: str) -> str:
    """Reader for a code; ValueError for what no code holds."""
    if not text.isprintable():
        raise ValueError("not printable")
    return text


def _text(part: object) -> str:
    return part.astimezone(UTC).isoformat() if isinstance(part, datetime) else str(part)


def _parts(token: str) -> list[str]:
    parts = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("not a list of texts")
    return parts
