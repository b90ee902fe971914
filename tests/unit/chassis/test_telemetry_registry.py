import re

import pytest

from services.chassis import telemetry_registry
from services.chassis.telemetry_registry import ATTRIBUTES, LOG_FIELDS, METRICS, SPANS, Field, Metric, SpanName

# Words that would hold a person's data, as whole parts of a name.
PERSONAL = re.compile(
    r"(^|[._])(name|phone|mobile|email|mail|address|ip|subject|person|citizen|text|body|user)($|[._])"
)
HARMLESS = {
    "messaging.destination.name", "messaging.consumer.group.name", "messaging.operation.name", "db.system.name",
    "db.operation.name", "db.collection.name", "rpc.system.name", "network.protocol.name", "egov.job.name",
    "egov.due.name", "egov.timer.name", "server.address", "messaging.message.body.size", "address",
}  # fmt: skip


def test_no_entry_is_named_like_a_persons_data() -> None:
    names = set(ATTRIBUTES) | set(LOG_FIELDS)
    assert {name for name in names if PERSONAL.search(name)} - HARMLESS == set()


def test_every_text_has_a_pattern_so_that_none_takes_free_text() -> None:
    texts = [field for field in (*ATTRIBUTES.values(), *LOG_FIELDS.values()) if field.type in ("string", "strings")]
    assert [field.name for field in texts if not field.pattern] == []
    sentence = "王小明，电话 13800000000"
    assert [field.name for field in texts if field.matches is not None and field.matches(sentence)] == []


def test_every_entry_says_what_it_means() -> None:
    entries: list[Field | Metric | SpanName]
    entries = [*ATTRIBUTES.values(), *LOG_FIELDS.values(), *METRICS.values(), *SPANS]
    for entry in entries:
        assert len(entry.meaning) > 5


def test_long_texts_are_cut_and_wrong_types_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EGOV_STRICT_TELEMETRY", raising=False)
    monkeypatch.setattr(telemetry_registry, "STRICT", False)
    assert telemetry_registry.attribute("egov.reason", "A" * 1000) == "A" * 200
    assert telemetry_registry.attribute("egov.rows", True) is None
    assert telemetry_registry.attribute("egov.wait_ms", 3) == 3.0
    assert telemetry_registry.log_field("attempt", "1") is None
