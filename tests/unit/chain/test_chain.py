"""The picture and the table of the chain, on a made-up backbone of a shop, a store and a bell."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest
from egov.common.v1 import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from deploy.chain.picture import draw
from deploy.chain.reading import Chain, assemble, first_sentence
from deploy.chain.rows import Row, Section, lanes, sections
from deploy.chain.table import page
from services.chassis.entrypoints import BEGINNING, on

KNOWN_AS = {"bell": "铃", "store": "仓", "shop": "店"}
NO_PHASE = options_pb2.CASE_PHASE_UNSPECIFIED
EVENTS = {
    "Ordered": options_pb2.CASE_PHASE_OPENS,
    "Paid": NO_PHASE,
    "Left": options_pb2.CASE_PHASE_CLOSES,
    "Shut": NO_PHASE,
    "Asked": options_pb2.CASE_PHASE_OPENS,
}
OWN_CASE_ONLY = {"Asked"}


@cache
def file_of(package: str) -> Any:
    """A contract of one service: every event of EVENTS, and one method that the shop may ask for."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"chain/{package}.proto", package=f"chain.{package}.v1", syntax="proto3"
    )
    file.dependency.append("egov/common/v1/options.proto")
    for name, phase in EVENTS.items():
        message = file.message_type.add(name=name)
        message.options.Extensions[options_pb2.event].case_phase = phase
        message.options.Extensions[options_pb2.event].own_case_only = name in OWN_CASE_ONLY
        for number, part in enumerate(("AGGREGATE_ID", "AGGREGATE_VERSION"), 1):
            kind = FieldDescriptorProto.TYPE_STRING if number == 1 else FieldDescriptorProto.TYPE_INT64
            field = message.field.add(name=f"f{number}", number=number, type=kind, label=1)
            field.options.Extensions[options_pb2.envelope] = options_pb2.EnvelopePart.Value(f"ENVELOPE_PART_{part}")
    method = file.service.add(name="Service").method.add(name="Look")
    method.input_type = method.output_type = f".chain.{package}.v1.Paid"
    method.options.idempotency_level = MethodOptions.NO_SIDE_EFFECTS
    method.options.Extensions[options_pb2.access].inward.services.append("shop" if package == "store" else "nobody")
    return descriptor_pool.Default().AddSerializedFile(file.SerializeToString())


def event(package: str, name: str) -> type[Message]:
    kind: type[Message] = GetMessageClass(file_of(package).message_types_by_name[name])
    return kind


def contract(package: str) -> Any:
    return file_of(package).services_by_name["Service"]


class Shop:
    contract = contract("shop")

    @on(event("store", "Left"), id="leaving", start=BEGINNING)
    def left(self, event: Message, call: Any) -> None:
        """Sends the bill. Twice if need be."""


class Store:
    contract = contract("store")

    @on(event("shop", "Paid"), id="packing", start=BEGINNING)
    def paid(self, event: Message, call: Any) -> None:
        """Packs the box."""


class Bell:
    contract = contract("bell")

    @on(event("shop", "Ordered"), id="ringing", start=BEGINNING)
    @on(event("shop", "Paid"), id="ringing", start=BEGINNING)
    def rung(self, event: Message, call: Any) -> None:
        """Rings."""


class Closing:
    @on(event("shop", "Shut"), id="closing", start=BEGINNING)
    def shut(self, event: Message, call: Any) -> None:
        """Goes home."""


@pytest.fixture(scope="module")
def chain() -> Chain:
    events = [file_of("shop").message_types_by_name[name] for name in EVENTS]
    events.append(file_of("store").message_types_by_name["Left"])
    said = {"chain.shop.v1.Paid": "It was paid.\nMore of it."}
    return assemble(KNOWN_AS, {"bell": Bell, "store": Store, "shop": Shop}, events, said, shared=Closing)


def rows_of(chain: Chain, heading: str) -> dict[str, Row]:
    found = [section for section in sections(chain) if section.heading.startswith(heading)]
    return {row.label: row for section in found for row in section.rows}


def test_events_have_their_publisher_and_whoever_takes_them(chain: Chain) -> None:
    found = {(each.publisher, each.short): [taking.method for taking in each.takings] for each in chain.events}
    assert found == {
        ("shop", "Ordered"): ["rung"],
        ("shop", "Paid"): ["rung", "paid"],
        ("shop", "Left"): [],
        ("shop", "Shut"): ["shut", "shut", "shut"],
        ("shop", "Asked"): [],
        ("store", "Left"): ["left"],
    }


def test_an_inward_method_is_asked_by_whom_the_contract_names(chain: Chain) -> None:
    assert [(read.method, read.asked, read.askers) for read in chain.reads] == [("Look", "store", ("shop",))]


def test_lanes_follow_the_case_and_who_only_listens_comes_last(chain: Chain) -> None:
    assert lanes(chain) == ["shop", "store", "bell"]


def test_a_reaction_of_its_own_is_a_row_with_its_sentence(chain: Chain) -> None:
    row = rows_of(chain, "A case goes on")["Paid"]
    assert (row.source, row.targets, row.words) == ("shop", ("store",), (("", "Packs the box."),))


def test_a_case_begins_and_ends_with_the_events_that_say_so(chain: Chain) -> None:
    labels = list(rows_of(chain, "A case goes on"))
    assert labels[0] == "Ordered" and labels[-1] == "Left"


def test_what_one_method_takes_without_distinction_is_a_number(chain: Chain) -> None:
    row = rows_of(chain, "People are told")["2 events"]
    assert (row.source, row.targets) == ("shop", ("bell",))


def test_what_every_service_takes_is_one_row(chain: Chain) -> None:
    row = rows_of(chain, "Every service knows")["Shut"]
    assert row.targets == ("bell", "store", "shop")


def test_a_read_goes_from_who_asks_to_who_answers(chain: Chain) -> None:
    row = rows_of(chain, "Asked")["Look"]
    assert row.asks and (row.source, row.targets) == ("store", ("shop",))


def test_the_picture_names_every_row_and_loads_nothing(chain: Chain) -> None:
    svg = draw(lanes(chain), KNOWN_AS, sections(chain))
    words = {element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {row.label for section in sections(chain) for row in section.rows} | {*KNOWN_AS, "店", "仓", "铃"} <= words
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]
    assert svg == draw(lanes(chain), KNOWN_AS, sections(chain))


def test_text_is_escaped_and_long_sentences_are_broken() -> None:
    row = Row("A<B>", "shop", ("bell",), (("bell", "word & " * 40),))
    svg = ElementTree.fromstring(draw(["shop", "bell"], KNOWN_AS, [Section("s", (row,))]))
    lines = [element for element in svg.iter("{http://www.w3.org/2000/svg}text") if element.get("class") == "words"]
    assert len(lines) > 3 and all(len("".join(line.itertext())) < 50 for line in lines)


def test_a_row_without_a_lane_is_an_error() -> None:
    with pytest.raises(ValueError, match="tuple"):
        draw(["shop"], KNOWN_AS, [Section("s", (Row("X", "shop", ("bell",), ()),))])


def test_the_table_says_who_takes_what(chain: Chain) -> None:
    text = page(chain)
    assert "| `Paid` | It was paid. | bell (`ringing`: `rung`)<br>store (`packing`: `paid`) |  |" in text
    assert "| `Ordered`; opens the case |" in text
    assert "| `Asked`; opens the case when shop opened it |" in text
    assert "| `Shut` |  | every service (`closing`: `shut`) |  |" in text
    assert "| `Look` | store | shop |" in text


def test_a_sentence_ends_at_its_full_stop() -> None:
    assert first_sentence("Code a.b of\n it. More.") == "Code a.b of it."
