"""The checker: plain records in, findings out. No finding: nothing was lost and nothing was doubled.

Delivery is at least once, so Kafka may hold a record twice under one id, and a mail may be sent twice. That is counted,
and a finding only when no fault near it excuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.chaos.records import Books
from tests.chaos.rules_afterwards import (
    every_case_is_held,
    nothing_died_by_itself,
    nothing_leaks,
    nothing_left,
)
from tests.chaos.rules_commands import (
    acknowledged_has_its_state,
    acknowledged_once,
    at_most_once,
    nothing_unasked,
    refused_has_no_effect,
    refused_when_late,
)
from tests.chaos.rules_events import (
    kafka_is_the_log,
    one_event_per_change,
    one_outcome_per_consumer,
    order_in_kafka,
    order_of_effects,
    repeats_are_excused,
)
from tests.chaos.rules_notices import (
    every_mail,
    every_notice,
    mails_doubled_where_smtp_allows,
    no_notice_twice,
)


class Finding(NamedTuple):
    """Something that must not be: the rule that it breaks, and what it is about."""

    rule: str
    about: str


def check(books: Books) -> list[Finding]:
    """Everything that must not be, rule by rule."""
    return [Finding(name, about) for name, rule in RULES.items() for about in rule(books)]


Rule = Callable[[Books], Iterator[str]]


def name_of(rule: Rule) -> str:
    """A rule's name, for people."""
    return rule.__name__.replace("_", " ")


RULES: dict[str, Rule] = {
    name_of(rule): rule
    for rule in (
        acknowledged_has_its_state,
        acknowledged_once,
        at_most_once,
        refused_has_no_effect,
        refused_when_late,
        nothing_unasked,
        one_event_per_change,
        kafka_is_the_log,
        repeats_are_excused,
        one_outcome_per_consumer,
        order_in_kafka,
        order_of_effects,
        every_notice,
        no_notice_twice,
        every_mail,
        mails_doubled_where_smtp_allows,
        every_case_is_held,
        nothing_left,
        nothing_died_by_itself,
        nothing_leaks,
    )
}


LOST = frozenset(
    map(
        name_of,
        (
            acknowledged_has_its_state,
            refused_when_late,
            kafka_is_the_log,
            one_outcome_per_consumer,
            every_notice,
            every_mail,
            every_case_is_held,
            nothing_left,
        ),
    )
)
"""Rules that say that something is not there which should be."""
DOUBLED = frozenset(
    map(
        name_of,
        (
            acknowledged_once,
            at_most_once,
            nothing_unasked,
            repeats_are_excused,
            no_notice_twice,
            mails_doubled_where_smtp_allows,
        ),
    )
)
"""Rules that say that something is there more than once, or that nobody asked for."""


def repeats(books: Books) -> tuple[int, int]:
    """Records that lie in Kafka again under an id, and mails that were sent again: both allowed, and counted."""
    records = len(books.published) - len({record.id for record in books.published})
    return records, len(books.mails) - len({mail.notice for mail in books.mails})
