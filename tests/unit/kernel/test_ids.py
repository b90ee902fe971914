"""UUIDv7: layout after RFC 9562, and rising order whatever the clock does."""

import os
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import ids

LATEST_MS = (1 << 48) - 2


def test_version_variant_and_time() -> None:
    before = datetime.now(UTC)
    made = ids.uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    # Other tests may have pushed the process's ids a little ahead of the clock.
    assert before - timedelta(milliseconds=1) <= ids.uuid7_time(made) <= datetime.now(UTC) + timedelta(seconds=1)


def test_the_vector_of_the_rfc() -> None:
    """RFC 9562, appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00."""
    example = uuid.UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    assert ids.uuid7_time(example) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_only_a_uuid7_carries_a_time() -> None:
    with pytest.raises(ValueError, match="UUIDv7"):
        ids.uuid7_time(uuid.uuid4())


@given(st.lists(st.integers(0, LATEST_MS), min_size=2, max_size=50))
def test_order_holds_for_every_clock(readings: list[int]) -> None:
    """Forwards, standing still, backwards: strings and integers sort as they were made."""
    clock = iter(readings)
    sequence = ids.Sequence(lambda: next(clock))
    made = [sequence.next() for _ in readings]
    assert made == sorted(made)
    assert [str(one) for one in made] == sorted({str(one) for one in made})
    assert all((one.version, one.variant) == (7, uuid.RFC_4122) for one in made)


@given(st.integers(1, LATEST_MS))
def test_the_time_is_the_clocks_while_it_goes_forward(reading: int) -> None:
    made = ids.Sequence(lambda: reading).next()
    assert made.int >> 80 == reading


def test_a_full_millisecond_carries_into_the_next() -> None:
    sequence = ids.Sequence(lambda: 1000)
    sequence._last = (1000 << 74) | ((1 << 74) - 1)
    assert sequence.next().int >> 80 == 1001


def test_threads_never_share_an_id() -> None:
    sequence = ids.Sequence(lambda: 1000)
    made: list[list[uuid.UUID]] = [[] for _ in range(4)]
    threads = [
        threading.Thread(target=lambda mine=mine: mine.extend(sequence.next() for _ in range(500))) for mine in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len({one for mine in made for one in mine}) == 2000
    assert all(mine == sorted(mine) for mine in made)


def test_a_forked_child_starts_anew() -> None:
    before = ids._process
    try:
        ids._forget()
        assert ids._process is not before
    finally:
        ids._process = before
    assert hasattr(os, "register_at_fork")
