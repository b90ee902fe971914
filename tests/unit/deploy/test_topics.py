from kafka.admin import ACLOperation, ResourceType

from deploy.kafka import topics
from deploy.local import parts


def granted(operation: ACLOperation, kind: ResourceType) -> set[tuple[str, str]]:
    return {
        (rule.principal.removeprefix("User:"), rule.resource_pattern.resource_name)
        for rule in topics.rules(topics.read_topics())
        if rule.operation is operation and rule.resource_pattern.resource_type is kind
    }


def test_every_service_has_a_topic_and_writes_no_other() -> None:
    assert granted(ACLOperation.WRITE, ResourceType.TOPIC) == {(name, f"egov.{name}.v1") for name in parts.names()}


def test_readers_are_those_that_the_topic_names_and_the_collector() -> None:
    read = granted(ACLOperation.READ, ResourceType.TOPIC)
    assert ("notification", "egov.grid.v1") in read and ("grid", "egov.notification.v1") not in read
    assert {topic for reader, topic in read if reader == "collector"} == {f"egov.{name}.v1" for name in parts.names()}


def test_a_service_reads_back_what_it_wrote() -> None:
    read = granted(ACLOperation.READ, ResourceType.TOPIC)
    assert {(name, f"egov.{name}.v1") for name in parts.names()} <= read
    all_rules = topics.rules(topics.read_topics())
    assert len(all_rules) == len(set(all_rules))


def test_a_group_begins_with_the_name_of_its_service() -> None:
    groups = granted(ACLOperation.READ, ResourceType.GROUP)
    assert groups == {(name, f"{name}.") for name in (*parts.names(), "collector")}


def test_events_stay_14_days_in_6_partitions() -> None:
    for topic in topics.read_topics():
        assert (topic.partitions, topic.config()["retention.ms"]) == (6, str(14 * 24 * 3600 * 1000))
