"""Persons and enterprises are registered: what is kept, and who is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from egov.identity.v1 import events_pb2, identity_service_pb2

from services.identity.domain.holders import KINDS, Application, Holder, Numbers
from services.identity.usecases.holders import register_holder
from services.identity.wire import holders as wire
from services.kernel.errors import Kind, Refusal
from tests.unit.fakes import FakeUnitOfWork, caller
from tests.unit.identity.fakes import FakeStore
from tests.unit.identity.samples import APPLICATION, CITIZEN_NUMBER, CREDIT_CODE, NUMBERS, holder


def register(wanted: Application, *, uow: FakeUnitOfWork | None = None, store: FakeStore | None = None) -> Holder:
    uow = uow or FakeUnitOfWork(caller())
    return register_holder(wanted, uow, store or FakeStore(holders=()), NUMBERS, within="3711")


def violations(wanted: Application) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        register(wanted)
    assert refused.value.kind is Kind.INVALID
    assert wanted.number not in repr(refused.value) and wanted.number not in repr(refused.value.violations)
    return [(violation.field, violation.rule) for violation in refused.value.violations]


def test_of_a_number_only_a_hash_and_its_end_are_kept() -> None:
    uow, store = FakeUnitOfWork(caller()), FakeStore(holders=())
    kept = register(APPLICATION, uow=uow, store=store)
    assert store.holders == {kept.holder_id: kept}
    assert (kept.number_tail, kept.number_hash) == ("0000", NUMBERS.hash_of("111", CITIZEN_NUMBER))
    shown = wire.holder(kept)
    for text in (repr(kept), repr(APPLICATION), str(shown), str(uow.events), str(uow.envelopes)):
        assert CITIZEN_NUMBER not in text
    assert "孟" not in repr(kept) and "孟" not in str(uow.events)


def test_the_world_is_told_without_who_it_is() -> None:
    uow = FakeUnitOfWork(caller())
    kept = register(APPLICATION, uow=uow)
    [event] = uow.events
    assert isinstance(event, events_pb2.HolderRegistered)
    assert (event.holder_id, event.version, event.kind_code) == (str(kept.holder_id), 1, "111")
    assert uow.envelopes[0].region == "371102"


def test_a_hash_depends_on_key_kind_and_number() -> None:
    hashes = {
        NUMBERS.hash_of("111", CITIZEN_NUMBER),
        NUMBERS.hash_of("999", CITIZEN_NUMBER),
        NUMBERS.hash_of("111", CREDIT_CODE),
        Numbers(b"another key").hash_of("111", CITIZEN_NUMBER),
    }
    assert len(hashes) == 4


def test_a_number_is_registered_once() -> None:
    store = FakeStore(holders=[holder(9, "111", CITIZEN_NUMBER)])
    with pytest.raises(Refusal, match="HOLDER_EXISTS"):
        register(APPLICATION, store=store)
    register(replace(APPLICATION, kind_code="999"), store=store)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind_code": "112"}, [("kind_code", "HOLDER_KIND_UNKNOWN")]),
        ({"number": "371199190001010001"}, [("number", "code_citizen_number_check")]),
        ({"number": "37119919000230000X"}, [("number", "code_citizen_number_date")]),
        ({"number": CREDIT_CODE}, [("number", "code_citizen_number")]),
        ({"kind_code": "001", "number": CREDIT_CODE + "0"}, [("number", "code_social_credit_code")]),
        ({"kind_code": "414", "number": "e 1"}, [("number", "NUMBER_UNFIT")]),
        ({"region": "379999"}, [("region", "REGION_UNKNOWN")]),
        ({"region": "371101"}, [("region", "REGION_CLOSED")]),
        ({"kind_code": "1", "region": ""}, [("kind_code", "HOLDER_KIND_UNKNOWN"), ("region", "REGION_UNKNOWN")]),
    ],
    ids=repr,
)
def test_everything_that_is_wrong_is_said(changes: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert violations(replace(APPLICATION, **changes)) == expected


def test_a_wrong_check_character_of_an_enterprise_only_flags() -> None:
    assert not register(replace(APPLICATION, kind_code="001", number=CREDIT_CODE)).number_doubtful
    doubtful = register(replace(APPLICATION, kind_code="001", number=CREDIT_CODE[:-1] + "0"))
    assert doubtful.number_doubtful and wire.holder(doubtful).number_doubtful


def test_only_some_kinds_are_natural_persons() -> None:
    assert sorted(code for code, natural in KINDS.items() if not natural) == ["001", "099"]


def test_a_holder_is_told_in_chinese_unless_another_language_is_asked_for() -> None:
    request = identity_service_pb2.RegisterHolderRequest(kind_code="111", number=CITIZEN_NUMBER)
    assert wire.application(request).language == "zh-CN"
    request.language = "en"
    assert wire.application(request).language == "en"
