"""Publish events of the log of record again: `python -m services.chassis.republish grid [--from ...] [--dry-run]`.

For a topic that was lost. The events go back into the outbox, per key in the order of their versions and together with
what waits there already; the relay publishes them under their own ids, and consumers drop what they took before. While
it runs, commits of the service wait. Its settings are the service's own. See `docs/runbooks/a-lost-topic.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.contract import ContractError
from services.chassis.database import without_limit
from services.chassis.eventdays import KEPT_DAYS
from services.chassis.lease import LEASE_S
from services.chassis.run import make_runtime
from services.chassis.settings import ConfigurationError

# Consumers park what is older than KEPT_DAYS; what is sent today may be taken tomorrow.
OLDEST = timedelta(days=KEPT_DAYS - 1)

WANTED = (
    "SELECT event_id, logged_at, aggregate_id, aggregate_version, type FROM chassis.event_log"
    " WHERE logged_at >= :since AND logged_at < :until"
    " AND (:case_number = '' OR case_number = :case_number) AND (:type = '' OR type = :type)"
)
COUNTS = sa.text(
    "SELECT type, count(*) FILTER (WHERE logged_at >= :oldest) AS events,"
    f" count(*) FILTER (WHERE logged_at < :oldest) AS older FROM ({WANTED}) wanted GROUP BY type ORDER BY type"
)
# Nothing is committed meanwhile that could overtake, and the relay gives up what it has in flight.
ALONE = (
    sa.text("LOCK TABLE chassis.outbox IN SHARE ROW EXCLUSIVE MODE"),
    sa.text(
        "UPDATE chassis.lease SET epoch = epoch + 1, owner = gen_random_uuid(),"
        f" expires_at = clock_timestamp() + {LEASE_S} * interval '1 s' WHERE name = 'relay'"
    ),
)
# The moment of a key's event is never before that of its earlier versions, even if a clock was set back in between.
PUT_BACK = sa.text(
    f"WITH wanted AS ({WANTED} AND logged_at >= :oldest), waiting AS ("
    " DELETE FROM chassis.outbox o USING chassis.event_log e"
    " WHERE e.event_id = o.event_id AND e.logged_at = o.logged_at"
    " AND e.aggregate_id IN (SELECT aggregate_id FROM wanted)"
    " RETURNING e.event_id, e.logged_at, e.aggregate_id, e.aggregate_version, e.type), every AS ("
    " SELECT * FROM wanted UNION SELECT * FROM waiting), placed AS ("
    " SELECT *, max(logged_at) OVER (PARTITION BY aggregate_id ORDER BY aggregate_version) AS moment FROM every)"
    " INSERT INTO chassis.outbox (event_id, logged_at)"
    " SELECT event_id, logged_at FROM placed ORDER BY moment, aggregate_id, aggregate_version"
)


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Say what will be done, and do it unless it is a dry run. 2 when the service or its settings are not right."""
    given = _parsed(arguments)
    try:
        _, runtime = make_runtime(given.service, frozenset(), environment)
    except (ConfigurationError, ContractError, ModuleNotFoundError) as error:
        print(f"{given.service}: {error}", file=sys.stderr)
        return 2
    wanted = {"since": given.since, "until": given.until, "case_number": given.case, "type": given.type}
    wanted["oldest"] = datetime.now(UTC) - OLDEST
    try:
        with runtime.engine.begin() as connection:
            without_limit(connection)
            if _told(connection, given.service, wanted) and not given.dry_run:
                _put_back(connection, wanted)
    finally:
        runtime.engine.dispose()
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="services.chassis.republish", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("service")
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    parser.add_argument("--from", dest="since", type=_moment, default=earliest, help="recorded from this moment on")
    parser.add_argument("--to", dest="until", type=_moment, default=latest, help="recorded before this moment")
    parser.add_argument("--case", default="", help="only of this case")
    parser.add_argument("--type", default="", help="only of this type, such as egov.grid.v1.IncidentFiled")
    parser.add_argument("--dry-run", action="store_true", help="say what would be published, and do nothing")
    return parser.parse_args(arguments)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a moment needs its offset: 2026-11-23T08:00:00+08:00")
    return moment


def _told(connection: sa.Connection, service: str, wanted: Mapping[str, Any]) -> int:
    """Say how many events of which types there are; how many will be published."""
    rows = connection.execute(COUNTS, wanted).all()
    events, older = sum(int(row.events) for row in rows), sum(int(row.older) for row in rows)
    for row in rows:
        print(f"{row.events:>10}  {row.type}")
    print(f"{events:>10}  events to egov.{service}.v1, under their own ids")
    if older:
        print(f"{older:>10}  events are left out: consumers take none that is older than {KEPT_DAYS} days")
    return events


def _put_back(connection: sa.Connection, wanted: Mapping[str, Any]) -> None:
    for step in ALONE:
        connection.execute(step)
    count = connection.execute(PUT_BACK, wanted).rowcount
    print(f"{count:>10}  events are in the outbox now, those that waited there before included")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
