import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from services.chassis import logs, telemetry, telemetry_registry

CASE = "371102-20261123-2000427-X"
PERSON = "王小明 13800000000"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    kept, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.setup("grid", "info")
    yield stream
    root.handlers[:], (sys.excepthook, threading.excepthook) = kept, hooks
    root.setLevel(level)
    logging.captureWarnings(False)


def _read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_record_is_one_line_with_its_trace_and_case(lines: io.StringIO) -> None:
    with telemetry.span("smtp send", kind="client") as span:
        telemetry.set_case(CASE)
        logs.event(logging.getLogger("services.grid"), logging.INFO, "filed", method="FileIncident", duration_ms=3)
    (line,) = _read(lines)
    assert line["service"] == "grid"
    assert line["trace_id"] == span.trace_id
    assert (line["case_number"], line["method"], line["duration_ms"]) == (CASE, "FileIncident", 3.0)
    assert line["time"].endswith("Z") and len(line["time"]) == len("2026-11-23T10:00:00.000Z")


def test_an_exception_leaves_its_type_and_frames_and_none_of_its_text(lines: io.StringIO) -> None:
    try:
        try:
            raise KeyError(PERSON)
        except KeyError as error:
            raise ValueError(f"row {PERSON}") from error
    except ValueError as error:
        logs.event(logging.getLogger("services.grid"), logging.ERROR, "failed", exc_info=True)
        # The way gRPC's server says it.
        logging.getLogger("grpc._server").exception("Exception calling application: %s", error)
    first, second = _read(lines)
    assert first["exception"]["type"] == "ValueError"
    assert first["exception"]["cause"] == "KeyError"
    assert any(__name__.rpartition(".")[2] in frame for frame in first["exception"]["frames"])
    assert second["message"] == "Exception calling application: ValueError"
    assert PERSON not in lines.getvalue()


def test_an_exception_nobody_caught_leaves_no_text_either(lines: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(PERSON)

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert [line["level"] for line in _read(lines)] == ["CRITICAL", "CRITICAL"]
    assert PERSON not in lines.getvalue()


def test_libraries_speak_from_warning_on_and_not_at_length(lines: io.StringIO) -> None:
    logging.getLogger("kafka.client").info("connected")
    logging.getLogger("kafka.client").warning("x" * 10_000)
    (line,) = _read(lines)
    assert len(line["message"]) == 300


def test_a_record_that_cannot_be_formatted_is_still_one_line(lines: io.StringIO) -> None:
    record = logging.LogRecord("services.grid", logging.WARNING, "", 1, "%d rows", ("three",), None)
    ours = next(handler for handler in logging.getLogger().handlers if type(handler).__module__ == logs.__name__)
    ours.handle(record)
    (line,) = _read(lines)
    assert line["message"] == "%d rows"


def test_fields_outside_the_registry_are_dropped_or_raise(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("services.grid")
    monkeypatch.setattr(telemetry_registry, "STRICT", False)
    monkeypatch.delenv("EGOV_STRICT_TELEMETRY", raising=False)
    logs.event(logger, logging.INFO, "filed", citizen=PERSON, reason=PERSON, attempt=None)
    (line,) = _read(lines)
    assert set(line) == {"time", "level", "service", "logger", "message"}
    monkeypatch.setenv("EGOV_STRICT_TELEMETRY", "1")
    with pytest.raises(telemetry_registry.Unregistered):
        logs.event(logger, logging.INFO, "filed", citizen=PERSON)


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        logs.setup("grid", "loud")
