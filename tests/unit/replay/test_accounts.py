from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from deploy.local.replaying.accounts import Accounts, Counts, reconcile
from deploy.local.replaying.cases import Action, Case, Noun, steps_of
from deploy.local.replaying.expected import EVENT_OF, Expected
from deploy.local.replaying.facts import (
    CERTIFICATES_TOPIC,
    GRID_TOPIC,
    IDENTITY_TOPIC,
    INSPECTION_TOPIC,
    Fact,
    NoticeFact,
    Party,
)
from deploy.local.replaying.player import Done, Mark
from deploy.local.replaying.taken import SERVICES, taken_by
from tests.unit.replay.made import BUSINESS, DIRTY, SPOILED, chain, report, request

RUN = "first"
CITIZENS: Party = (3, "rizhao-ssp")
CENTRE: Party = (2, "371102-ZHZX")
HOLDER = BUSINESS.enterprise(RUN)
TOPICS = {Noun.INCIDENT: GRID_TOPIC, Noun.INSPECTION: INSPECTION_TOPIC, Noun.CERTIFICATE: CERTIFICATES_TOPIC}
OF_SERVICE = {"grid": GRID_TOPIC, "inspection": INSPECTION_TOPIC, "certificates": CERTIFICATES_TOPIC}
LIFTED = "SuspensionLifted"
BEFORE = Counts(dict.fromkeys(SERVICES, 100), dict.fromkeys(SERVICES, 50))

# A licence, a complaint that stays in grid, one that an inspection with a grave finding followed, and an inspection by
# request that finds grave fault with the same licence.
CHAIN = chain("b", SPOILED, DIRTY)
CASES = (Case(BUSINESS.key, licence=BUSINESS), report("a", 1, 5), CHAIN, request(2, SPOILED))
DONE = [
    Done(step, Mark(f"{step.action.noun} of {case.key}", step.place + 1, f"case {case.key}"))
    for case in CASES
    for step in steps_of(case)
]


def fact(name: str, topic: str, subject: str, version: int, case: str, **said: Any) -> Fact:
    """An event that the grid centre is told of."""
    tells = frozenset({CENTRE})
    return Fact(f"{name} {version} {case}", topic, f"{topic}.{name}", subject, version, case, tells=tells, **said)


def of_incident(case: str) -> dict[str, Any]:
    return {"reference": f"replay/{RUN}/{case.removeprefix('case ')}", "reporter": CITIZENS}


def own(done: Done) -> Fact:
    """The event of an acknowledged step."""
    action, mark = done.step.action, done.mark
    said = of_incident(mark.case_number) if action.noun is Noun.INCIDENT else {"enterprise": HOLDER}
    said["detail"] = {Action.PASS: "passed", Action.END: "RECTIFIED"}.get(action, "")
    if done.step.finding is not None:
        said["detail"] = f"{done.step.finding.item} {done.step.finding.gravity}"
    return fact(EVENT_OF[action], TOPICS[action.noun], mark.id, mark.version, mark.case_number, **said)


def caused() -> list[Fact]:
    """What other services do by event for the complaint that an inspection followed, and for the licence."""
    case, incident = f"case {CHAIN.key}", f"incident of {CHAIN.key}"
    opened = fact("InspectionOpened", INSPECTION_TOPIC, f"inspection of {CHAIN.key}", 1, case, enterprise=HOLDER)
    grid = [
        fact(f"Incident{name}", GRID_TOPIC, incident, 50, case, **of_incident(case)) for name in ("Accepted", "Handled")
    ]
    licence = [
        fact(
            name,
            CERTIFICATES_TOPIC,
            "certificate",
            60,
            each,
            enterprise=HOLDER,
            tells_reporter=name != "SuspensionLifted",
        )
        for name, each in [
            ("CertificateSuspended", case),
            ("CertificateSuspended", "case inspection/2"),
            ("SuspensionLifted", case),
            ("CertificateResumed", "case inspection/2"),
        ]
    ]
    return [replace(opened, incident=incident, tells_reporter=True), *grid, *licence]


FACTS = [*map(own, DONE), *caused()]


def told(facts: Sequence[Fact]) -> list[NoticeFact]:
    """A notice to everybody concerned; who reported is told of the case of the complaint alone."""
    pairs = [(each, party) for each in facts for party in each.tells]
    pairs += [(each, CITIZENS) for each in facts if each.tells_reporter and each.case_number == f"case {CHAIN.key}"]
    return [NoticeFact(f"{each.id}-{party[1]}", each.id, party) for each, party in pairs]


def counts_of(facts: Sequence[Fact], notices: Sequence[NoticeFact]) -> Counts:
    """What the services say when all was logged and taken once."""
    logged = {name: 100 + sum(each.topic == topic for each in facts) for name, topic in OF_SERVICE.items()}
    return Counts(
        {**logged, "notification": 100 + len(notices)}, {name: 50 + taken_by(name, facts) for name in SERVICES}
    )


AFTER = counts_of(FACTS, told(FACTS))


def books(
    facts: Sequence[Fact] = FACTS, notices: Sequence[NoticeFact] | None = None, after: Counts = AFTER
) -> Accounts:
    made = told(FACTS) if notices is None else notices
    return reconcile(Expected(RUN, DONE, [HOLDER]), facts, made, BEFORE, after)


def differences(accounts: Accounts) -> str:
    return "\n".join(accounts.differences)


def without(name: str) -> list[Fact]:
    """The events but the first of this name."""
    gone = next(each for each in FACTS if each.name == name)
    return [each for each in FACTS if each is not gone]


def test_books_that_agree_have_no_difference() -> None:
    accounts = books()
    assert accounts.differences == []
    lines = dict(accounts.lines)
    assert lines["changes acknowledged by the gateway"] == len(DONE)
    assert lines["changes that events cause in other services"] == 7
    assert (lines["  IncidentAccepted"], lines["  IncidentAccepted by event"]) == (1, 1)
    assert (lines["  InspectionOpened"], lines["  InspectionOpened by event"]) == (1, 1)
    assert (lines["  FindingRecorded GRAVE"], lines["  FindingRecorded MINOR"]) == (2, 1)
    assert (lines["  RecheckRecorded passed"], lines["  InspectionClosed RECTIFIED"]) == (2, 2)
    assert (lines["  CertificateSuspended"], lines["  CertificateResumed or SuspensionLifted"]) == (2, 2)
    assert (lines["  CertificateIssued"], lines["licences suspended by findings"]) == (1, 1)
    assert lines["notices"] == len(told(FACTS))
    assert lines["events of others meanwhile"] == 0


def test_a_record_that_the_relay_sent_twice_is_no_difference() -> None:
    accounts = books(facts=[*FACTS, FACTS[0]])
    assert accounts.differences == []
    assert dict(accounts.lines)["records that lie in Kafka twice under one id"] == 1


def test_a_lost_event_is_named() -> None:
    found = differences(books(facts=without("FindingRecorded")))
    assert "acknowledged, but not in Kafka: 1 (('FindingRecorded'," in found
    there = sum(each.topic == INSPECTION_TOPIC for each in FACTS)
    assert f"events in the log of inspection: {there}, but events on egov.inspection.v1: {there - 1}" in found


def test_an_event_under_a_second_id_is_named() -> None:
    assert "in Kafka under two ids: 1" in differences(books(facts=[*FACTS, replace(FACTS[0], id="again")]))


def test_an_event_without_cause_is_named() -> None:
    other = replace(FACTS[1], id="x", subject="another incident")
    assert "in Kafka, but without cause: 1" in differences(books(facts=[*FACTS, other]))


def test_a_second_inspection_of_one_incident_is_named() -> None:
    opened = next(each for each in FACTS if each.incident)
    again = replace(opened, id="x", subject="another inspection")
    assert "in Kafka under two ids: 1 (('InspectionOpened by event'," in differences(books(facts=[*FACTS, again]))


def test_an_effect_in_another_service_that_did_not_follow_is_named() -> None:
    for name in ("IncidentAccepted", "IncidentHandled", "InspectionOpened", "CertificateSuspended", LIFTED):
        gone = next(each for each in caused() if each.name == name)
        found = differences(books(facts=[each for each in FACTS if each.id != gone.id]))
        assert "has to follow, but did not: 1" in found, name


def test_a_licence_suspended_without_a_grave_finding_is_named() -> None:
    wrong = replace(caused()[3], id="x", case_number="case chicago/a")
    found = differences(books(facts=[*FACTS, wrong]))
    assert "in Kafka, but without cause: 1 (('CertificateSuspended', 'case chicago/a'))" in found


def test_the_licences_that_were_suspended_are_counted_apart() -> None:
    gone = [each for each in FACTS if each.name != "CertificateSuspended"]
    assert "licences suspended: 0, but licences to be suspended: 1" in differences(books(facts=gone))


def test_a_finding_of_another_gravity_than_was_acknowledged_is_named() -> None:
    changed = [replace(each, detail=each.detail.replace("GRAVE", "MINOR")) for each in FACTS]
    assert "acknowledged, but not in Kafka: 2" in differences(books(facts=changed))


def test_a_notice_that_was_not_made_is_named() -> None:
    assert "notice not made: 1" in differences(books(notices=told(FACTS)[1:]))


def test_the_reporter_has_to_be_told_of_what_happens_in_the_case() -> None:
    opened = next(each for each in FACTS if each.incident)
    kept = [each for each in told(FACTS) if (each.caused_by, each.recipient) != (opened.id, CITIZENS)]
    assert "notice not made: 1" in differences(books(notices=kept))


def test_a_notice_made_twice_is_named() -> None:
    made = told(FACTS)
    assert "notice made twice: 1" in differences(books(notices=[*made, replace(made[0], id="again")]))


def test_a_notice_to_a_stranger_is_named() -> None:
    stranger = NoticeFact("x", FACTS[0].id, (2, "371121-YJJ"))
    assert "notice to a party that the event does not concern: 1" in differences(
        books(notices=[*told(FACTS), stranger])
    )


def test_an_event_without_effect_is_named() -> None:
    for service in SERVICES:
        short = replace(AFTER, taken={**AFTER.taken, service: AFTER.taken[service] - 1}, parked=1)
        found = differences(books(after=short))
        assert f"events taken by {service}: " in found and "(difference -1)" in found
        assert "events parked: 1, but events parked before: 0" in found


def test_an_event_that_was_logged_and_not_sent_is_named() -> None:
    for service in SERVICES:
        more = replace(AFTER, logged={**AFTER.logged, service: AFTER.logged[service] + 1})
        assert f"but events on egov.{service}.v1" in differences(books(after=more))


def test_cases_of_others_meanwhile_are_no_difference() -> None:
    others = [
        fact("IncidentFiled", GRID_TOPIC, "z", 1, "case z", reference="desk/1", reporter=CITIZENS),
        fact("InspectionOpened", INSPECTION_TOPIC, "y", 1, "case z", incident="z", enterprise="92371199MAB0000158"),
        fact("CertificateSuspended", CERTIFICATES_TOPIC, "x", 2, "case z", enterprise="92371199MAB0000158"),
        Fact("p", GRID_TOPIC, "egov.chassis.v1.EventParked", "occurrence", 1),
        Fact("q", IDENTITY_TOPIC, "egov.identity.v1.ClientDisabled", "client", 1),
    ]
    facts = [*FACTS, *others]
    accounts = books(facts=facts, notices=told(facts), after=counts_of(facts, told(facts)))
    assert accounts.differences == []
    assert dict(accounts.lines)["events of others meanwhile"] == 5
    assert dict(accounts.lines)["notices"] == len(told(FACTS))


def test_an_escalation_is_counted_apart_and_its_notices_are_due() -> None:
    escalated = fact("IncidentEscalated", GRID_TOPIC, "incident of chicago/a", 9, "case chicago/a")
    facts = [*FACTS, replace(escalated, **of_incident("case chicago/a"))]
    accounts = books(facts=facts, notices=told(facts), after=counts_of(facts, told(facts)))
    assert accounts.differences == []
    assert dict(accounts.lines)["escalations of them, because time passed"] == 1
    assert "notice not made: 1" in differences(books(facts=facts, after=counts_of(facts, told(FACTS))))
