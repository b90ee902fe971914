"""One report that goes through every service: read it top to bottom, each test is a step of the case.

A citizen reports an unclean kitchen; market supervision inspects it, what is found suspends the licence, what was
rectified lets it go on, and the incident is closed. Where nobody acts, an event does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.client import ApiError
from tests.e2e.books import mail_ids
from tests.e2e.chain import DEPARTMENT, ENTERPRISE, MAILBOX, SPOILED, Chain
from tests.e2e.city import CENTRE, COUNTY, FOOD_LICENCE, City, Json
from tests.e2e.edges import NOT_YET, declared_edges, outcomes, taken_in, whole_tree
from tests.e2e.spans import what
from tests.waiting import wait_for

ELSEWHERE = f"{COUNTY}-CGJ"

SERVICES = ("certificates", "grid", "identity", "inspection", "notification")
FACTS = {
    "grid": ["IncidentFiled", "IncidentDispatched", "IncidentAccepted", "IncidentHandled", "IncidentVerified",
             "IncidentClosed"],
    "inspection": ["InspectionOpened", "OfficersAssigned", "FindingRecorded", "RectificationOrdered",
                   "RecheckRecorded", "InspectionClosed"],
    "certificates": ["CertificateSuspended", "CertificateResumed"],
}  # fmt: skip
# What came of each step that a person took, whoever did the rest of it.
STEPS = {
    "incident:file": ("GridService/FileIncident", {"IncidentFiled"}),
    "incident:dispatch": (
        "GridService/DispatchIncident", {"IncidentDispatched", "InspectionOpened", "IncidentAccepted"},
    ),
    "inspection:assign": ("InspectionService/AssignOfficers", {"OfficersAssigned"}),
    "inspection:recordFinding": ("InspectionService/RecordFinding", {"FindingRecorded", "CertificateSuspended"}),
    "inspection:orderRectification": ("InspectionService/OrderRectification", {"RectificationOrdered"}),
    "inspection:recordRecheck": ("InspectionService/RecordRecheck", {"RecheckRecorded"}),
    "inspection:close": (
        "InspectionService/CloseInspection", {"InspectionClosed", "CertificateResumed", "IncidentHandled"},
    ),
    "incident:verify": ("GridService/VerifyIncident", {"IncidentVerified"}),
    "incident:close": ("GridService/CloseIncident", {"IncidentClosed"}),
}  # fmt: skip
TOLD = {
    ("client", "rizhao-ssp"): {
        "incident-filed", "incident-dispatched", "incident-accepted", "incident-handled", "incident-verified",
        "incident-closed", "inspection-opened", "inspection-rectification", "inspection-passed", "inspection-closed",
        "certificate-suspended", "certificate-resumed",
    },
    ("department", CENTRE): {"incident-filed", "incident-accepted", "incident-handled"},
    ("department", DEPARTMENT): {
        "incident-dispatched", "incident-verified", "incident-closed", "inspection-opened", "inspection-finding",
        "inspection-rectification", "inspection-passed", "inspection-closed", "certificate-suspended",
        "certificate-resumed",
    },
    # Nobody tells an enterprise that it will be inspected.
    ("enterprise", ENTERPRISE): {
        "inspection-finding", "inspection-rectification", "inspection-passed", "inspection-closed",
        "certificate-suspended", "certificate-resumed",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def chain(city: City) -> Chain:
    return Chain.begun(city)


@contextmanager
def refused(reason: str) -> Iterator[None]:
    """What is asked is refused for this reason."""
    with pytest.raises(ApiError) as told:
        yield
    assert told.value.reason == reason


def test_1_the_enterprise_holds_a_licence(chain: Chain) -> None:
    licence = chain.licence_is("VALID")
    assert (licence["holder"], licence["issuer"], licence["typeCode"]) == (ENTERPRISE, DEPARTMENT, FOOD_LICENCE)


def test_2_a_citizen_reports_and_the_seat_dispatches(chain: Chain) -> None:
    chain.led("dispatch", chain.city.dispatch(chain.file()))
    assert chain.incident["holderDepartment"] == DEPARTMENT


def test_3_the_dispatch_opens_an_inspection_which_accepts_the_incident(chain: Chain) -> None:
    chain.await_inspection()
    assert chain.inspection["state"] == "INSPECTION_STATE_OPENED"
    assert chain.inspection["caseNumber"] == chain.case_number
    assert (chain.inspection["department"], chain.inspection["enterpriseCode"]) == (DEPARTMENT, ENTERPRISE)
    assert chain.incident_is("ACCEPTED")["inspectionId"] == chain.inspection["inspectionId"]


def test_4_two_licensed_officers_are_assigned(chain: Chain) -> None:
    ids = chain.officer_ids()
    with refused("NOT_THE_HOLDER"):
        chain.inspect("assign", chain.city.people.officer(ELSEWHERE), officers=ids)
    with refused("INVALID_ARGUMENT"):
        chain.inspect("assign", chain.officer(), officers=ids[:1])
    chain.inspect("assign", chain.officer(), officers=ids)
    assert chain.inspection["state"] == "INSPECTION_STATE_ASSIGNED"
    assert chain.inspection["officers"] == ids


def test_5_a_grave_finding_suspends_the_licence(chain: Chain) -> None:
    with refused("NOT_AN_OFFICER_HERE"):
        chain.inspect("recordFinding", chain.city.people.officer(ELSEWHERE), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    chain.inspect("recordFinding", chain.officer(1), itemCode=SPOILED, gravity="GRAVITY_GRAVE")
    (finding,) = chain.inspection["findings"]
    assert (finding["officerId"], finding["certificateType"]) == (chain.officer_ids()[1], FOOD_LICENCE)
    assert chain.licence_is("SUSPENDED")["caseNumber"] == chain.case_number


def test_6_rectification_is_ordered_and_checked_again(chain: Chain) -> None:
    with refused("NOT_RECTIFIED"):
        chain.inspect("close", chain.officer())
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    chain.inspect("orderRectification", chain.officer(), rectifyBy=until)
    assert chain.inspection["state"] == "INSPECTION_STATE_RECTIFYING"
    chain.inspect("recordRecheck", chain.officer(1), passed=True)
    assert chain.inspection["state"] == "INSPECTION_STATE_RECHECKED"


def test_7_the_close_of_the_inspection_resumes_the_licence_and_handles_the_incident(chain: Chain) -> None:
    chain.licence_is("SUSPENDED")
    chain.inspect("close", chain.officer())
    assert chain.inspection["state"] == "INSPECTION_STATE_CLOSED"
    assert chain.inspection["outcome"] == "INSPECTION_OUTCOME_RECTIFIED"
    assert chain.inspection.get("refusedEffects", []) == []

    chain.licence_is("VALID")
    incident = chain.incident_is("HANDLED")
    assert (incident["handlingOutcome"], incident["holderDepartment"]) == ("HANDLING_OUTCOME_RECTIFIED", CENTRE)


def test_8_the_seat_verifies_and_closes(chain: Chain) -> None:
    verified = chain.led("verify", chain.city.verify(chain.incident))
    assert verified["state"] == "INCIDENT_STATE_VERIFIED"
    chain.led("close", chain.city.close(verified))
    assert (chain.incident["state"], chain.incident["version"]) == ("INCIDENT_STATE_CLOSED", "6")


@pytest.mark.parametrize("service", FACTS)
def test_9_one_case_has_every_fact_once_and_in_order(chain: Chain, service: str) -> None:
    events = chain.city.events(service, chain.case_number)
    assert [event["type"].rpartition(".")[2] for event in events] == FACTS[service]


def test_9_nothing_was_parked_on_the_way(chain: Chain) -> None:
    asked = "SELECT * FROM chassis.parked_event WHERE case_number = %s"

    def left() -> list[Json]:
        return [row for service in SERVICES for row in chain.city.rows(service, asked, chain.case_number)]

    # What overtook another waits for it and is taken then.
    wait_for("nothing waits", lambda: not left())


def test_9_everybody_concerned_was_told_once(chain: Chain) -> None:
    officers = {("person", id): {"inspection-assigned"} for id in chain.officer_ids()}
    wanted = Counter((who, template) for who, templates in (TOLD | officers).items() for template in templates)

    def told() -> Counter[tuple[tuple[str, str], str]]:
        notices = chain.city.notices(chain.case_number)
        return Counter(((n["owner_kind"], n["owner_id"]), n["template"].partition("/")[0]) for n in notices)

    wait_for("every notice", lambda: told().total() >= wanted.total())
    assert told() == wanted


def test_9_the_enterprise_has_its_mails(chain: Chain) -> None:
    mine = [notice for notice in chain.city.notices(chain.case_number) if notice["owner_id"] == ENTERPRISE]
    assert len(mine) == len(TOLD["enterprise", ENTERPRISE])

    def states() -> set[str]:
        asked = "SELECT email_state FROM notice WHERE id = ANY(%s)"
        return {row["email_state"] for row in chain.city.rows("notification", asked, [each["id"] for each in mine])}

    wait_for("every mail was tried", lambda: "PENDING" not in states())
    assert states() == {"SENT"}
    sent = Counter(mail_ids(chain.city))
    assert {str(notice["id"]): sent[str(notice["id"])] for notice in mine} == {str(each["id"]): 1 for each in mine}
    # Those of the licence name the licence in their subject, the others the case.
    named = [mail for mail in chain.city.mails(chain.case_number) if mail["to"] == MAILBOX]
    assert len(named) == len([each for each in TOLD["enterprise", ENTERPRISE] if each.startswith("inspection-")])


def test_10_every_edge_that_is_declared_was_gone_once(chain: Chain) -> None:
    edges = declared_edges(chain.city, chain.case_number)
    # Everything that happened is taken by somebody: at least to tell people of it.
    assert {edge.fact for edge in edges} == {fact for facts in FACTS.values() for fact in facts}

    def settled() -> bool:
        found = outcomes(chain.city, edges)
        return found.total() >= len(edges) and not {outcome for _, outcome in found} & NOT_YET

    wait_for("every edge", settled)
    assert outcomes(chain.city, edges) == Counter((edge, "taken") for edge in edges)


@pytest.mark.parametrize("step", STEPS)
def test_10_each_step_is_one_tree_with_all_that_came_of_it(chain: Chain, step: str) -> None:
    method, facts = STEPS[step]
    edges = [edge for edge in declared_edges(chain.city, chain.case_number) if edge.trace == chain.traces[step]]
    assert {edge.fact for edge in edges} == facts

    spans = whole_tree(chain.city, chain.traces[step], edges)
    by_id = {span.span: span for span in spans}
    (root,) = (span for span in spans if not span.parent)
    assert what(root) == ("gateway", "server", method)
    for span in spans:
        assert span is root or span.parent in by_id, f"{what(span)} is an orphan"
        assert not span.links, "work that begins at once joins its cause's trace"
    assert Counter(span.attributes.get("egov.event.outcome") for span in spans)["taken"] == len(edges)
    for edge in edges:
        (taking,) = taken_in(spans, edge)
        sending = by_id[taking.parent]
        assert (sending.kind, sending.attributes["egov.event.id"]) == ("producer", edge.event_id)
        assert taking.case_number == sending.case_number == chain.case_number


def test_10_nothing_of_the_case_came_of_no_step(chain: Chain) -> None:
    assert set(chain.traces) == set(STEPS)
    edges = declared_edges(chain.city, chain.case_number)
    assert {edge.trace for edge in edges} == set(chain.traces.values())
