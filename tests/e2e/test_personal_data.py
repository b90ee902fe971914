"""Personal data stays where its purpose is: nothing that is emitted, stored elsewhere or logged says any of it.

A case goes through all services with marked data in every field that may take some, beside it calls that are refused,
with the same data in every place where a caller can put it. Then everything is searched: each file of the stack
(logs of every part, spans, Kafka's own files), each page of each admin port, each table, each answer that refused.
"""

from __future__ import annotations

import pytest

from observability import files as telemetry
from tests.e2e import marked
from tests.e2e.chain import Chain
from tests.e2e.city import COUNTY, City
from tests.e2e.marked import (
    DOMAIN,
    MARKS,
    assert_nothing_of,
)
from tests.e2e.spans import spans_of
from tests.e2e.story import (
    CLIENT_SECRET,
    ENTERPRISE,
    HYGIENE,
    ODD,
    PERSONAL,
    Story,
    citizen,
    dismiss,
    inspect,
    licence,
    officer,
    refused_by_others,
    refused_reports,
    use,
)
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def story(city: City) -> Story:
    chain = Chain(city, city.gateway.post("/v1/certificates", licence(), door=officer(city)).body["certificate"])
    filed = city.file(type=HYGIENE, enterpriseCode=ENTERPRISE, **PERSONAL)
    chain.led("dispatch", city.dispatch(chain.led("file", filed)))
    used = use(chain)
    inspect(chain)
    chain.led("close", city.close(chain.led("verify", city.verify(chain.incident_is("HANDLED")))))
    holder = city.gateway.post("/v1/holders", citizen(), door=officer(city))
    told = Story(chain, dismiss(city), holder, used)
    told.refused = [*refused_reports(city), *refused_by_others(chain)]
    wait_for("a mail for every step", lambda: len(city.mails(chain.case_number)) >= 6)
    for reply in told.refused:
        trace = reply.headers["egov-trace-id"]
        wait_for("the spans of what was refused", lambda trace=trace: spans_of(city.where.telemetry, trace))  # type: ignore[misc]
    return told


def test_the_case_went_through_every_service(story: Story) -> None:
    """What is searched for was really there, and everything that follows looks in the right places."""
    found = marked.tables_that_say(story.city, [story.chain.case_number])
    assert {service for service, table in found if table == "chassis.event_log"} == {
        "grid", "inspection", "certificates", "notification",
    }  # fmt: skip
    said = dict(marked.files(story.city))
    saying = {name.split("/")[0] for name, content in said.items() if story.chain.case_number.encode() in content}
    assert {"logs", "telemetry", "kafka"} <= saying


def test_tables_hold_personal_data_only_where_it_is_their_purpose(story: Story) -> None:
    for mark in MARKS:
        assert marked.tables_that_say(story.city, [mark]) <= DOMAIN, mark
    held = {table for service, table in marked.tables_that_say(story.city, MARKS) if table.startswith("public.")}
    assert held == {table for _, table in DOMAIN if table.startswith("public.")}, "it was really given"


def test_no_file_of_the_stack_says_any_of_it(story: Story) -> None:
    """Logs of every part, Envoy, PostgreSQL and Kafka among them; spans; Kafka's files, byte by byte."""
    # Every refused call has left its line at the gateway.
    trace_ids = {reply.headers["egov-trace-id"] for reply in story.refused}
    access_log = story.city.where.run / "logs/gateway.log"
    wait_for("the gateway's log", lambda: all(trace_id in access_log.read_text() for trace_id in trace_ids))

    looked_at = set()
    for name, content in marked.files(story.city):
        assert_nothing_of([*MARKS, *marked.staff()], name, content)
        looked_at.add(name)
    logs = {f"logs/{name}.log" for name in ("certificates", "grid", "identity", "inspection", "notification")}
    assert logs | {"logs/gateway.log", "logs/postgres.log", "logs/kafka.log", "logs/collector.log"} <= looked_at


def test_no_log_and_no_span_names_a_person_by_id(story: Story) -> None:
    ids = marked.person_ids(story.city)
    for folder in ("logs", "telemetry"):
        for path in sorted((story.city.where.run / folder).iterdir()):
            assert_nothing_of(ids, path.name, path.read_bytes())


def test_no_admin_port_shows_any_of_it(story: Story) -> None:
    shown = dict(marked.admin_pages(story.city))
    assert b"egov_call_errors_total{" in shown["grid/metrics"], "the calls were counted"
    for page, content in shown.items():
        assert_nothing_of([*MARKS, *marked.staff(), *marked.person_ids(story.city)], page, content)


def test_no_statistics_of_the_database_say_any_of_it(story: Story) -> None:
    """Texts of statements that PostgreSQL keeps beside its tables."""
    postgres = story.city.stack.postgres
    assert postgres is not None
    with postgres.connect("grid") as administrator:
        administrator.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        texts = administrator.execute(
            "SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity"
        )
        whole = "\n".join(str(query) for (query,) in texts.fetchall())
    assert "INSERT INTO" in whole
    assert_nothing_of(MARKS, "a statement", whole.encode())


def test_no_refusal_says_any_of_it(story: Story) -> None:
    for reply in story.refused:
        assert reply.status in ODD, reply.body
        assert_nothing_of([*MARKS, *marked.staff()], "an answer", reply.body + repr(reply.headers).encode())
    assert sum(reply.status != 200 for reply in story.refused) > 25


def test_no_notice_and_no_mail_says_any_of_it(story: Story) -> None:
    said = [str(notice["texts"]) for notice in story.city.notices(story.chain.case_number)]
    said += [mail.get_content() for mail in story.city.mails(story.chain.case_number)]
    assert len(said) > 20
    for text in said:
        assert_nothing_of([*MARKS, *marked.staff()], "a notice", text.encode())


def test_no_secret_and_no_token_in_any_log_span_or_refusal(story: Story) -> None:
    city = story.city
    secrets = {path.read_text("ascii") for path in (city.where.run / "secrets").iterdir()}
    secrets |= {who.token() for who in (city.people.citizens, city.people.office, city.people.seat(COUNTY))}
    # Whatever is signed begins with these letters, and every private key that is written out has those words.
    secrets |= {"eyJhbGciOi", "PRIVATE KEY", "client_assertion", CLIENT_SECRET}
    places = [*(city.where.run / "logs").iterdir(), *telemetry.files(city.where.telemetry)]
    said = {path.name: path.read_bytes() for path in places}
    said |= {f"refusal {number}": reply.body for number, reply in enumerate(story.refused)}
    assert len(secrets) > 6 and len(said) > len(story.refused)
    found = [(place, secret[:8]) for place, content in said.items() for secret in secrets if secret.encode() in content]
    assert found == []
