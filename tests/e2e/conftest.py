"""The sample city, for every test of the whole stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.e2e.city import City


@pytest.fixture(scope="session")
def city(stack: Stack) -> Iterator[City]:
    """The sample city on the stack that all tests share. A test that stops a part starts it again."""
    with City(stack) as city:
        yield city
