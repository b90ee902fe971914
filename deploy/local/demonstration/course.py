"""The course of the case: who does what, in which order, and what has to follow from it.

A report that the department in charge inspects runs the whole chain: licence, report, inspection, grave finding,
suspension, rectification, licence in force again, use without paper, close. Any other runs grid's small circle.
"""

from __future__ import annotations

from collections.abc import Callable

from deploy.local.demonstration.case import FOOD_LICENCE, SPOILED_FOOD, Json, rectify_by
from deploy.local.demonstration.cast import CENTRE, MARKET_SUPERVISION, Actor, login, officer_of
from deploy.local.demonstration.licensing import LicensingSystem
from deploy.local.demonstration.sample import Restaurant
from deploy.local.demonstration.script import Script, constant, ended, finding, held, licence, ordered, word
from deploy.local.demonstration.stage import GRPC, JSON, Effect, Step

NO_EVENT = ""


def play(script: Script, holder: Restaurant | None, licensing: Callable[[], LicensingSystem]) -> None:
    """The whole course. `holder`: whom the report is about, if about anybody. Raises NotInTime and what calls raise."""
    if holder:
        issue(script, holder, licensing())
    report(script, holder)
    inspected = dispatch(script)
    if inspected:
        find(script)
        rectify(script)
    else:
        handle(script)
    if holder:
        use_without_paper(script, holder)
    close(script)


def issue(script: Script, holder: Restaurant, system: LicensingSystem) -> None:
    """Market supervision's own system issues the licence, by gRPC."""
    department = script.cast.code(MARKET_SUPERVISION)
    officer = Actor(officer_of(department), system.staff(login(department)))
    step = Step("issue 发证", officer, "CertificateIssued", GRPC)
    script.stage.act(step, lambda: script.case.issue(system, officer, holder), licence)
    told = (script.cast.inbox_of(department), "certificate-issued")
    script.stage.follow(*script.told.effects(script.case.identifier, "", told, holder=1))


def report(script: Script, about: Restaurant | None) -> None:
    """A citizen's app files it."""
    step = Step("report 上报", script.cast.citizen, "IncidentFiled")
    script.stage.act(step, lambda: script.case.report(step.by, about), held)
    script.tell(("citizen", "incident-filed"), ("centre", "incident-filed"))


def dispatch(script: Script) -> bool:
    """The seat sends it to the department in charge. Whether that inspects such incidents."""
    step = Step("dispatch 派遣", script.cast.seat(), "IncidentDispatched")
    script.stage.act(step, lambda: script.case.lead("dispatch", step.by), held)
    script.office = script.case.incident["holderDepartment"]
    told = [("citizen", "incident-dispatched"), ("office", "incident-dispatched")]
    if script.office.partition("-")[2] not in script.case.inspectors:
        script.tell(*told)
        return False
    told += [("citizen", "inspection-opened"), ("office", "inspection-opened")]
    told += [("citizen", "incident-accepted"), ("centre", "incident-accepted")]
    opened = Effect(
        "inspection", "InspectionOpened", script.case.inspection_opened, constant("inspection opened"), needed=True
    )
    script.tell(*told, before=(opened, script.incident_becomes("ACCEPTED", "IncidentAccepted")))
    return True


def handle(script: Script) -> None:
    """The department in charge handles it without an inspection."""
    officer = script.cast.officer(script.office)
    accepted = ("citizen", "incident-accepted"), ("centre", "incident-accepted")
    script.incident(Step("accept 接单", officer, "IncidentAccepted"), "accept", *accepted)
    handled = ("citizen", "incident-handled"), ("centre", "incident-handled")
    script.incident(Step("handle 处置", officer, "IncidentHandled"), "reportHandled", *handled)


def find(script: Script) -> None:
    """Two licensed officers are named; what one of them finds is grave, and the licence is suspended."""
    first, second = script.cast.inspectors()
    step = Step("assign 派员", first, "OfficersAssigned")
    told = [("officer", "inspection-assigned"), ("officer-2", "inspection-assigned")]
    named = script.case.officer_ids()
    script.inspection(step, "assign", constant("two licensed officers named"), *told, officers=named)

    step = Step("find 检查发现", second, "FindingRecorded")
    told = [("office", "inspection-finding"), ("office", "certificate-suspended"), ("citizen", "certificate-suspended")]
    suspended = script.licence_becomes("SUSPENDED", "CertificateSuspended")
    said = {"itemCode": SPOILED_FOOD, "gravity": "GRAVITY_GRAVE"}
    script.inspection(step, "recordFinding", finding, *told, before=(suspended,), holder=2, **said)


def rectify(script: Script) -> None:
    """Rectification is ordered and checked; the close lets the licence go on and reports the incident handled."""
    first, second = script.cast.inspectors()
    step = Step("rectify 责令整改", first, "RectificationOrdered")
    told = [("citizen", "inspection-rectification"), ("office", "inspection-rectification")]
    script.inspection(step, "orderRectification", ordered, *told, holder=1, rectifyBy=rectify_by())

    step = Step("re-check 复查", second, "RecheckRecorded")
    told = [("citizen", "inspection-passed"), ("office", "inspection-passed")]
    script.inspection(step, "recordRecheck", constant("passed"), *told, holder=1, passed=True)

    step = Step("conclude 检查办结", first, "InspectionClosed")
    told = [("citizen", "incident-handled"), ("centre", "incident-handled")]
    told += [
        (whom, wording) for whom in ("citizen", "office") for wording in ("inspection-closed", "certificate-resumed")
    ]
    resumed = script.licence_becomes("VALID", "CertificateResumed")
    handled = script.incident_becomes("HANDLED", "IncidentHandled")
    script.inspection(step, "close", ended, *told, before=(resumed, handled), holder=2)


def use_without_paper(script: Script, holder: Restaurant) -> None:
    """免证办: the grid centre's officer, who verifies on site, asks the restaurant for no paper."""
    officer = script.cast.officer(script.cast.code(CENTRE))

    def visible(body: Json) -> str:
        found = [each for each in body["certificates"] if each["typeCode"] == FOOD_LICENCE]
        mine = [each for each in found if each["number"] == script.case.licence["number"]]
        return f"food licences seen: {len(found)}, this one {word(mine[0]['status'])}"

    step = Step("look up 查证照", officer, NO_EVENT)
    script.stage.act(step, lambda: script.case.look_up(officer, holder), visible)
    step = Step("use 免证办", officer, "CertificateUsed")
    script.stage.act(step, lambda: script.case.use(officer), licence)
    on_record = Effect("certificates", NO_EVENT, script.case.use_is_on_record, constant("issuer sees the use"), JSON)
    script.tell(("centre", "certificate-used"), before=(on_record,), holder=1)


def close(script: Script) -> None:
    """The seat finds it handled and closes it."""
    verified = ("citizen", "incident-verified"), ("office", "incident-verified")
    script.incident(Step("verify 核查", script.cast.seat(), "IncidentVerified"), "verify", *verified, passed=True)
    closed = ("citizen", "incident-closed"), ("office", "incident-closed")
    step = Step("close 结案", script.cast.seat(), "IncidentClosed")
    script.incident(step, "close", *closed, outcome="CLOSING_OUTCOME_HANDLED")
