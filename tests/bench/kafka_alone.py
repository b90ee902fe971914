"""kafka-python alone, in a process of its own: what the lines about events are compared with.

    python -m tests.bench.kafka_alone send --count 20000 --report <file> --broker <pid>      as fast as it goes
    python -m tests.bench.kafka_alone send --count 1000 --rate 100 --report <file> ...       each with its moment
    python -m tests.bench.kafka_alone read --count 20000 --report <file> ...                 all that is there
    python -m tests.bench.kafka_alone follow --count 1000 --report <file> ...                what comes, and how late

Producer and consumer have the settings of the chassis's own. Records, TLS and access rules are the same.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.kafka.topics import CLIENT_KEYS
from services.chassis.runtime import BROKERS
from tests.bench.measure import Meter, Sample
from tests.bench.pace import Pace
from tests.bench.records import headers_of, sealed

# What is read is what grid's relay published; what is sent has a topic of its own.
READ_TOPIC, TOPIC = "egov.grid.v1", "egov.bench.v1"
PARTITIONS = range(6)
SENT = "sent"
PASSES = 3


def main() -> int:
    """Do what is asked and leave a sample in the report's file; a reader that follows makes the file when it begins."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kafka_alone")
    parser.add_argument("what", choices=("send", "read", "follow"))
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="records per second; 0: as fast as it goes")
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--broker", type=int, required=True, help="process id of the broker")
    asked = parser.parse_args()
    meter = Meter({"client": [os.getpid()], "kafka": [asked.broker]})
    if asked.what == "send":
        sample = send(asked.count, asked.rate, meter)
    elif asked.what == "read":
        sample = read(asked.count, meter)
    else:
        sample = follow(asked.count, asked.report)
    asked.report.write_text(json.dumps(asdict(sample)), encoding="utf-8")
    return 0


def send(count: int, rate: float, meter: Meter) -> Sample:
    """Send so many records until all are acknowledged. Raises KafkaError when one was not."""
    producer = KafkaProducer(
        **_config(), acks="all", enable_idempotence=True, max_in_flight_requests_per_connection=5, linger_ms=0
    )
    records = [(envelope.key.encode(), headers_of(envelope), body) for envelope, body in sealed(count)]
    # Makes the connections; nobody counts these.
    for number in PARTITIONS:
        producer.send(TOPIC, partition=number, value=b"").get(10)
    pace = Pace(count, rate) if rate else None
    _freeze()
    with meter:
        answers = [producer.send(TOPIC, **record) for record in _in_time(records, pace)]
        producer.flush()
    for answer in answers:
        answer.get(0)
    producer.close()
    return Sample(done=count, seconds=meter.seconds, cpu_s=meter.cpu_s)


def _in_time(records: Iterable[Any], pace: Pace | None) -> Iterator[dict[str, Any]]:
    for key, headers, body in records:
        if pace is not None:
            pace.wait()
            headers.append((SENT, repr(time.time()).encode()))
        yield {"key": key, "value": body, "headers": headers}


def read(count: int, meter: Meter) -> Sample:
    """Read the `count` records of grid's topic, several times, after once that does not count."""
    consumer = _consumer(READ_TOPIC)
    _pass(consumer, count)
    _freeze()
    with meter:
        for _ in range(PASSES):
            _pass(consumer, count)
    consumer.close()
    return Sample(done=PASSES * count, seconds=meter.seconds, cpu_s=meter.cpu_s)


def _pass(consumer: KafkaConsumer, count: int) -> None:
    consumer.seek_to_beginning()
    touched = 0
    for record in itertools.islice(_records(consumer), count):
        touched += len(dict(record.headers)) + len(record.value)
    assert touched > count


def follow(count: int, report: Path) -> Sample:
    """Read what comes from now on, until so many records said when they were sent."""
    consumer = _consumer(TOPIC)
    consumer.seek_to_end()
    for partition in consumer.assignment():
        consumer.position(partition)
    report.touch()
    took, begun = [], time.monotonic()
    for record in _records(consumer):
        sent = dict(record.headers).get(SENT)
        if sent is not None:
            took.append(time.time() - float(sent))
        if len(took) == count:
            break
    consumer.close()
    return Sample(done=count, seconds=time.monotonic() - begun, took_s=took)


def _records(consumer: KafkaConsumer) -> Iterator[Any]:
    while True:
        for records in consumer.poll(timeout_ms=250).values():
            yield from records


def _consumer(topic: str) -> KafkaConsumer:
    consumer = KafkaConsumer(
        **_config(), group_id=None, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=100
    )
    consumer.assign([TopicPartition(topic, number) for number in PARTITIONS])
    return consumer


def _freeze() -> None:
    """What was made by now is looked at in no collection, as the chassis's main does it."""
    gc.collect()
    gc.freeze()


def _config() -> dict[str, Any]:
    given = {name: os.environ[key] for name, key in CLIENT_KEYS.items()}
    return {**given, "api_version": BROKERS, "metrics_enabled": False, "allow_auto_create_topics": False}


if __name__ == "__main__":
    sys.exit(main())
