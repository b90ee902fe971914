"""Check characters: codes in real use, and the slips that a check character exists for."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.kernel import checks

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_CODES = ["91350100M000100Y43", "91110000101623741K", "911101066976941872", "11100000000013338W"]
CITIZEN = "11010519491231002X"
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

# Certificate identifiers in circulation, without root and dots, and their check characters.
IDENTIFIERS = [
    ("11100000000013338W011.11430000006122244L.20230000403.001", "U"),
    ("11100000000013338W011.11430000006122244L.20230000403.002", "S"),
    ("11100000000013338W032.11220000013544541J.2430599.001", "F"),
    ("11100000MB03271699022.340100.000000016.001", "9"),
    ("11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001", "D"),
]

alphanumeric = st.text(ALPHANUMERIC, min_size=1, max_size=60)


@pytest.mark.parametrize(("identifier", "check"), IDENTIFIERS)
def test_mod37_36_of_identifiers_in_circulation(identifier: str, check: str) -> None:
    assert checks.mod37_36(identifier.replace(".", "")) == check


def test_the_example_of_another_user_of_the_same_system() -> None:
    """The Global Release Identifier (GRid) of the recording industry is published with A1-2425G-ABC1234002-M."""
    assert checks.mod37_36("A12425GABC1234002") == "M"


def test_an_identifier_in_circulation_that_fits_neither_variant() -> None:
    """Published with 0. So intake needs a third answer beside right and right under the faulty variant."""
    identifier = "11100000000013338W009.11330105002502287C.2025052201.002".replace(".", "")
    assert (checks.mod37_36(identifier), checks.mod37_36_faulty(identifier)) == ("4", "3")


def test_the_faulty_variant_gives_what_is_in_circulation() -> None:
    identifier = IDENTIFIERS[-1][0].replace(".", "")
    assert checks.mod37_36_faulty(identifier) == "M"


@given(alphanumeric)
def test_the_faulty_variant_always_gives_a_character(text: str) -> None:
    assert checks.mod37_36_faulty(text) in ALPHANUMERIC


@given(alphanumeric, st.data())
def test_mod37_36_finds_every_changed_character(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHANUMERIC.replace(text[place], "")))
    assert checks.mod37_36(text[:place] + other + text[place + 1 :]) != checks.mod37_36(text)


def test_mod37_36_finds_nearly_all_swapped_neighbours() -> None:
    """A hybrid system misses the swap of a few pairs, which pairs depends on what stands before them."""
    pairs = [(left, right) for left in ALPHANUMERIC for right in ALPHANUMERIC if left < right]
    missed = [
        pair for pair in pairs if checks.mod37_36("37{}{}1".format(*pair)) == checks.mod37_36("37{1}{0}1".format(*pair))
    ]
    assert len(missed) <= len(pairs) // 100


@pytest.mark.parametrize("text", ["a", "3711-02", "I ", "１", "é"])
@pytest.mark.parametrize("function", [checks.mod37_36, checks.mod37_36_faulty])
def test_other_characters_are_refused(function: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        function(text)


def test_a_right_citizen_number() -> None:
    assert checks.citizen_number(CITIZEN) == []


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("", ["code_citizen_number"]),
        ("11010519491231002", ["code_citizen_number"]),
        ("11010519491231002x", ["code_citizen_number"]),
        ("11010519491231002X\n", ["code_citizen_number"]),
        ("010105194912310021", ["code_citizen_number"]),
        ("１1010519491231002X", ["code_citizen_number"]),
        ("110105491231002", ["code_citizen_number"]),
        ("110105194912310021", ["code_citizen_number_check"]),
        ("11010519490231002X", ["code_citizen_number_date", "code_citizen_number_check"]),
        ("110105000012310025", ["code_citizen_number_date", "code_citizen_number_check"]),
    ],
)
def test_wrong_citizen_numbers_name_their_rules(text: str, broken: list[str]) -> None:
    assert checks.citizen_number(text) == broken


def test_a_birth_after_today_is_impossible() -> None:
    assert checks.citizen_number(CITIZEN, today=date(1949, 12, 31)) == []
    assert checks.citizen_number(CITIZEN, today=date(1949, 12, 30)) == ["code_citizen_number_date"]


def citizen_check(body: str) -> str:
    return "10X98765432"[sum(w * int(d) for w, d in zip(CITIZEN_WEIGHTS, body, strict=True)) % 11]


@st.composite
def citizen_numbers(draw: st.DrawFn) -> str:
    """Invented numbers with a right check character. The serial 000 is never given out, so no person has one."""
    region = draw(st.integers(110000, 999999))
    born = draw(st.dates(date(1000, 1, 1), date(2026, 1, 1)))
    body = f"{region}{born:%Y%m%d}000"
    return body + citizen_check(body)


@given(citizen_numbers(), st.data())
def test_a_changed_digit_is_found(number: str, data: st.DataObject) -> None:
    assert checks.citizen_number(number) == []
    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from("0123456789".replace(number[place], "")))
    assert checks.citizen_number(number[:place] + other + number[place + 1 :]) != []


@given(citizen_numbers(), st.integers(0, 16))
def test_swapped_neighbours_are_found(number: str, place: int) -> None:
    left, right = number[place], number[place + 1]
    assume(left != right)
    assert checks.citizen_number(number[:place] + right + left + number[place + 2 :]) != []


@pytest.mark.parametrize("code", CREDIT_CODES)
def test_social_credit_codes_of_real_bodies(code: str) -> None:
    assert checks.social_credit_code(code) == (True, True)


def test_a_real_firm_fails_the_check_character() -> None:
    assert checks.social_credit_code("91350211M0000XUF46") == (True, False)


@pytest.mark.parametrize(
    "text", ["", "9111000010162374", "91110000101623741k", "9111000O101623741K", "91110000101623741I "]
)
def test_social_credit_codes_of_wrong_form(text: str) -> None:
    assert checks.social_credit_code(text) == (False, False)


@given(st.sampled_from(CREDIT_CODES), st.data())
def test_a_changed_character_of_a_credit_code_is_flagged(code: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from(CREDIT_ALPHABET.replace(code[place], "")))
    assert checks.social_credit_code(code[:place] + other + code[place + 1 :])[1] is False


@given(st.sampled_from(CREDIT_CODES), st.integers(0, 16))
def test_swapped_neighbours_of_a_credit_code_are_flagged(code: str, place: int) -> None:
    left, right = code[place], code[place + 1]
    assume(left != right)
    assert checks.social_credit_code(code[:place] + right + left + code[place + 2 :])[1] is False


def test_uuids() -> None:
    assert checks.is_uuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    for wrong in ("", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e279b07cc398c4dc0c0c07398f", "x" * 36):
        assert not checks.is_uuid(wrong)


def test_department_codes() -> None:
    for right in ("371102-SCJG", "371100-YJJ", "371102001001-HB", "371102001001001-ABCDEFGH"):
        assert checks.is_department(right)
    for wrong in ("", "371102", "371102-S", "371102-scjg", "3711020-SCJG", "371102-ABCDEFGHI", "371102-SCJG\n"):
        assert not checks.is_department(wrong)
