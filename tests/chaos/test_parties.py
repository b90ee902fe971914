"""The checker knows whom every event is to be told to; one that it did not know would look like a notice too many."""

from __future__ import annotations

from tests.chaos.parties import TELLING
from tests.chaos.readers import subscriptions

DENIALS = "deny-list"


def test_every_event_that_notification_takes_is_known() -> None:
    taken = {kind for each in subscriptions(["notification"]) if each.consumer != DENIALS for kind in each.types}
    assert taken == set(TELLING)
