"""Reconcile a database that was set back with what was published: `python -m services.chassis.reconcile grid`.

It says what it will do; with `--yes` it does so, in one transaction. Runs as the owner role, which
DATABASE_URL_<SERVICE>_OWNER names, with the rest of the service's environment. The service may run meanwhile; it takes
changes again by itself.

* Events that the topic has and the log lacks are adopted: appended to the log, marked, and not published again, since
  consumers have them.
* An aggregate whose published version is beyond its row keeps the state that it has and takes that version, so that no
  (aggregate, version) is used twice. It is listed, and so is one whose row is gone: what was done to them since must be
  done again, by people.
* The serial of case numbers goes beyond all that the topic shows, and a margin further, for cases that were told to
  callers and not published yet.
* Positions of consumers stay as they are: they went back with their effects, so those events are taken again, once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from kafka.errors import KafkaError

from services.chassis.adopting import Behind, Plan, carry_out, make_plan
from services.chassis.contract import ContractError
from services.chassis.database import create_engine
from services.chassis.owntopic import OwnTopic, marks_of
from services.chassis.run import make_runtime
from services.chassis.settings import ConfigurationError

# As for migrations: it may take its time, and two at once wait for one another.
LOCK = sa.text("SELECT pg_advisory_lock(7701002)")
FOUND = sa.text("SELECT EXISTS (SELECT 1 FROM chassis.restored)")


def reconcile(service: str, environment: Mapping[str, str], *, yes: bool) -> Iterator[str]:
    """Say line by line what is to be done, and with `yes` do it.

    Raises ConfigurationError, ContractError, KafkaError and SQLAlchemyError; then nothing was changed.
    """
    _, runtime = make_runtime(service, frozenset(), environment)
    url = environment.get(f"DATABASE_URL_{service.upper()}_OWNER") or runtime.settings.database_url.reveal()
    engine = create_engine(url, application=f"reconcile-{service}", pool_size=2)
    try:
        # What is read from Kafka may take longer than a transaction may idle: each statement on its own.
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        with alone.connect() as each, OwnTopic(runtime.kafka_config(), f"egov.{service}.v1") as topic:
            each.exec_driver_sql("SET lock_timeout = 0")
            each.execute(LOCK)
            marks = marks_of(each)
            ends = topic.ends()
            plan = make_plan(each, service, topic.unlogged(each, marks, ends), ends)
            if not plan.events and not each.execute(FOUND).scalar_one():
                yield f"{service}: the log holds all that the topic does; there is nothing to reconcile"
                return
            yield from describe(service, plan)
            if yes:
                with engine.begin() as connection:
                    carry_out(connection, service, plan)
                yield "done; the service takes changes again within a second"
            else:
                yield "nothing was changed; with --yes this is done"
    finally:
        # Ends the session, and with it the lock.
        engine.dispose()


def describe(service: str, plan: Plan) -> Iterator[str]:
    """The plan as lines of text."""
    yield f"{service}: {len(plan.events)} events stand on the topic and not in the log; they are adopted"
    yield from (f"  {count} {kind}" for kind, count in plan.by_type().items())
    yield f"serial of case numbers: goes on behind {plan.serial}"
    yield f"{len(plan.behind)} rows are behind what was published; they take its version and keep their state"
    yield from (f"  {each.table} {_line(each)}" for each in plan.behind)
    yield f"{len(plan.gone)} aggregates have no row any more"
    yield from (f"  {_line(each)}" for each in plan.gone)
    if plan.twice:
        yield f"{len(plan.twice)} versions were used here again before this was noticed; both events stand on the topic"
        yield from (f"  {key} version {version}" for key, version in plan.twice)
    yield "consumers go on from where this database stood: what they took since is taken again"


def _line(each: Behind) -> str:
    here = f"version {each.here}, published" if each.here else "published version"
    case = f", case {each.case_number}" if each.case_number else ""
    return f"{each.id}: {here} {each.published}{case}: {', '.join(each.types)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 1 when something is away, 2 when the configuration is wrong."""
    parser = argparse.ArgumentParser(prog="services.chassis.reconcile", description=__doc__.splitlines()[0])
    parser.add_argument("service")
    parser.add_argument("--yes", action="store_true", help="do it; without, it is only said")
    given = parser.parse_args(arguments)
    try:
        for line in reconcile(given.service, os.environ, yes=given.yes):
            print(line)
    except (ConfigurationError, ContractError, ModuleNotFoundError) as error:
        print(f"{given.service}: {error}", file=sys.stderr)
        return 2
    except (KafkaError, sa.exc.SQLAlchemyError) as error:
        print(f"{given.service}: nothing was changed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
