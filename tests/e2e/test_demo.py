"""`make demo` as it is run: its table shows each event of the case, its exit code that every effect came."""

from __future__ import annotations

import pytest

from deploy.local import demo
from tests.e2e.city import City

CHAIN = [
    "CertificateIssued", "IncidentFiled", "IncidentDispatched", "InspectionOpened", "IncidentAccepted",
    "OfficersAssigned", "FindingRecorded", "CertificateSuspended", "RectificationOrdered", "RecheckRecorded",
    "InspectionClosed", "CertificateResumed", "IncidentHandled", "CertificateUsed", "IncidentVerified",
    "IncidentClosed",
]  # fmt: skip
CIRCLE = [
    "IncidentFiled", "IncidentDispatched", "IncidentAccepted", "IncidentHandled", "IncidentVerified", "IncidentClosed",
]  # fmt: skip


@pytest.mark.parametrize(("words", "events"), [([], CHAIN), ([], CHAIN), (["--type", "06010"], CIRCLE)])
def test_the_demo_plays_its_course_and_every_effect_comes(
    city: City,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    events: list[str],
) -> None:
    monkeypatch.setenv("EGOV_RUN", str(city.where.run))
    code = demo.main(words)
    said = capsys.readouterr()

    assert code == 0, said.out + said.err
    shown, _, rest = said.out.partition("\nTime: ")
    assert "not in time" not in shown
    assert [word for word in shown.split() if word in events] == events
    # The tree that follows was waited for: the last step and its mail are in it.
    assert "CloseIncident" in rest and "send_mail" in rest
