"""What has to be there after a run: an event for each acknowledged step, and what these cause in other services.

Each is told by a key. An event of an acknowledged step has its subject and version, since the gateway has said both;
one that follows from another event has what it follows from: the incident, or the case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from deploy.local.replaying.cases import Action
from deploy.local.replaying.facts import Fact
from deploy.local.replaying.mapping import reference_prefix
from deploy.local.replaying.player import Done

Key = tuple[str, ...]

EVENT_OF = {
    Action.ISSUE: "CertificateIssued",
    Action.FILE: "IncidentFiled",
    Action.DISPATCH: "IncidentDispatched",
    Action.OPEN: "InspectionOpened",
    Action.ASSIGN: "OfficersAssigned",
    Action.FIND: "FindingRecorded",
    Action.ORDER: "RectificationOrdered",
    Action.FAIL: "RecheckRecorded",
    Action.PASS: "RecheckRecorded",
    Action.END: "InspectionClosed",
    Action.ACCEPT: "IncidentAccepted",
    Action.HANDLE: "IncidentHandled",
    Action.VERIFY: "IncidentVerified",
    Action.CLOSE: "IncidentClosed",
}
"""The event of each step of a run."""

BY_EVENT = " by event"
SUSPENDED, RESUMED = "CertificateSuspended", "CertificateResumed or SuspensionLifted"
_FROM_CASE = {"CertificateSuspended": SUSPENDED, "CertificateResumed": RESUMED, "SuspensionLifted": RESUMED}


class Expected:
    """What a run leads to. `acknowledged`: keys of the steps' own events; `caused`: of those that follow from them.

    `chains`: ids of the incidents that inspection leads on; `suspended`: how many licences findings suspend.
    """

    def __init__(self, run: str, done: Sequence[Done], enterprises: Collection[str]) -> None:
        """`enterprises`: social credit codes that nobody but this run uses."""
        self._prefix, self._enterprises = reference_prefix(run), frozenset(enterprises)
        self.acknowledged = Counter(_key(each) for each in done)
        incidents = {each.step.case.key: each.mark.id for each in done if each.step.action is Action.FILE}
        self.chains = frozenset(incidents[each.step.case.key] for each in done if each.step.case.chain)
        self.caused = Counter(key for each in done for key in _consequences(each, incidents))
        # Several findings of one case, and several cases, suspend a licence on one ground each, and on no other.
        suspending = [each for each in done if _suspends(each)]
        self.caused.update({(SUSPENDED, each.mark.case_number) for each in suspending})
        self.suspended = len({inspected.licence.key for each in suspending if (inspected := each.step.case.inspected)})

    def ours(self, facts: Iterable[Fact]) -> list[Fact]:
        """Of all events those of this run: of its reports, of inspections and certificates of its enterprises."""
        known = list(facts)
        inspections = {fact.subject for fact in known if fact.name == "InspectionOpened" and self._is_ours(fact)}
        return [fact for fact in known if fact.subject in inspections or self._is_ours(fact)]

    def _is_ours(self, fact: Fact) -> bool:
        return fact.reference.startswith(self._prefix) or fact.enterprise in self._enterprises


def key_of(fact: Fact, chains: Collection[str]) -> Key:
    """The key of an event of this run. `chains`: ids of the incidents that inspection leads on."""
    if fact.name in _FROM_CASE:
        return _FROM_CASE[fact.name], fact.case_number
    if fact.name == "InspectionOpened" and fact.incident:
        return fact.name + BY_EVENT, fact.incident
    if fact.name in ("IncidentAccepted", "IncidentHandled") and fact.subject in chains:
        return fact.name + BY_EVENT, fact.subject
    return fact.name, fact.subject, str(fact.version), fact.detail


def _key(done: Done) -> Key:
    return EVENT_OF[done.step.action], done.mark.id, str(done.mark.version), _detail(done)


def _detail(done: Done) -> str:
    """What the event of a step says beside what it is about."""
    finding, inspected = done.step.finding, done.step.case.inspected
    if finding is not None:
        return f"{finding.item} {finding.gravity}"
    if done.step.action is Action.END and inspected is not None:
        return "RECTIFIED" if inspected.to_rectify else "IN_ORDER"
    return {Action.PASS: "passed", Action.FAIL: "failed"}.get(done.step.action, "")


def _consequences(done: Done, incidents: dict[str, str]) -> list[Key]:
    """What an acknowledged step leads to in other services. What suspends is counted by case, not by finding."""
    case, keys = done.step.case, list[Key]()
    if case.chain and done.step.action is Action.DISPATCH:
        keys += [(f"{name}{BY_EVENT}", done.mark.id) for name in ("InspectionOpened", "IncidentAccepted")]
    if case.chain and done.step.action is Action.END:
        keys.append((f"IncidentHandled{BY_EVENT}", incidents[case.key]))
    if done.step.action is Action.END and case.inspected is not None and case.inspected.suspends:
        keys.append((RESUMED, done.mark.case_number))
    return keys


def _suspends(done: Done) -> bool:
    """A finding that suspends a licence that there is."""
    finding, inspected = done.step.finding, done.step.case.inspected
    return bool(finding and finding.suspends and inspected and inspected.suspends)
