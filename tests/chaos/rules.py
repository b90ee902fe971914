"""What several rules of the checker use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.chaos.records import Books

# A fault has an aftermath: requests to Kafka and to the mail server are waited for as long as 10 s.
AFTERMATH_S = 12.0


def twice(keys: Iterable[object]) -> Iterator[str]:
    """What is there more than once."""
    return (f"{key}: {count} times" for key, count in Counter(keys).items() if count > 1)


def excused(books: Books, parts: Iterable[str], since: float, until: float) -> bool:
    """Whether a fault of one of these parts, or of a second process of it, or its aftermath, fell into this time."""
    wanted = tuple(parts)
    near = (fault for fault in books.disturbances if fault.part.removesuffix("-2") in wanted)
    return any(fault.began <= until and fault.ended >= since - AFTERMATH_S for fault in near)
