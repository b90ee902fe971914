"""What was once written to Kafka and to the log of record is read for good, and is still written the same way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from services.chassis.envelope import open_envelope
from tests.contract.golden import FOLDER, files_of, lacks_a_field, rendered
from tests.contract.system import events

HOW = "to add a golden file on purpose: python -m tests.contract.golden"
FILES = [(event, file) for event in events() for file in files_of(event)]
EACH = pytest.mark.parametrize(("event", "file"), FILES, ids=[file.stem for _, file in FILES])


@EACH
def test_old_bytes_mean_what_they_meant(event: Descriptor, file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    message = GetMessageClass(event).FromString(bytes.fromhex(golden["wire"]))
    now = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    # A later field may be there by now; what was there is as it was.
    assert {name: now.get(name) for name in golden["message"]} == golden["message"]


@EACH
def test_the_same_event_gives_the_same_bytes_and_headers(event: Descriptor, file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    message = json_format.ParseDict(golden["message"], GetMessageClass(event)())
    now = rendered(message)
    assert now["wire"] == golden["wire"], f"{event.full_name} is written in other bytes than before"
    # A later part of the envelope may be there by now; what was there is as it was.
    before = {name: now["headers"].get(name) for name in golden["headers"]}
    assert before == golden["headers"], f"{event.full_name} has another envelope than before"


@EACH
def test_an_old_envelope_is_read(event: Descriptor, file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    envelope = open_envelope([(name, text.encode()) for name, text in golden["headers"].items()])
    assert envelope.headers() == golden["headers"]
    assert envelope.type == event.full_name


@pytest.mark.parametrize("event", events(), ids=lambda event: event.full_name)
def test_every_event_has_a_golden_file_with_every_field(event: Descriptor) -> None:
    assert not lacks_a_field(event), HOW


def test_no_golden_file_is_left_without_its_event() -> None:
    known = {file for _, file in FILES}
    assert set(FOLDER.glob("*.json")) == known, "an event that was once published stays in the contract"
