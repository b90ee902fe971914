from pathlib import Path

import pytest

from deploy.local import parts
from deploy.local.errors import StackError
from deploy.local.places import ROOT
from deploy.local.stack import Stack

CACHE = ROOT / ".run" / "cache"


def existing(stack: Stack) -> dict[str, str]:
    """The environment of somebody whose own servers are those of the session's stack."""
    assert stack.kafka is not None
    databases = {f"DATABASE_URL_{name.upper()}": stack.wiring.database(name) for name in parts.names()}
    others = {"OTEL_EXPORTER_OTLP_ENDPOINT": stack.wiring.collector(), "SMTP_URL": "smtp://mail.example:25"}
    return databases | others | stack.kafka.settings(stack.identities.workload("kafka"))


def test_nothing_is_started_in_the_place_of_an_existing_server(stack: Stack, tmp_path: Path) -> None:
    embedded = ("postgres", "kafka", "topics", "collector", "mail")
    environment = existing(stack)
    with Stack(tmp_path / "run", cache=CACHE, only=embedded, environment=environment) as running:
        assert list(running.supervisor.parts) == ["topics"]
        told = running.env_for("notification")
        assert running.where().mail is None
    assert {key: told[key] for key in environment if not key.startswith("DATABASE_URL")} == {
        key: value for key, value in environment.items() if not key.startswith("DATABASE_URL")
    }
    assert told["DATABASE_URL_NOTIFICATION"] == environment["DATABASE_URL_NOTIFICATION"]
    assert "DATABASE_URL_GRID" not in told


def test_an_existing_cluster_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}
    with (
        pytest.raises(StackError, match=r"nobody answers at 127.0.0.1:9, which KAFKA_BOOTSTRAP_SERVERS names"),
        Stack(tmp_path / "run", cache=CACHE, only=("topics",), environment=environment),
    ):
        pass


def test_a_service_without_a_database_is_told_how_to_name_one(tmp_path: Path) -> None:
    with (
        pytest.raises(StackError, match=r"grid has no database: .* DATABASE_URL_GRID is not set"),
        Stack(tmp_path / "run", cache=CACHE, only=("grid",), environment={}),
    ):
        pass
