"""Certificate identifiers: those in circulation, strict making and parsing, and the diagnosis on intake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import certidentifier
from services.kernel.certidentifier import CertificateIdentifier, Diagnosis, make, parse, read
from services.kernel.errors import Refusal

ROOT = "1.2.156.3005.2"
RIGHT = [
    "11100000000013338W011.11430000006122244L.20230000403.001.U",
    "11100000000013338W011.11430000006122244L.20230000403.002.S",
    "11100000000013338W032.11220000013544541J.2430599.001.F",
    "11100000MB03271699022.340100.000000016.001.9",
    "11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.D",
]
FAULTY = f"{ROOT}.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
NEITHER = f"{ROOT}.11100000000013338W009.11330105002502287C.2025052201.002.0"
FOOD, ISSUER = "11100000MB0328832T014", "11371102MB9961828D"

alphanumeric = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=64)
identifiers = st.builds(make, st.just(FOOD), st.sampled_from([ISSUER, "371102"]), alphanumeric, st.integers(1, 999))


@pytest.mark.parametrize("body", RIGHT)
def test_what_is_in_circulation_is_parsed_and_written_the_same(body: str) -> None:
    text = f"{ROOT}.{body}"
    identifier = parse(text)
    assert str(identifier) == text
    assert make(identifier.type_code, identifier.issuer, identifier.serial, identifier.version) == identifier
    assert read(text) == (Diagnosis.RIGHT, identifier)


def test_a_renewal_keeps_the_serial_and_adds_one() -> None:
    first = parse(f"{ROOT}.{RIGHT[0]}")
    assert str(first.next()) == f"{ROOT}.{RIGHT[1]}"


def test_the_faulty_variant_is_refused_when_strict_and_understood_on_intake() -> None:
    assert certidentifier.broken_rule(FAULTY) == "code_certificate_identifier_check"
    assert read(FAULTY) == (Diagnosis.FAULTY_VARIANT, parse(f"{ROOT}.{RIGHT[4]}"))


def test_what_fits_neither_calculation_is_a_slip_and_means_nothing() -> None:
    assert read(NEITHER) == (Diagnosis.WRONG, None)
    with pytest.raises(Refusal) as refused:
        parse(NEITHER, "certificate")
    assert [(each.field, each.rule) for each in refused.value.violations] == [
        ("certificate", "code_certificate_identifier_check")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ROOT,
        RIGHT[0],
        f"{ROOT}.{RIGHT[0]}".lower(),
        f"{ROOT}.{RIGHT[0]}\n",
        f" {ROOT}.{RIGHT[0]}",
        f"{ROOT}.{RIGHT[0]}".replace(".3005.", "x3005."),
        make(FOOD, ISSUER, "1", 1).__str__().replace(".001.", ".000."),
        f"{ROOT}.{FOOD}.{ISSUER}.1.1.0",
        f"{ROOT}.{FOOD}.12345.1.001.0",
        f"{ROOT}.{FOOD}.{ISSUER}..001.0",
    ],
)
def test_what_is_not_in_the_form_is_no_identifier(text: str) -> None:
    assert certidentifier.broken_rule(text) == "code_certificate_identifier"
    assert read(text) == (Diagnosis.WRONG, None)


@pytest.mark.parametrize(
    ("type_code", "issuer", "serial", "version"),
    [
        ("11100000MB0328832T", ISSUER, "1", 1),
        ("11100000MB0328832T01A", ISSUER, "1", 1),
        (FOOD, "37110", "1", 1),
        (FOOD, ISSUER + "0", "1", 1),
        (FOOD, ISSUER, "", 1),
        (FOOD, ISSUER, "a", 1),
        (FOOD, ISSUER, "1.2", 1),
        (FOOD, ISSUER, "1", 0),
        (FOOD, ISSUER, "1", 1000),
    ],
)
def test_unfit_parts_make_no_identifier(type_code: str, issuer: str, serial: str, version: int) -> None:
    with pytest.raises(ValueError, match="not in its form"):
        make(type_code, issuer, serial, version)


@given(identifiers)
def test_what_is_made_is_parsed(identifier: CertificateIdentifier) -> None:
    assert parse(str(identifier)) == identifier


@given(identifiers, st.data())
def test_a_slip_is_never_taken_for_right(identifier: CertificateIdentifier, data: st.DataObject) -> None:
    text = str(identifier)
    place = data.draw(st.integers(len(ROOT) + 1, len(text) - 1).filter(lambda at: text[at] != "."))
    other = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".replace(text[place], "")))
    assert read(text[:place] + other + text[place + 1 :]).diagnosis is not Diagnosis.RIGHT
