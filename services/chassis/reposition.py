"""Set a service's consumers in a topic that was made anew: `python -m services.chassis.reposition grid --topic ...`.

A position is a number in one topic. When the topic was deleted and made again the old numbers mean nothing, and its
consumers wait for a person. This says where they stand, and sets them: to the beginning, which is always safe, since
the inbox drops what was taken before; or to the end, which skips what the topic holds. The service may run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from services.chassis.contract import ContractError
from services.chassis.positions import KEEP_TOPIC, topic_id
from services.chassis.run import make_runtime
from services.chassis.runtime import Runtime
from services.chassis.settings import ConfigurationError

ANSWER_MS = 10_000

ROWS = sa.text(
    "SELECT consumer, partition, next_offset FROM chassis.consumer_position WHERE topic = :topic"
    " ORDER BY consumer, partition FOR UPDATE"
)
# What was the first in hand there was another record.
SET = (
    sa.text(
        "UPDATE chassis.consumer_position SET next_offset = :offset, updated_at = clock_timestamp()"
        " WHERE topic = :topic AND partition = :partition"
    ),
    sa.text("DELETE FROM chassis.consumer_try WHERE topic = :topic AND partition = :partition"),
)

Places = Mapping[int, int]


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Say what will be set, and set it unless it is a dry run. 1 without Kafka or the topic, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="services.chassis.reposition", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("service")
    parser.add_argument("--topic", required=True, help="such as egov.grid.v1")
    parser.add_argument("--to", required=True, choices=("beginning", "end"))
    parser.add_argument("--dry-run", action="store_true", help="say what would be set, and do nothing")
    given = parser.parse_args(arguments)
    try:
        _, runtime = make_runtime(given.service, frozenset(), environment)
    except (ConfigurationError, ContractError, ModuleNotFoundError) as error:
        print(f"{given.service}: {error}", file=sys.stderr)
        return 2
    try:
        identity, places = _places(runtime, given.topic, given.to)
        with runtime.engine.begin() as connection:
            _tell(connection, given.topic, places)
            if not given.dry_run:
                _set(connection, given.topic, identity, places)
    except KafkaError as error:
        print(f"{given.topic}: {type(error).__name__}", file=sys.stderr)
        return 1
    finally:
        runtime.engine.dispose()
    return 0


def _places(runtime: Runtime, topic: str, to: str) -> tuple[str | None, Places]:
    """The topic's identity, and its first or last offsets by partition. Raises KafkaError."""
    kafka = KafkaConsumer(**runtime.kafka_config(), allow_auto_create_topics=False, bootstrap_timeout_ms=ANSWER_MS)
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(kafka.partitions_for_topic(topic) or ())]
        if not partitions:
            raise KafkaError("there is no such topic")
        find = kafka.beginning_offsets if to == "beginning" else kafka.end_offsets
        offsets = find(partitions, timeout_ms=ANSWER_MS)
        return topic_id(kafka, topic), {part.partition: offset for part, offset in offsets.items()}
    finally:
        kafka.close(autocommit=False)


def _tell(connection: sa.Connection, topic: str, places: Places) -> None:
    for row in connection.execute(ROWS, {"topic": topic}):
        to = places.get(row.partition)
        moved = f"{row.next_offset} -> {to}" if to is not None else f"{row.next_offset}, a partition that is not there"
        print(f"{row.consumer:<30} {topic}/{row.partition:<4} {moved}")


def _set(connection: sa.Connection, topic: str, identity: str | None, places: Places) -> None:
    for partition, offset in places.items():
        for step in SET:
            connection.execute(step, {"topic": topic, "partition": partition, "offset": offset})
    if identity is not None:
        connection.execute(KEEP_TOPIC, {"name": f"topic {topic}", "id": identity})
    print(f"set; consumers of {topic} go on within a minute")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
