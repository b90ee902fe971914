"""Sample rows that the tests of identity share. All people are invented."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from joserfc.jwk import ECKey

from services.identity.domain.members import Member, Registration
from services.identity.domain.organisations import Department, Staff, person_id_of
from services.identity.domain.regions import Region
from services.identity.jose import fit_key
from services.kernel.regions import Level

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)

CITY = Region("371100", Level.CITY, "", "日照市")
COUNTY = Region("371102", Level.COUNTY, "371100", "东港区")
OTHER_COUNTY = Region("371103", Level.COUNTY, "371100", "岚山区")
CLOSED = Region("371101", Level.COUNTY, "371100", "已撤销", valid_until=datetime(2020, 1, 1, tzinfo=UTC))
REGIONS = (CITY, COUNTY, OTHER_COUNTY, CLOSED)

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
        roles=frozenset({"officer", "seat"}),
        email=f"{login}@staff.rizhao.example",
        language="en",
        active=active,
    )


OFFICER = person("officer", MARKET)
FORMER = person("former", MARKET, active=False)
STRANGER = person("stranger", FOREIGN)
STAFF = (OFFICER, FORMER, STRANGER)

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
