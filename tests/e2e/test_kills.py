"""Parts die, and nothing is lost or doubled: after every kill the books of `books.py` balance.

A kill is SIGKILL: no part has a chance to tidy up. Some processes kill themselves at a named point of the chassis
(`EGOV_FAULTPOINTS`), so that the moment is the worst one. The stack is this module's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.children import answers
from tests.conftest import running_stack
from tests.e2e.books import NO_REPEATS, balance, end_leases, mail_ids, outbox, pending_jobs
from tests.e2e.city import City, report
from tests.e2e.door import assert_refused
from tests.e2e.loads import load
from tests.waiting import wait_for

# On a busy machine a part may take long to come back.
pytestmark = pytest.mark.timeout(600)

REPORTS = 20
SOME = 8


@pytest.fixture(scope="module")
def city(request: pytest.FixtureRequest) -> Iterator[City]:
    """A city of this module's own."""
    with running_stack(request) as stack, City(stack) as city:
        yield city


def restart_to_die(city: City, part: str, point: str) -> None:
    """Restart a service that will kill itself at this point of the chassis."""
    city.stack.restart_part(part, {"EGOV_FAULTPOINTS": point})


def start_after_death(city: City, part: str) -> None:
    """Wait until the service has killed itself, and start it as it should be."""
    child = city.stack.part(part).child
    assert child is not None
    wait_for(f"{part} kills itself", lambda: not child.alive())
    assert child.exit_code() == -9
    end_leases(city)
    city.stack.start_part(part, {"EGOV_FAULTPOINTS": ""})


def test_the_relay_dies_after_kafkas_acknowledgement(city: City) -> None:
    restart_to_die(city, "grid", "relay.after_ack=kill@3")

    with load(city, REPORTS) as work:
        start_after_death(city, "grid")

    # What was acknowledged and not yet taken from the outbox was sent again, under the same id, and had one effect.
    assert balance(work).records > 0


def test_a_consumer_dies_after_its_commit(city: City) -> None:
    restart_to_die(city, "notification", "consumer.after_commit=kill@5")

    with load(city, REPORTS) as work:
        start_after_death(city, "notification")

    assert balance(work).records == 0, "nothing was sent twice: grid did not die"


def test_a_job_dies_after_the_mail_server_took_the_mail(city: City) -> None:
    restart_to_die(city, "notification", "job.before_commit=kill@3")

    with load(city, SOME) as work:
        start_after_death(city, "notification")

    # What each of the two runners had in hand may be there twice, under one id; nothing is missing.
    assert balance(work).mails <= 2


def test_a_service_dies_in_the_middle_of_its_calls(city: City) -> None:
    with load(city, REPORTS) as work:
        wait_for("some calls", lambda: work.acknowledged >= SOME)
        city.stack.kill_part("grid")
        city.stack.start_part("grid")

    assert max(work.tries) > 1, "nobody had to ask again: the kill came too late"
    balance(work)


def test_the_gateway_dies(city: City) -> None:
    with load(city, REPORTS) as work:
        wait_for("some calls", lambda: work.acknowledged >= SOME)
        city.stack.kill_part("gateway")
        city.stack.start_part("gateway")

    assert max(work.tries) > 1, "nobody had to ask again: the kill came too late"
    assert balance(work) == NO_REPEATS


def test_kafka_dies_and_no_caller_notices(city: City) -> None:
    with load(city, REPORTS) as work:
        wait_for("some calls", lambda: work.acknowledged >= SOME)
        city.stack.kill_part("kafka")

    # Every command was acknowledged at its first try; its events wait.
    assert set(work.tries) == {1}
    assert outbox(city, "grid") > 0
    assert answers(f"{city.stack.admin_url('grid')}/readyz")

    city.stack.start_part("kafka")
    balance(work)


def test_postgresql_dies(city: City) -> None:
    with load(city, REPORTS) as work:
        wait_for("some calls", lambda: work.acknowledged >= SOME)
        city.stack.kill_part("postgres")
        assert_refused(city.door.post("/v1/incidents", city.people.citizens.token(), {"report": report()}),
                       503, "UNAVAILABLE")  # fmt: skip
        city.stack.start_part("postgres")
        end_leases(city)

    assert max(work.tries) > 1, "nobody had to ask again: the kill came too late"
    balance(work)


def test_identity_is_down(city: City) -> None:
    city.stack.restart_part("notification", {"MAIL_RETRY_S": "1"})
    with load(city, 1) as before:
        pass
    balance(before)
    token, sent = city.people.citizens.token(), len(mail_ids(city))
    city.stack.kill_part("identity")

    with load(city, SOME) as work:
        pass
    # Tokens are checked without identity, and a region that was asked for before is still known.
    assert set(work.tries) == {1}

    # What only identity can say is refused with a clear word, at once.
    elsewhere = {"report": report(region="371102001001002")}
    assert_refused(city.door.post("/v1/incidents", token, elsewhere), 503, "UNAVAILABLE")

    # Notices are made; mails wait, since nobody says where to.
    notices = "SELECT count(*) FROM notice WHERE case_number = ANY(%s)"
    cases = [incident["caseNumber"] for incident in work.filed]
    wait_for("notices", lambda: city.one("notification", notices, cases)["count"] == 4 * SOME)
    assert pending_jobs(city) == 4 * SOME
    assert len(mail_ids(city)) == sent

    city.stack.start_part("identity")
    assert balance(work) == NO_REPEATS


def test_notification_is_down(city: City) -> None:
    token = city.people.citizens.token()
    city.stack.kill_part("notification")

    refused = assert_refused(city.door.get("/v1/notices", token), 503, "UNAVAILABLE")
    assert refused.metadata == {"service": "notification"}
    with load(city, REPORTS) as work:
        pass
    # The others go on as if nothing had happened.
    assert set(work.tries) == {1}

    city.stack.start_part("notification")
    # It catches up, and each event has one effect.
    assert balance(work) == NO_REPEATS
