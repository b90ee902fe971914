"""Counters, gauges and histograms of this process, in Prometheus form. Names and meanings: `telemetry_registry.yaml`.

One function per fact, a microsecond or two each, safe from any thread. `render` is what the admin port serves.
"""

import math
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from services.chassis import telemetry_registry

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Else every counter and histogram has a second series beside it, for the moment at which it began.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it says of itself nothing
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)


def counter(name: str) -> Counter:
    """The registered counter of that name. KeyError if the registry lacks it."""
    entry = telemetry_registry.METRICS[name]
    return Counter(name, entry.meaning, entry.labels, registry=REGISTRY)


def gauge(name: str) -> Gauge:
    """The registered gauge of that name. KeyError if the registry lacks it."""
    entry = telemetry_registry.METRICS[name]
    return Gauge(name, entry.meaning, entry.labels, registry=REGISTRY)


def histogram(name: str) -> Histogram:
    """The registered histogram of that name. KeyError if the registry lacks it."""
    entry = telemetry_registry.METRICS[name]
    return Histogram(name, entry.meaning, entry.labels, registry=REGISTRY, buckets=entry.buckets)


_calls = counter("egov_calls_total")
_call_seconds = histogram("egov_call_seconds")
_call_errors = counter("egov_call_errors_total")
_events_out = counter("egov_events_out_total")
_events_in = counter("egov_events_in_total")
_events_skipped = counter("egov_events_skipped_total")
_consumer_lag = gauge("egov_consumer_lag")
_outbox_depth = gauge("egov_outbox_depth")
_outbox_age = gauge("egov_outbox_age_seconds")
_relay_leads = gauge("egov_relay_leads")
_parked = gauge("egov_parked")
_retries = counter("egov_retries_total")
_jobs = gauge("egov_jobs")
_job_runs = counter("egov_job_runs_total")
_due_runs = counter("egov_due_runs_total")
_due_late = gauge("egov_due_late_seconds")
_mended = counter("egov_mended_total")
_unmended = gauge("egov_unmended")
_pool_in_use = gauge("egov_pool_in_use")
_pool_size = gauge("egov_pool_size")
_tls_expiry = gauge("egov_tls_expiry_seconds")
_ready = gauge("egov_ready")
_restored = gauge("egov_restored")

# A process that has none of it, such as the collector, must not look like one whose time is over or that is not ready.
for _told_later in (_tls_expiry, _ready):
    _told_later.set(math.nan)


class _Refused(Collector):
    """`telemetry_registry` counts before metrics exist; its counts are read when asked for."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        entry = telemetry_registry.METRICS["egov_telemetry_refused_total"]
        family = CounterMetricFamily(entry.name, entry.meaning, labels=entry.labels)
        for kind, count in list(telemetry_registry.refused.items()):
            family.add_metric([kind], count)
        yield family


REGISTRY.register(_Refused())


@lru_cache(maxsize=4096)
def _call_series(method: str, code: str) -> tuple[Counter, Histogram]:
    return _calls.labels(method, code), _call_seconds.labels(method)


def call(method: str, code: str, seconds: float) -> None:
    """A call was answered. `method` is the contract's full name, `code` the gRPC status by name.

    Of a plain HTTP door: verb and route as declared, and the HTTP status.
    """
    calls, duration = _call_series(method, code)
    calls.inc()
    duration.observe(seconds)


def call_error(method: str, reason: str) -> None:
    """A call was refused or failed. `reason` is the contract's, as the caller was told it."""
    _call_errors.labels(method, reason).inc()


def event_out(event_type: str) -> None:
    """The broker acknowledged an event of that type."""
    _events_out.labels(event_type).inc()


def event_in(consumer: str, outcome: str, events: int = 1) -> None:
    """A consumer is done with events. Outcomes are those of attribute `egov.event.outcome`."""
    _events_in.labels(consumer, outcome).inc(events)


def event_skipped(consumer: str, events: int = 1) -> None:
    """A consumer passed over events of types that it does not declare."""
    _events_skipped.labels(consumer).inc(events)


def consumer_lag(consumer: str, topic: str, partition: int, events: int) -> None:
    """`events` of the partition come after the consumer's position."""
    _consumer_lag.labels(consumer, topic, str(partition)).set(events)


def forget_consumer_lag(consumer: str, topic: str, partition: int) -> None:
    """The partition is another process's from now on. No error if it was not known here."""
    try:
        _consumer_lag.remove(consumer, topic, str(partition))
    except KeyError:
        return


def outbox(depth: int, age_s: float) -> None:
    """`depth` events wait to be sent, the oldest for `age_s` seconds (0 if none waits)."""
    _outbox_depth.set(depth)
    _outbox_age.set(age_s)


def relay_leads(leads: Callable[[], bool]) -> None:
    """`leads` says whether this process's relay holds the lease; it is asked at each scrape."""
    _relay_leads.set_function(leads)


def parked(consumer: str, events: int) -> None:
    """`events` of that consumer are parked."""
    _parked.labels(consumer).set(events)


def retried() -> None:
    """A try is repeated after a transient failure."""
    _retries.inc()


def jobs(state: str, rows: int) -> None:
    """`rows` job rows are in `state`."""
    _jobs.labels(state).set(rows)


def job_run(name: str, outcome: str) -> None:
    """A try of the job of that name ended. Outcomes are those of attribute `egov.job.outcome`."""
    _job_runs.labels(name, outcome).inc()
    if outcome == "retried":
        _retries.inc()


def due_run(name: str, outcome: str) -> None:
    """A try of what is due by that name ended. Outcomes are those of attribute `egov.due.outcome`."""
    _due_runs.labels(name, outcome).inc()
    if outcome == "retried":
        _retries.inc()


def due_late(name: str, seconds: float) -> None:
    """The next of what is due by that name has waited so long; 0 when its moment has not come."""
    _due_late.labels(name).set(seconds)


def mended(fault: str) -> None:
    """A sweep mended something that should not have been so; `fault` says what it was."""
    _mended.labels(fault).inc()


def unmended(fault: str, found: int) -> None:
    """A sweep found so much that should not be so and cannot be mended by it; `fault` says what it is."""
    _unmended.labels(fault).set(found)


def left_unmended() -> dict[str, int]:
    """What sweeps of this process found last and could not mend, by fault; those that found nothing are left out."""
    [family] = _unmended.collect()
    return {each.labels["fault"]: int(each.value) for each in family.samples if each.value}


def pool(in_use: Callable[[], int], size: int) -> None:
    """The database pool has at most `size` connections; `in_use` says how many are, and is asked at each scrape."""
    _pool_in_use.set_function(in_use)
    _pool_size.set(size)


def tls_expiry(not_after: datetime) -> None:
    """The TLS identity ends at `not_after` (aware); the time left is worked out at each scrape."""
    _tls_expiry.set_function(lambda: not_after.timestamp() - time.time())


def ready(is_ready: bool) -> None:
    """Whether the process would answer `/readyz` with 200, as it was seen last."""
    _ready.set(is_ready)


def restored(is_restored: Callable[[], bool]) -> None:
    """`is_restored` says whether the database is known to have been set back; it is asked at each scrape."""
    _restored.set_function(is_restored)


def render() -> bytes:
    """All metrics in Prometheus text form, of type `CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
