from dataclasses import replace

from deploy.local.replaying.accounts import ESCALATED, EVENT_OF, Accounts, Counts, Fact, NoticeFact, Party, reconcile
from deploy.local.replaying.timeline import Action

CITIZENS: Party = (3, "rizhao-ssp")
CENTRE: Party = (2, "371102-ZHZX")
BEFORE = Counts(grid_logged=100, notification_taken=80, notification_logged=160)
PREFIX = "replay/first/"


def fact(incident: str, action: Action, **changed: str) -> Fact:
    made = Fact(
        id=f"{incident}-{action}",
        type=EVENT_OF[action],
        incident_id=incident,
        version=action + 1,
        reference=f"{PREFIX}chicago/{incident}",
        tells=frozenset({CITIZENS, CENTRE}),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


ACKNOWLEDGED = {
    Action.FILE: [("a", 1), ("b", 1)],
    Action.DISPATCH: [("a", 2), ("b", 2)],
    Action.ACCEPT: [("a", 3)],
    Action.HANDLE: [("a", 4)],
    Action.VERIFY: [("a", 5)],
    Action.CLOSE: [("a", 6)],
}
FACTS = [fact(i, action) for action, pairs in ACKNOWLEDGED.items() for i, _ in pairs]
NOTICES = [NoticeFact(f"{f.id}-{party[1]}", f.id, party) for f in FACTS for party in sorted(f.tells)]
AFTER = Counts(grid_logged=108, notification_taken=88, notification_logged=176)


def books(facts: list[Fact] = FACTS, notices: list[NoticeFact] = NOTICES, after: Counts = AFTER) -> Accounts:
    return reconcile(ACKNOWLEDGED, facts, notices, BEFORE, after, PREFIX)


def differences(accounts: Accounts) -> str:
    return "\n".join(accounts.differences)


def test_books_that_agree_have_no_difference() -> None:
    accounts = books()
    assert accounts.differences == []
    assert dict(accounts.lines)["changes acknowledged by the gateway"] == 8
    assert dict(accounts.lines)["  IncidentDispatched"] == 2
    assert dict(accounts.lines)["  IncidentVerified"] == 1
    assert dict(accounts.lines)["notices"] == 16


def test_a_record_that_the_relay_sent_twice_is_no_difference() -> None:
    accounts = books(facts=[*FACTS, FACTS[0]])
    assert accounts.differences == []
    assert dict(accounts.lines)["records that lie in Kafka twice under one id"] == 1


def test_a_lost_event_is_named() -> None:
    found = differences(books(facts=FACTS[1:]))
    assert "acknowledged, but not in Kafka: 1" in found
    assert "events in grid's log: 8, but events on egov.grid.v1: 7 (difference +1)" in found


def test_an_event_under_a_second_id_is_named() -> None:
    assert "in Kafka under two ids: 1" in differences(books(facts=[*FACTS, replace(FACTS[0], id="again")]))


def test_an_event_that_nobody_acknowledged_is_named() -> None:
    assert "in Kafka, but never acknowledged: 1" in differences(books(facts=[*FACTS, fact("c", Action.FILE)]))


def test_a_notice_that_was_not_made_is_named() -> None:
    assert "notice not made: 1" in differences(books(notices=NOTICES[1:]))


def test_a_notice_made_twice_is_named() -> None:
    assert "notice made twice: 1" in differences(books(notices=[*NOTICES, replace(NOTICES[0], id="again")]))


def test_a_notice_to_a_stranger_is_named() -> None:
    stranger = NoticeFact("x", FACTS[0].id, (2, "371121-YJJ"))
    assert "notice to a party that the event does not concern: 1" in differences(books(notices=[*NOTICES, stranger]))


def test_an_event_without_effect_is_named() -> None:
    found = differences(books(after=replace(AFTER, notification_taken=87, parked=1)))
    assert "events taken by notification: 7, but incidents' events on egov.grid.v1: 8 (difference -1)" in found
    assert "events parked: 1, but events parked before: 0" in found


def test_events_of_others_meanwhile_are_no_difference() -> None:
    other = fact("z", Action.FILE, reference="desk/1")
    notices = [*NOTICES, *(NoticeFact(f"z-{p[1]}", other.id, p) for p in sorted(other.tells))]
    after = Counts(grid_logged=109, notification_taken=89, notification_logged=178)
    accounts = books(facts=[*FACTS, other], notices=notices, after=after)
    assert accounts.differences == []
    assert dict(accounts.lines)["events of others meanwhile"] == 1
    assert dict(accounts.lines)["notices"] == 16


def test_a_fact_about_parking_lies_in_the_log_but_is_no_incident_of_ours() -> None:
    parked = Fact("p", "egov.chassis.v1.EventParked", "occurrence", 1)
    assert books(facts=[*FACTS, parked], after=replace(AFTER, grid_logged=109)).differences == []


def test_an_escalation_is_counted_apart_and_its_notices_are_due() -> None:
    escalated = fact("b", Action.ACCEPT, type=ESCALATED)
    notices = [*NOTICES, *(NoticeFact(f"e-{p[1]}", escalated.id, p) for p in sorted(escalated.tells))]
    after = Counts(grid_logged=109, notification_taken=89, notification_logged=178)
    accounts = books(facts=[*FACTS, escalated], notices=notices, after=after)
    assert accounts.differences == []
    assert dict(accounts.lines)["escalations of them, because time passed"] == 1
    assert "notice not made: 2" in differences(books(facts=[*FACTS, escalated], after=after))
