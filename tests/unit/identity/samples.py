"""Sample rows that the tests of identity share. All people are invented."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from joserfc.jwk import ECKey

from services.identity.domain.holders import Application, Holder, Numbers
from services.identity.domain.members import Member, Registration
from services.identity.domain.organisations import Department, Role, Secondment, Staff, person_id_of
from services.identity.domain.regions import Region
from services.identity.jose import fit_key
from services.kernel.regions import Level

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)

CITY = Region("371100", Level.CITY, "", "日照市")
COUNTY = Region("371102", Level.COUNTY, "371100", "东港区")
OTHER_COUNTY = Region("371103", Level.COUNTY, "371100", "岚山区")
CLOSED = Region("371101", Level.COUNTY, "371100", "已撤销", valid_until=datetime(2020, 1, 1, tzinfo=UTC))
TOWNSHIP = Region("371102001", Level.TOWNSHIP, "371102", "日照街道")
REGIONS = (CITY, COUNTY, OTHER_COUNTY, CLOSED, TOWNSHIP)

MARKET = Department("371102-SCJG", "371102", "东港区市场监督管理局", "Market Supervision", "scjg@rizhao.example")
HOUSING = Department("371102-ZJJ", "371102", "东港区住房和城乡建设局", "Housing", "zjj@rizhao.example")
FOREIGN = Department("371103-SCJG", "371103", "岚山区市场监督管理局", "Market Supervision", "ls@rizhao.example")
DEPARTMENTS = (MARKET, HOUSING, FOREIGN)


def person(login: str, department: Department, *, active: bool = True) -> Staff:
    return Staff(
        person_id=person_id_of(login, department.code),
        login=login,
        department=department.code,
        region=department.region,
        name="王晓岚（虚构）",
        roles=frozenset({Role("officer", department.region), Role("seat", department.region)}),
        email=f"{login}@staff.rizhao.example",
        language="en",
        active=active,
    )


OFFICER = person("officer", MARKET)
FORMER = person("former", MARKET, active=False)
STRANGER = person("stranger", FOREIGN)
LENT = replace(
    person("lent", FOREIGN),
    roles=frozenset({Role("officer", "371100"), Role("seat", "371103"), Role("coordinator", "371102001")}),
    officer_licence="YL-371103-009",
    secondments=(Secondment(MARKET.code, MARKET.region, NOW - timedelta(days=1), NOW + timedelta(days=1)),),
)
ROLE_SCOPES = {
    "officer": frozenset({"grid.incidents.read", "grid.incidents.handle"}),
    "seat": frozenset({"grid.incidents.file"}),
    "enterprise": frozenset({"grid.incidents.read"}),
}
STAFF = (OFFICER, FORMER, STRANGER, LENT)

MEMBER_KEY = ECKey.generate_key("P-256", private=True)
PUBLIC_KEY = fit_key(json.dumps(MEMBER_KEY.as_dict(private=False))) or ""
SECRET = "k3-made-by-a-machine-0123456789abcdef"

OFFICE = Member(
    client_id="rizhao-office",
    display_name="移动办公（示例）",
    region="371102",
    departments=("371102-SCJG",),
    scopes=("grid.incidents.file", "grid.incidents.read"),
    public_keys=(PUBLIC_KEY,),
    tls_fingerprint="A" * 43,
)
SSP = replace(OFFICE, client_id="rizhao-ssp", departments=(), tls_fingerprint="")

WANTED = Registration(
    client_id="donggang-video",
    display_name="东港视频（示例）",
    region="371102",
    departments=("371102-SCJG", "371102-ZJJ"),
    scopes=("grid.incidents.read", "grid.incidents.file"),
    public_keys=("one key",),
)

NUMBERS = Numbers(b"a key of the tests")
# True in form, and nobody's: the county 371199 does not exist.
CITIZEN_NUMBER = "371199190001010000"
CREDIT_CODE = "92371199MAB0000158"


def holder(last: int, kind_code: str, number: str, *, region: str = "371102", email: str = "") -> Holder:
    return Holder(
        holder_id=UUID(f"019b76da-a800-7000-8000-{last:012}"),
        kind_code=kind_code,
        number_hash=NUMBERS.hash_of(kind_code, number),
        number_tail=number[-4:],
        number_doubtful=False,
        name="孟清和（虚构）",
        region=region,
        registered_at=NOW,
        email=email,
    )


CITIZEN = holder(1, "111", CITIZEN_NUMBER, email="meng@citizens.rizhao.example")
RESTAURANT = holder(2, "001", CREDIT_CODE, email="haiqu@enterprises.rizhao.example")
ELSEWHERE = holder(3, "516", "H00000000", region="371103")
HOLDERS = (CITIZEN, RESTAURANT, ELSEWHERE)

APPLICATION = Application("111", CITIZEN_NUMBER, "孟清和（虚构）", "371102", "meng@citizens.rizhao.example")
