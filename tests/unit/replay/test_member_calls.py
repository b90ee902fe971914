import json
from pathlib import Path

import pytest

from deploy.local.member_calls import EXAMPLES, Example, Wish, example_for, first_village, member_json, texts
from deploy.local.stackfile import Stack, from_json

RUN = Path("/tmp/run")


def stack() -> Stack:
    said = {"gateway": "https://127.0.0.1:8443/", "trust": "tls/trust.pem", "members": "members", "mail": None}
    return from_json({**said, "kafka": {"bootstrap": "127.0.0.1:9092"}}, RUN)


def wish(*scopes: str) -> Wish:
    return Wish("donggang-water", scopes, "371102", ())


def test_a_stack_file_is_read_with_paths_below_its_folder() -> None:
    where = stack()
    assert (where.gateway, where.trust) == ("https://127.0.0.1:8443", RUN / "tls/trust.pem")
    assert where.key_of("rizhao-ops") == RUN / "members/rizhao-ops/key.pem"
    assert where.kafka.options() == {"bootstrap_servers": ["127.0.0.1:9092"]}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rpc)
def test_every_scope_has_a_call_that_it_allows(example: Example) -> None:
    assert example_for(wish(example.scope or "no.such.scope")).rpc == example.rpc


def test_a_read_needs_no_idempotency_key_and_a_change_does() -> None:
    folder = RUN / "members/donggang-water"
    read = texts(stack(), wish("grid.incidents.read"), folder, example_for(wish("grid.incidents.read")))
    change = texts(stack(), wish("grid.incidents.file"), folder, example_for(wish("grid.incidents.file")))
    assert "Idempotency-Key" not in read["curl"] + read["grpc"]
    assert "Idempotency-Key" in change["curl"] and "Idempotency-Key" in change["grpc"]


def test_a_call_of_operations_names_the_service() -> None:
    folder = RUN / "members/watch"
    calls = texts(stack(), wish("operations.read"), folder, example_for(wish("operations.read")))
    assert "egov-service: grid" in calls["grpc"] and '{"service": "grid"}' in calls["grpc"]


def test_what_the_python_example_reads_is_its_own_call() -> None:
    said = json.loads(member_json(stack(), wish("grid.incidents.read"), example_for(wish("grid.incidents.read"))))
    assert said["client_id"] == "donggang-water"
    assert said["call"] == {"method": "GET", "path": "/v1/incidents", "body": None}


@pytest.mark.parametrize(("region", "village"), [("371103", "371103001001"), ("371100", "371102001001")])
def test_the_report_to_file_is_about_a_village_of_the_members_region(region: str, village: str) -> None:
    asked = Wish("lanshan-gas", ("grid.incidents.file",), region, ())
    body = example_for(asked).body
    assert body is not None and body["report"]["region"] == village


def test_the_report_of_a_grids_member_is_about_its_village() -> None:
    assert first_village("371103001001002") == "371103001001"
    assert first_village("119999") is None
