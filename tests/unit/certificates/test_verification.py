from __future__ import annotations

from dataclasses import replace

from services.certificates import usecases
from services.certificates.domain.reference import PublicField
from services.certificates.domain.states import Status
from services.certificates.domain.verification import Verification, verification
from services.kernel.certidentifier import ROOT, Diagnosis, Reading
from services.kernel.checks import mod37_36_faulty
from tests.unit.certificates.samples import FOOD, PERMIT, SCJG, FakeCertificates, FakeReference, certificate, permit
from tests.unit.fakes import NOW


def verify(text: str, certificates: FakeCertificates) -> Verification:
    return usecases.verify_certificate(certificates, FakeReference(), text, NOW)


def test_anyone_learns_what_the_type_makes_public() -> None:
    issued = certificate()
    assert verify(str(issued.edition.identifier), FakeCertificates(issued)) == Verification(
        check=Diagnosis.RIGHT,
        status=Status.VALID,
        type_code=FOOD.code,
        number=issued.number,
        holder_name="海滨小馆",
        issuer=SCJG,
        valid_until=issued.edition.valid_until,
    )


def test_nobody_learns_more() -> None:
    mine = permit()
    said = verify(str(mine.edition.identifier), FakeCertificates(mine))
    assert said == Verification(check=Diagnosis.RIGHT, status=Status.VALID, type_code=PERMIT.code)
    closed = replace(FOOD, public_fields=frozenset[PublicField]())
    issued = certificate()
    told = verification(Reading(Diagnosis.RIGHT, issued.edition.identifier), issued, closed, NOW)
    assert (told.number, told.holder_name, told.issuer, told.valid_until) == ("", "", "", None)
    assert "海滨" not in repr(verify(str(issued.edition.identifier), FakeCertificates(issued)))


def test_an_earlier_version_is_replaced_and_shows_its_own_validity() -> None:
    first = certificate()
    second = first.renew(FOOD, None, now=NOW)
    said = verify(str(first.edition.identifier), FakeCertificates(second))
    assert (said.status, said.valid_until) == (Status.REPLACED, first.edition.valid_until)


def faulty_check(text: str) -> str:
    return mod37_36_faulty(text.removeprefix(f"{ROOT}.")[:-1].replace(".", ""))


def test_an_identifier_from_a_faulty_implementation_still_finds_its_certificate() -> None:
    issued = certificate(number="JY5")
    text = str(issued.edition.identifier)
    faulty = text[:-1] + faulty_check(text)
    assert faulty != text
    said = verify(faulty, FakeCertificates(issued))
    assert (said.check, said.status) == (Diagnosis.FAULTY_VARIANT, Status.VALID)


def test_a_slip_finds_nothing_and_is_called_a_slip() -> None:
    issued = certificate()
    text = str(issued.edition.identifier)
    slip = text[:-1] + next(each for each in "012" if each not in (text[-1], faulty_check(text)))
    for unknown in ("no identifier", slip):
        assert verify(unknown, FakeCertificates(issued)) == Verification(check=Diagnosis.WRONG)


def test_a_right_identifier_that_nobody_issued_here_is_not_known() -> None:
    unknown = str(certificate().edition.identifier)
    assert verify(unknown, FakeCertificates(certificate())) == Verification(check=Diagnosis.RIGHT)
