"""The occasions that notification makes of grid's events, from events that grid's own code makes."""

from __future__ import annotations

from datetime import timedelta

from egov.notification.v1 import notices_pb2

from services.grid import wire as grid_wire
from services.grid.domain.incidents import ClosingOutcome
from services.kernel.ids import uuid7
from services.kernel.parties import Party
from services.notification import wire
from services.notification.domain.notices import EmailState, notices_of
from tests.unit.fakes import NOW
from tests.unit.grid import samples
from tests.unit.grid.samples import CENTRE
from tests.unit.notification.samples import WORDINGS, notices


def test_whom_each_event_concerns() -> None:
    filed = samples.incident(reference="SSP-1")
    dispatched = samples.dispatched(filed)
    closed = dispatched.close(ClosingOutcome.HANDLED, seen=2, by_department=CENTRE, now=NOW)
    occasions = [
        wire.incident_filed(grid_wire.incident_filed(filed), str(uuid7())),
        wire.incident_dispatched(grid_wire.incident_dispatched(dispatched), str(uuid7())),
        wire.incident_closed(grid_wire.incident_closed(closed), str(uuid7())),
    ]
    assert [said.department for said in occasions] == [CENTRE, "371102-CGJ", "371102-CGJ"]
    for said in occasions:
        assert (said.reporter, said.reference) == (Party("client", "rizhao-ssp"), "SSP-1")
        assert said.case_number == filed.case_number
        assert len(notices_of(said, WORDINGS[said.wording], NOW)) == 2


def test_a_notice_says_everything_that_its_reader_may_know() -> None:
    [notice, _] = notices()
    message = wire.notice_message(notice.mark_read(NOW + timedelta(hours=1)))
    assert [text.language for text in message.texts] == ["zh-CN", "en"]
    assert message.read_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(hours=1)
    assert message.email_state == notices_pb2.EMAIL_STATE_PENDING
    assert message.template == "incident-filed/1"
    assert not wire.notice_message(notice).HasField("read_at")


def test_every_email_state_of_the_contract_is_known() -> None:
    assert {state.name for state in EmailState} == {
        name.removeprefix("EMAIL_STATE_") for name in notices_pb2.EmailState.keys() if not name.endswith("UNSPECIFIED")
    }
