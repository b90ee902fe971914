"""Log records as JSON lines on stderr, with the trace and case they belong to.

    logs.event(logger, logging.WARNING, "call failed", method=name, reason="STALE_VERSION", duration_ms=12.5)

A line holds time (RFC 3339, UTC, milliseconds), level, service, logger, message, trace_id, span_id, case_number and
the fields of `telemetry_registry.yaml`. Exceptions leave their type and frames, never their text: a database or a
parser likes to quote the row it choked on, and rows hold people's data.
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from services.chassis import telemetry, telemetry_registry

LIBRARIES = (
    "kafka",
    "sqlalchemy",
    "grpc",
    "nameko",
    "alembic",
    "opentelemetry",
    "cheroot",
    "werkzeug",
    "psycopg",
    "urllib3",
)
_FIELDS = "egov_fields"
_LONGEST_OWN, _LONGEST_FOREIGN = 500, 300
_MOST_FRAMES = 30


def setup(service: str, level: str = "INFO") -> None:
    """Send every record of this process to stderr as JSON; libraries from WARNING on. Raises ValueError for a level.

    Uncaught exceptions, those of threads included, take the same way instead of printing their text.
    """
    root = logging.getLogger()
    root.setLevel(level.upper())
    handler = _Handler(sys.stderr)
    handler.setFormatter(_JsonLines(service))
    root.handlers[:] = [handler]
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def event(logger: logging.Logger, level: int, message: str, /, *, exc_info: bool = False, **fields: object) -> None:
    """Log `message`, fixed text without people's data, with registered fields; others are dropped and counted.

    A field of None is left out. `exc_info` adds the exception being handled: type and frames.
    """
    if not logger.isEnabledFor(level):
        return
    checked = {name: telemetry_registry.log_field(name, value) for name, value in fields.items() if value is not None}
    kept = {name: value for name, value in checked.items() if value is not None}
    logger.log(level, "%s", message, exc_info=exc_info, extra={_FIELDS: kept}, stacklevel=2)


class _Handler(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Stay silent: the default prints the record's arguments."""


class _JsonLines(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record.created),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": _message(record),
        }
        if (trace_id := telemetry.current_trace_id()) is not None:
            line |= {"trace_id": trace_id, "span_id": telemetry.current_span_id()}
        if (case_number := telemetry.current_case()) is not None:
            line["case_number"] = case_number
        line |= getattr(record, _FIELDS, {})
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _exception(record.exc_info[0], record.exc_info[1], record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    """The record's text, bounded, with the text of its exception (which libraries like to repeat) taken out."""
    try:
        text = record.getMessage()
    except (TypeError, ValueError):
        text = str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and str(error):
        text = text.replace(str(error), type(error).__name__)
    own = record.name.split(".", 1)[0] in ("services", "observability", "gateway", "deploy")
    longest = _LONGEST_OWN if own else _LONGEST_FOREIGN
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _exception(
    kind: type[BaseException], error: BaseException | None, frames: TracebackType | None
) -> dict[str, object]:
    told: dict[str, object] = {"type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    if error is not None and (reason := telemetry.failure(error)) != kind.__name__:
        told["reason"] = reason
    stack = traceback.extract_tb(frames)[-_MOST_FRAMES:]
    told["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack]
    cause = error.__cause__ or error.__context__ if error is not None else None
    if cause is not None:
        told["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}".removeprefix("builtins.")
    return told


def _uncaught(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("uncaught exception", exc_info=(kind, error, frames))


def _uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is None or what.exc_type is SystemExit:
        return
    thread = what.thread.name if what.thread else "unknown"
    fields = {_FIELDS: {"thread": thread}}
    told = (what.exc_type, what.exc_value, what.exc_traceback)
    logging.getLogger(__name__).critical("uncaught exception in a thread", exc_info=told, extra=fields)
