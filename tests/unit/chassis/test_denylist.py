"""Who is shut out: known at once where the event was taken, within seconds elsewhere, and with the database away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services.chassis.denylist import NOTED_FOR_S, READ_EVERY_S, DenyList, deny_list
from services.kernel.errors import Kind, Refusal
from services.kernel.ports import Caller
from tests.unit.fakes import WANG, caller

CITIZEN = caller(subject=WANG, client_id="rizhao-ssp")


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class Table:
    """The table in a database of its own, which can be away."""

    def __init__(self) -> None:
        self.engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        self.reads = 0
        with self.engine.begin() as connection:
            connection.execute(sa.text("ATTACH ':memory:' AS chassis"))
            connection.execute(sa.text("CREATE TABLE chassis.denied (kind text, id text)"))
        sa.event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self.reads += 1

    def change(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement))
        self.reads = 0

    def deny(self, kind: str, id: str) -> None:
        self.change(f"INSERT INTO chassis.denied VALUES ('{kind}', '{id}')")


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    made.engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def denials(table: Table, clock: Clock) -> DenyList:
    return DenyList(table.engine, clock)


def reason(denials: DenyList, who: Caller) -> str:
    try:
        denials.demand_allowed(who)
    except Refusal as refusal:
        assert refusal.kind is Kind.UNAUTHENTICATED
        return refusal.reason
    return ""


def test_a_person_and_a_client_are_refused_each_with_a_reason(denials: DenyList, table: Table) -> None:
    assert reason(denials, CITIZEN) == ""
    table.deny("person", WANG)
    fresh = DenyList(table.engine)
    assert reason(fresh, CITIZEN) == "SUBJECT_DISABLED"
    assert reason(fresh, caller(client_id="rizhao-ssp")) == ""
    enterprise = caller(subject=WANG, client_id="rizhao-ssp", enterprise="92371199MAB0000158")
    assert reason(fresh, enterprise) == "SUBJECT_DISABLED", "by its id as holder"
    table.change("DELETE FROM chassis.denied")
    table.deny("client", "rizhao-ssp")
    fresh = DenyList(table.engine)
    assert reason(fresh, CITIZEN) == reason(fresh, caller(client_id="rizhao-ssp")) == "CLIENT_DISABLED"
    assert reason(fresh, caller(subject=WANG, client_id="rizhao-office")) == ""


def test_the_table_is_read_every_five_seconds_and_not_more_often(denials: DenyList, table: Table, clock: Clock) -> None:
    assert reason(denials, CITIZEN) == ""
    table.deny("person", WANG)
    clock.pass_by(READ_EVERY_S - 0.1)
    assert (reason(denials, CITIZEN), table.reads) == ("", 0)
    clock.pass_by(0.1)
    assert [reason(denials, CITIZEN) for _ in range(3)] == ["SUBJECT_DISABLED"] * 3
    assert table.reads == 1


def test_an_event_counts_at_once_and_longer_than_a_table_that_does_not_have_it_yet(
    denials: DenyList, table: Table, clock: Clock
) -> None:
    assert reason(denials, CITIZEN) == ""
    denials.note("person", WANG, denied=True)
    assert reason(denials, CITIZEN) == "SUBJECT_DISABLED"
    clock.pass_by(READ_EVERY_S)
    assert reason(denials, CITIZEN) == "SUBJECT_DISABLED", "its commit was still to come"
    clock.pass_by(NOTED_FOR_S)
    assert reason(denials, CITIZEN) == "", "it was never committed"


def test_one_who_is_let_in_again_is_so_at_once(denials: DenyList, table: Table, clock: Clock) -> None:
    table.deny("person", WANG)
    assert reason(denials, CITIZEN) == "SUBJECT_DISABLED"
    denials.note("person", WANG, denied=False)
    assert reason(denials, CITIZEN) == ""
    table.change("DELETE FROM chassis.denied")
    clock.pass_by(NOTED_FOR_S)
    assert reason(denials, CITIZEN) == ""


def test_while_the_database_is_away_the_list_stays_as_it_was(denials: DenyList, table: Table, clock: Clock) -> None:
    table.deny("person", WANG)
    assert reason(denials, CITIZEN) == "SUBJECT_DISABLED"
    table.change("DROP TABLE chassis.denied")
    clock.pass_by(READ_EVERY_S)
    assert reason(denials, CITIZEN) == "SUBJECT_DISABLED"
    assert reason(denials, caller(client_id="rizhao-office")) == ""


def test_a_list_that_was_never_read_lets_nobody_in(denials: DenyList, table: Table) -> None:
    table.change("DROP TABLE chassis.denied")
    with pytest.raises(Refusal) as refused:
        denials.demand_allowed(CITIZEN)
    assert refused.value.kind is Kind.UNAVAILABLE


def test_who_shows_no_token_is_not_looked_up(denials: DenyList, table: Table) -> None:
    denials.demand_allowed(caller(client_id=None))
    assert table.reads == 0


def test_a_process_has_one_list_for_its_database(table: Table) -> None:
    assert deny_list(table.engine) is deny_list(table.engine)
