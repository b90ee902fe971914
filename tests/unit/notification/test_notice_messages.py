"""A notice, as its reader is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from egov.notification.v1 import notices_pb2

from services.notification.domain.receipts import AttemptResult, Receipt
from services.notification.wire import notices as wire
from tests.unit.fakes import NOW
from tests.unit.notification.samples import notices


def test_a_notice_says_everything_that_its_reader_may_know() -> None:
    [notice, _] = notices()
    message = wire.notice_message(notice.mark_read(NOW + timedelta(hours=1)), "zh-CN")
    assert [text.language for text in message.texts] == ["zh-CN", "en"]
    assert [text.language for text in wire.notice_message(notice, "en").texts] == ["en", "zh-CN"]
    assert message.read_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(hours=1)
    assert message.email_state == notices_pb2.EMAIL_STATE_PENDING
    assert message.template == "incident-filed/1"
    assert not wire.notice_message(notice, "en").HasField("read_at")


def test_a_notice_shows_a_receipt_per_attempt() -> None:
    [notice, _] = notices()
    receipts = (Receipt(1, AttemptResult.DELAYED, NOW, 451, "en"), Receipt(2, AttemptResult.TAKEN, NOW, 250, "en"))
    shown = wire.notice_message(replace(notice, receipts=receipts), "en").receipts
    assert [(each.attempt, each.result, each.reply_code) for each in shown] == [
        (1, notices_pb2.ATTEMPT_RESULT_DELAYED, 451),
        (2, notices_pb2.ATTEMPT_RESULT_TAKEN, 250),
    ]
    assert {each.channel for each in shown} == {notices_pb2.CHANNEL_EMAIL}
